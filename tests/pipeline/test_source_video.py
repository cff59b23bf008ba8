"""Faces of a source video: every frame with its own place, whatever the frames around it show."""

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, NoFaceError
from src.face.boxes import box_of
from src.face.crop import Square, resize_source, square_matrix
from src.face.face import Face, Scheme
from src.motion.steady import steady_squares
from src.pipeline.framing import Framing
from src.pipeline.progress import silent
from src.pipeline.source_video import FINDING, READING, moving_portraits
from tests.face.goldens import assert_close, assert_picture, load

from .fakes import FakeDetector, MeshDetector, face_in, levels_of
from .scenes import clip_of, grey, people


class Scripted(FakeDetector):
    """Finds given points in each frame in turn; None is no face."""

    def __init__(self, points):
        super().__init__()
        self._points = iter(points)

    def detect(self, rgb):
        points = next(self._points)
        return [] if points is None else [Face(box_of(points), 0.9, points, Scheme.LMK203)]

    def follow(self, rgb, previous):
        return None


@pytest.fixture
def read(engine, detector):
    def read(frames, detector=detector, progress=silent, **options):
        framing = Framing.of(ArgumentConfig(**options), engine)
        return moving_portraits(clip_of(frames), engine, framing, detector, progress)

    return read


def walking(*levels):
    """A square that moves to the right by 4 px a frame; black frames at level 0."""
    return [people(level, 0, shift=4 * k) for k, level in enumerate(levels)]


def middle_of(portrait, frames, index):
    """The column around which a frame is pasted."""
    (paste_back,) = portrait.views([index], [frames[index]]).paste_backs
    return float(np.flatnonzero(paste_back.mask().any(axis=0)).mean())


# Places and motion ----------------------------------------------------------------------------------------------------


def test_every_frame(read, engine):
    frames = walking(60, 70, 80, 90, 100)
    (portrait,), n_frames = read(frames)
    assert n_frames == 5 and portrait.n_missing == 0 and portrait.shown(0, 5) == [0, 1, 2, 3, 4]
    assert levels_of(portrait.motion) == pytest.approx([60, 70, 80, 90, 100], abs=0.5)
    np.testing.assert_allclose(portrait.motion.lip_ratio[:, 0] * 255, [60, 70, 80, 90, 100], atol=1)
    for index in range(5):
        assert middle_of(portrait, frames, index) == pytest.approx(48 + 4 * index, abs=1)


GOLDEN = load("cropper")
ROLLED = [np.roll(GOLDEN["img0"], (2 * i, 3 * i), (0, 1)) for i in range(5)]


def matrices_of(portrait):
    return np.stack([np.linalg.inv(portrait._framing.matrix(place)) for place in portrait._places])


def test_golden_places(read):
    (portrait,), _ = read(ROLLED, Scripted(GOLDEN["lm203"]))
    assert_close(matrices_of(portrait), GOLDEN["srcvid_M_c2o"], "matrix")
    views = portrait.views([0, 1, 2, 3, 4], ROLLED)
    for preview, wanted in zip(views.previews, GOLDEN["srcvid_crop"], strict=True):
        assert_picture(resize_source(preview)[::8, ::8], wanted)


def test_frames_before_the_first_face_shift_nothing(read):
    """Quirk Q14: the official program has three results here, and pastes that of frame 2 into frame 0."""
    assert GOLDEN["srcvid_miss2_n"] == 3
    (portrait,), n_frames = read(ROLLED, Scripted([None, None, *GOLDEN["lm203"][2:]]))
    assert n_frames == 5 and portrait.shown(0, 5) == [2, 3, 4] and portrait.n_missing == 2
    assert_close(matrices_of(portrait)[2:], GOLDEN["srcvid_miss2_M_c2o"], "matrix")
    assert_close(matrices_of(portrait)[2:], GOLDEN["srcvid_M_c2o"][2:], "matrix")


@pytest.mark.parametrize("gap", [slice(0, 2), slice(3, 5), slice(4, 7), slice(1, 6)])
def test_a_gap_shifts_nothing(read, gap):
    """Places and motion of all other frames are those of the unbroken clip; in between they are bridged."""
    frames = walking(60, 70, 80, 90, 100, 110, 120)
    broken = [np.zeros_like(frame) if k in range(*gap.indices(7)) else frame for k, frame in enumerate(frames)]
    ((whole,), _), ((portrait,), n_frames) = read(frames), read(broken)
    seen = [k for k in range(7) if k not in range(*gap.indices(7))]
    assert n_frames == 7 and portrait.shown(0, 7) == seen and len(portrait.motion) == 7
    assert torch.equal(portrait.motion.t[seen], whole.motion.t[seen])
    np.testing.assert_array_equal(portrait._places[seen], whole._places[seen])
    if gap.start > 0 and gap.stop < 7:
        np.testing.assert_allclose(portrait._places, whole._places, atol=0.01)  # it walks evenly
        assert levels_of(portrait.motion) == pytest.approx([60, 70, 80, 90, 100, 110, 120], abs=0.5)


