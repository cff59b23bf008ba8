"""Whole files through the real networks."""

import re

import cv2
import numpy as np
import pytest

from src.errors import Cancelled, InputError, MissingFileError
from src.face.averaged_mesh import averaged_mesh
from src.face.face_mesh import region_of_mesh
from src.media import ffmpeg
from src.media.picture import write_picture
from src.motion.measures import fit_pose
from src.training.data import shot as shot_module
from src.training.data.shot import Shot
from src.training.prepare import one_file as module
from src.training.prepare.crop import NOMINAL, SCALE
from src.training.prepare.figures import lip_range, yaw_range
from src.training.prepare.finders import CroppedFaces, open_detector
from src.training.prepare.one_file import Preparer
from src.training.prepare.options import ShotOptions
from src.training.prepare.quality import Reason
from src.training.prepare.records import FolderError, Records
from src.training.prepare.sources import find_sources
from tests.training.prepare.footage import frame, wall, write_video

FULL, CROPPED = ShotOptions(), ShotOptions(cropped=True)


@pytest.fixture(scope="module")
def detectors():
    return {cropped: open_detector(ShotOptions(cropped=cropped)) for cropped in (False, True)}


@pytest.fixture
def prepared(tmp_path, detectors):
    """Prepares the only file of a folder: gives its record and its shots."""

    def run(options: ShotOptions = FULL, stopped=lambda: False, remembered: bool = True):
        folder = tmp_path / "data"
        Records(folder).begin(options, overwrite=True)
        ((source,), _) = find_sources(tmp_path / "in", folder)
        record = Preparer(folder, options, stopped, detectors[options.cropped]).prepare(source)
        assert not list(folder.rglob(".*.part*"))
        assert Records(folder).read(source) == (record if remembered else None)
        return record, [Shot(Records(folder).shot(one.name)) for one in record.shots]

    return run


def cropped(**how) -> np.ndarray:
    """A picture of 288 pixels as the pack has them: the nominal crop in the middle."""
    return np.ascontiguousarray(frame(240, 170, face=112, **how)[10:298, 96:384])


def fits(shot: Shot, detector, index: int) -> float:
    """How far a shot's mesh is from what the network sees in the stored picture, in pixels."""
    picture = shot.picture(index)
    stored = (shot.meshes[index] + [1, 1, 0]) * len(picture) / 2
    (seen,) = detector._detector.mesh.settle(picture, [region_of_mesh(stored.astype(np.float32))])
    return float(np.abs(seen.landmarks[:, :2] - stored[:, :2]).mean())


def test_a_video_of_full_frames(prepared, tmp_path, detectors):
    walk = [frame(240, 160 + 2 * n, turn=10) for n in range(12)]
    write_video(tmp_path / "in/a.mp4", [*walk, wall(), *walk[:9]])
    record, shots = prepared()
    (one, *more) = record.shots
    assert not record.error and record.frames == 22 and one.fps == "25" and one.size == 288
    # The wall is a shot of its own, so that three shots come of it, one of them without a face.
    assert [shot.frames.tolist() for shot in shots] == [list(range(12)), list(range(13, 22))]
    assert record.dropped == {Reason.NO_FACE: 1} and [shot.shot for shot in (one, *more)] == [0, 1]
    assert 90 < one.face_px < 150 and one.yaw_range < 10 and one.lip_range < 0.1 and one.sharpness > 20
    assert max(fits(shots[0], detectors[True], index) for index in (0, 6, 11)) < 0.7
    # All frames are cropped alike: the head goes on moving in the crop, and the turn of all is taken out.
    pose = fit_pose(shots[0].meshes.astype(np.float64))
    moved = (pose.t[11] - pose.t[0])[:2] * one.face_px * SCALE / NOMINAL / 2  # pixels of the frame, in the turned crop
    assert np.abs(moved - [np.sin(np.radians(10)) * 22, np.cos(np.radians(10)) * 22]).max() < 2
    assert abs(np.degrees(np.arctan2(pose.R[:, 0, 1], pose.R[:, 0, 0])).mean()) < 4


