import numpy as np
import pytest
import torch

from src.pipeline.clip_motion import ClipMotion, motion_of_record, motion_of_views, with_ratios
from src.pipeline.face_record import FaceRecord

from .fakes import MeshDetector, face_in, levels_of, motion_of
from .scenes import grey


def place(face):
    return np.zeros(4)


def record_of(engine, levels):
    record = FaceRecord(engine, place)
    for index, level in enumerate(levels):
        if level:
            record.add(index, face_in(grey(level)))
    return record


def views_of(levels, size=64):
    return ((index, grey(level, size, size)) for index, level in enumerate(levels) if level)


@pytest.mark.parametrize(
    ("shown", "held", "bridged"),
    [
        ([50, 60], [50, 60], [50, 60]),
        ([0, 0, 50, 60], [50, 50, 50, 60], [50, 50, 50, 60]),
        ([50, 0, 0, 80], [50, 50, 50, 80], [50, 60, 70, 80]),
        ([50, 80, 0], [50, 80, 80], [50, 80, 80]),
        ([0, 50, 0, 70, 0, 0, 40, 0], [50, 50, 50, 70, 70, 70, 40, 40], [50, 50, 60, 70, 60, 50, 40, 40]),
    ],
)
def test_gaps(engine, shown, held, bridged):
    found = motion_of_views(views_of(shown), record_of(engine, shown), engine, None)
    assert found.frames.tolist() == np.flatnonzero(shown).tolist()
    assert found.shown(len(shown)).tolist() == [level > 0 for level in shown]
    for how, expected in (("hold", held), ("interpolate", bridged)):
        filled = found.filled(len(shown), how)
        assert levels_of(filled) == pytest.approx(expected, abs=0.01)
        assert len(filled.lip_ratio) == len(shown)


def test_without_a_gap_nothing_is_copied(engine):
    found = motion_of_views(views_of([50, 60]), record_of(engine, [50, 60]), engine, None)
    assert found.filled(2, "hold") is found.motion


@pytest.mark.parametrize(("asked", "sizes"), [(None, [4, 4, 2]), (3, [3, 3, 3, 1]), (64, [10])])
def test_batches(engine, asked, sizes):
    levels = list(range(20, 30))
    found = motion_of_views(views_of(levels), record_of(engine, []), engine, asked)
    assert [n for what, n in engine.events if what == "prepare"] == sizes
    assert levels_of(found.motion) == pytest.approx(levels, abs=0.01)
    assert found.motion.eye_ratio is None  # nothing was tracked


def test_frames_in_which_the_engine_finds_no_face_are_gaps(engine):
    """The engine looks for the face itself, and what was tracked stays with its own frame."""
    shown = [40, 90, 0, 120, 200]
    record_motion = engine.record_motion

    def picky():
        recorder = record_motion()
        add = recorder.add

        def add_some(pictures):
            seen = pictures.mean(dim=(1, 2, 3)) * 255 > 100
            before = list(recorder.shown)
            add(pictures[seen])
            recorder.shown = before + seen.tolist()

        recorder.add = add_some
        return recorder

    engine.record_motion = picky
    found = motion_of_views(views_of(shown), record_of(engine, shown), engine, None)
    assert found.frames.tolist() == [3, 4] and levels_of(found.motion) == pytest.approx([120, 200], abs=0.01)
    np.testing.assert_allclose(found.motion.lip_ratio, record_of(engine, shown).ratios[-2:, 2:])


@pytest.mark.parametrize("many", [False, True])
def test_meshes(engine, many):
    engine.reads_meshes = True
    record = FaceRecord(engine, place)
    faces = [MeshDetector().find(grey(100, size, size))[0] for size in (60, 80, 100)]
    for index, face in zip((1, 2, 4), faces, strict=True):
        record.add(index, face)
    zoom = np.diag([2.0, 2.0, 1.0])
    found = motion_of_record(record, np.stack([zoom] * 3) if many else zoom)
    widths = [np.ptp(face.landmarks[:, 0]) * 2 / 512 for face in faces]
    np.testing.assert_allclose(found.motion.t[:, 0], widths, rtol=1e-6)
    assert found.frames.tolist() == [1, 2, 4] and found.motion.eye_ratio.shape == (3, 2)


def test_with_ratios():
    bare = motion_of(torch.tensor([0.1, 0.2]))
    motion = with_ratios(bare, np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], np.float32))
    assert motion.eye_ratio.tolist() == pytest.approx(np.array([[0.1, 0.2], [0.4, 0.5]]))
    assert (
        motion.lip_ratio[:, 0].tolist() == pytest.approx([0.3, 0.6]) and motion.t is bare.t and bare.lip_ratio is None
    )


def test_shown_at_the_ends():
    found = ClipMotion(motion_of(torch.tensor([0.1])), np.array([2]))
    assert found.shown(4).tolist() == [False, False, True, False] and len(found.filled(4, "interpolate")) == 4