def test_angles_take_the_short_way(read):
    """A face that is turned by half a turn, seen a little to either side of it."""

    def turned(degrees):
        points, angle = face_in(grey(100)).landmarks, np.radians(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        return ((points - 64) @ turn + 64).astype(np.float32)

    (portrait,), _ = read([grey(100)] * 3, Scripted([turned(170), None, turned(-170)]))
    angles = np.degrees(portrait._places[:, 3])
    assert np.abs(np.abs(angles) % 360 - 180).max() < 15
    assert abs(angles[1]) % 360 == pytest.approx(180, abs=2)


def test_steadying_the_places_is_asked_for(read):
    frames = [people(100, 0, shift=8 + 2 * (-1) ** k) for k in range(30)]
    ((plain,), _), ((steadied,), _) = read(frames), read(frames, smooth=True)
    np.testing.assert_allclose(steadied._places, steady_squares(plain._places, 25), atol=1e-6)
    assert plain._places[:, 0].std() > 3 * steadied._places[:, 0].std()


def test_meshes_are_read_in_the_crop_of_their_own_frame(read, engine):
    """An engine that reads meshes sees no picture before the networks run; the second frame shows no face."""
    engine.reads_meshes = True
    frames = [grey(level, size, size) for level, size in ((100, 60), (0, 60), (100, 90))]
    frames = [np.pad(frame, ((0, 100 - len(frame)), (0, 100 - len(frame)), (0, 0))) for frame in frames]
    (portrait,), _ = read(frames, MeshDetector())
    assert engine.events == [("meshes", 2)]
    framing = portrait._framing
    faces = [MeshDetector().find(frame)[0] for frame in (frames[0], frames[2])]
    zooms = [512 / framing.place(face, still=False)[2] for face in faces]
    widths = [np.ptp(face.landmarks[:, 0]) * zoom / 512 for face, zoom in zip(faces, zooms, strict=True)]
    np.testing.assert_allclose(portrait.motion.t[[0, 2], 0], widths, rtol=1e-4)


# Several faces --------------------------------------------------------------------------------------------------------

CROWD = [(60, 120, 90), (65, 120, 95), (70, 120, 100), (75, 120, 105), (80, 120, 110)]


@pytest.mark.parametrize(
    ("faces", "columns"), [("largest", [1]), ("all", [0, 1, 2]), ("2", [2]), ("2,0", [2, 0]), ("1,2", [1, 2])]
)
def test_the_choice_of_faces(read, faces, columns):
    portraits, n_frames = read([people(*levels) for levels in CROWD], faces=faces)
    assert n_frames == 5
    for portrait, column in zip(portraits, columns, strict=True):
        assert levels_of(portrait.motion) == pytest.approx([levels[column] for levels in CROWD], abs=0.5)


def test_every_face_has_gaps_of_its_own(read):
    frames = [people(*levels) for levels in CROWD]
    frames[1], frames[3] = people(65, 0, 95), people(0, 120, 105)
    left, middle, right = read(frames, faces="all")[0]
    assert [portrait.shown(0, 5) for portrait in (left, middle, right)] == [[0, 1, 2, 4], [0, 2, 3, 4], [0, 1, 2, 3, 4]]
    assert levels_of(left.motion) == pytest.approx([60, 65, 70, 75, 80], abs=0.5)


def test_fewer_faces_than_asked_for(read):
    with pytest.raises(InputError, match="--faces asks for face 3, but the source 'c' shows 3 faces"):
        read([people(*levels) for levels in CROWD], faces="3")


# Whole frames, no faces -----------------------------------------------------------------------------------------------


def test_no_face(read):
    with pytest.raises(NoFaceError, match="no face found in the source 'c': give a video"):
        read([grey(0)] * 3)


def test_whole_frames(read, engine):
    frames = [grey(level, 60, 40) for level in (60, 70)]
    (portrait,), _ = read(frames, flag_do_crop=False)
    assert portrait._places is None and levels_of(portrait.motion) == pytest.approx([60, 70], abs=0.01)
    (black,), n_frames = read([grey(0)] * 3, flag_do_crop=False)  # the engine makes of them what it can
    assert n_frames == 3 and black.shown(0, 3) == [0, 1, 2] and black.motion.lip_ratio is None


def test_one_frame(read):
    (portrait,), n_frames = read(walking(60))
    assert n_frames == 1 and len(portrait.motion) == 1 and portrait.shown(0, 1) == [0]
    (steadied,), _ = read(walking(60), smooth=True)
    np.testing.assert_allclose(steadied._places, portrait._places)


def test_no_pass_keeps_the_frames(read, engine, detector):
    read([people(60 + k, 0) for k in range(60)], batch_size=3)
    assert detector.calls == 60 and detector.most_held <= 3
    assert max(n for what, n in engine.events if what == "prepare") == 3


def test_progress(read):
    reports = []
    read(walking(60, 70, 80), progress=lambda *report: reports.append(report))
    for stage in (FINDING, READING):
        assert [done for name, done, total in reports if name == stage and total == 3] == [0, 1, 2, 3, 3]


def test_a_place_is_a_square(read):
    (portrait,), _ = read(walking(60, 70))
    square = Square.from_row(portrait._places[1])
    np.testing.assert_array_equal(portrait._framing.matrix(portrait._places[1]), square_matrix(square, dsize=512))