def test_crops_that_are_there_already(prepared, tmp_path, detectors):
    write_video(tmp_path / "in/a.mp4", [cropped(turn=n) for n in range(9)])
    record, (shot,) = prepared(CROPPED)
    assert record.kept == 9 and shot.picture(0).shape == (288, 288, 3)
    assert np.abs(shot.picture(3).astype(float) - cropped(turn=3)).mean() < 6
    assert fits(shot, detectors[True], 8) < 0.7
    with_resize, (small,) = prepared(ShotOptions(cropped=True, size=144))
    assert with_resize.shots[0].size == 144 and small.picture(0).shape == (144, 144, 3)
    assert np.abs(small.meshes - shot.meshes).max() < 1e-5


def test_both_ways_agree(prepared, tmp_path):
    write_picture(tmp_path / "in/a.png", frame())
    record, (found,) = prepared()
    assert record.kind == "still" and record.shots[0].fps == "" and len(found) == 1
    meshes, stored = found.meshes, found.picture(0)
    write_picture(tmp_path / "in/a.png", stored)
    _, (again,) = prepared(CROPPED)
    assert np.abs(again.meshes - meshes).max() < 0.03
    assert np.abs(again.picture(0).astype(float) - stored).mean() < 2


@pytest.mark.parametrize("cropping", [False, True])
def test_steady_meshes_are_the_mean_of_several_looks(prepared, tmp_path, detectors, cropping):
    picture = cropped() if cropping else frame()
    write_picture(tmp_path / "in/a.png", picture)
    (one,), (many,) = (prepared(ShotOptions(cropped=cropping, steady=steady))[1] for steady in (False, True))
    (face,) = detectors[cropping].detect(picture)
    change = many.meshes[0] - one.meshes[0]  # in half sides of the stored picture
    wanted = averaged_mesh(detectors[cropping]._detector.mesh, picture, face.landmarks) - face.landmarks  # pixels
    scale = np.linalg.norm(np.diff(one.meshes[0][[33, 263]], axis=0)) / np.linalg.norm(
        np.diff(face.landmarks[[33, 263]], axis=0)
    )
    lengths = (np.linalg.norm(moved[:, :2], axis=1) for moved in (change, wanted * scale))  # the crop is turned upright
    np.testing.assert_allclose(*lengths, atol=1e-5)
    assert np.abs(change).max() > 1e-3


def test_figures_are_those_of_the_stored_meshes(prepared, tmp_path):
    write_video(tmp_path / "in/a.mp4", [frame(240 + n, turn=n) for n in range(9)])
    record, (shot,) = prepared()
    assert record.shots[0].yaw_range == yaw_range(shot.meshes)
    assert record.shots[0].lip_range == lip_range(shot.meshes)


def test_several_faces(prepared, tmp_path):
    two = cv2.hconcat([frame(face=100), frame(face=130)])
    write_picture(tmp_path / "in/two.png", two)
    record, _ = prepared(ShotOptions(faces=2))
    assert [shot.shot for shot in record.shots] == [0, 1] and not record.dropped
    assert sorted(shot.person for shot in record.shots) == [0, 1]
    alone, _ = prepared()
    assert len(alone.shots) == 1
    assert alone.shots[0].face_px == pytest.approx(max(shot.face_px for shot in record.shots), rel=0.02)


def test_a_turned_video_stands_upright(prepared, tmp_path):
    lying = write_video(tmp_path / "lying.mp4", [np.rot90(frame()) for _ in range(8)])
    (tmp_path / "in").mkdir()
    ffmpeg.run(["-display_rotation", "-90", "-i", str(lying), "-c", "copy", str(tmp_path / "in/a.mp4")])
    record, shots = prepared(ShotOptions(upright=False))
    assert record.kept == 8
    eyes = shots[0].meshes[0, 263] - shots[0].meshes[0, 33]
    assert abs(np.degrees(np.arctan2(eyes[1], eyes[0]))) < 8


def test_most_frames_of_a_long_clip(prepared, tmp_path):
    write_video(tmp_path / "in/a.mp4", [frame() for _ in range(20)])
    record, (shot,) = prepared(ShotOptions(max_frames=3))
    assert shot.frames.tolist() == [0, 7, 14] and record.dropped == {Reason.THINNED: 17}
    record, shots = prepared(ShotOptions(longest=8, least_frames=5))
    assert [shot.frames.tolist() for shot in shots] == [list(range(8)), list(range(8, 16))]
    assert record.dropped == {Reason.SHORT: 4}


@pytest.mark.parametrize(
    ("write", "options", "message"),
    [
        (lambda path: path.with_suffix(".mp4").write_bytes(b"\0\0\0\x20ftypisom" + b"\0" * 600), {}, "damaged"),
        (lambda path: path.with_suffix(".jpg").write_bytes(b"\xff\xd8\xff" + b"\0" * 600), {}, "damaged"),
        (lambda path: write_picture(path.with_suffix(".png"), frame()), {"cropped": True}, "480x360 .* must be square"),
    ],
)
def test_files_that_cannot_be_used_are_remembered(prepared, tmp_path, write, options, message):
    (tmp_path / "in").mkdir()
    write(tmp_path / "in/a")
    record, shots = prepared(ShotOptions(**options))
    assert not shots and re.search(message, record.error)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError("no room"),
        MissingFileError("'a.png' does not exist"),
        RuntimeError("a fault in a decoder"),
        InputError("'a.png' cannot be read: Input/output error"),
    ],
)
def test_what_is_no_fault_of_the_content_is_not_remembered(prepared, tmp_path, monkeypatch, error):
    def fail(source):
        error.__cause__ = OSError(5, "Input/output error") if isinstance(error, InputError) else None
        raise error

    write_picture(tmp_path / "in/a.png", frame())
    monkeypatch.setattr(module, "open_media", fail)
    record, shots = prepared(remembered=False)
    assert str(error) in record.error and "next run" in record.error and not shots
    monkeypatch.undo()
    assert not prepared()[0].error


def test_an_error_on_the_way_leaves_no_shots(prepared, tmp_path, monkeypatch):
    write_video(tmp_path / "in/a.mp4", [frame() for _ in range(20)])
    calls = []

    def fails_later(*args):
        calls.append(args)
        if len(calls) > 12:
            raise RuntimeError("a fault")
        return look_at(*args)

    look_at = module.look_at
    monkeypatch.setattr(module, "look_at", fails_later)
    record, _ = prepared(ShotOptions(longest=9), remembered=False)
    assert "a fault" in record.error and not list((tmp_path / "data/shots").iterdir())


def test_the_side_of_cropped_pictures_is_remembered(prepared, tmp_path):
    write_picture(tmp_path / "in/a.png", cv2.resize(cropped(), (512, 512)))
    assert prepared(CROPPED)[0].side == 512


def test_warnings_go_into_the_record(prepared, tmp_path, caplog):
    path = write_video(tmp_path / "in/a.mp4", [frame(240 + n) for n in range(12)])
    content = bytearray(path.read_bytes())
    content[-800:] = b"\xff" * 800  # of the last frames: the first one takes up most of the file
    path.write_bytes(content)
    record, _ = prepared()
    assert not record.error and not caplog.records
    assert record.messages and all("in/a.mp4" in message for message in record.messages)


def test_stopped_in_the_middle(prepared, tmp_path):
    write_video(tmp_path / "in/a.mp4", [frame() for _ in range(12)])
    asked = iter([False] * 6 + [True])
    with pytest.raises(Cancelled):
        prepared(stopped=lambda: next(asked))
    assert not list((tmp_path / "data/shots").iterdir())


def test_a_full_disk_ends_the_run(prepared, tmp_path, monkeypatch):
    def full(tensors, file, metadata):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shot_module, "save_file", full)
    write_picture(tmp_path / "in/a.png", frame())
    with pytest.raises(FolderError, match="No space left"):
        prepared()


def test_a_crop_without_a_face(detectors):
    assert isinstance(detectors[True], CroppedFaces)
    assert detectors[True].detect(np.full((288, 288, 3), 90, np.uint8)) == []
    assert len(detectors[True].detect(cropped())) == 1
