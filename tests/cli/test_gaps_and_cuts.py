"""Clips that do not show a face in every frame, or not always the same one."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from .odd_media import driver_frames, nobody, on_wall, portrait, write_clip
from .sightings import TURN, difference, face_near, faces, frames_of
from .whole import error_of


def gaps(face: np.ndarray, other: np.ndarray) -> list[np.ndarray]:
    wall = nobody(face.shape[1::-1])
    return [wall, face, wall, other, wall]


@pytest.mark.parametrize("on_missing", ["hold", "interpolate"])
def test_driver_with_gaps(run_odd, on_missing):
    write_clip(Path("gaps.mp4"), gaps(*driver_frames()))
    code, _, err = run_odd("portrait.png", "gaps.mp4", output="r.mp4", concat=False, on_missing=on_missing)
    assert code == 0 and "3 of 5 frames of the driving 'gaps.mp4' show no face" in err
    results = frames_of("r.mp4")
    yaws = [face_near(frame).yaw for frame in results]
    assert yaws[3] - yaws[1] == pytest.approx(TURN, abs=8)
    between = (yaws[2] - yaws[1]) / (yaws[3] - yaws[1])
    assert between == pytest.approx(0 if on_missing == "hold" else 0.5, abs=0.2)
    held = [(0, 1), (3, 4), *([(1, 2)] if on_missing == "hold" else [])]
    for first, second in pairwise(range(5)):
        assert (difference(results[first], results[second]) < 1) == ((first, second) in held)


def test_driver_with_gaps_that_must_not_be(run_odd):
    write_clip(Path("gaps.mp4"), gaps(*driver_frames()))
    code, out, err = run_odd("portrait.png", "gaps.mp4", output="r.mp4", on_missing="error")
    assert (code, out) == (1, "") and not Path("r.mp4").exists()
    assert error_of(err).startswith("3 of 5 frames of the driving 'gaps.mp4' show no face, the first is frame 0")


def test_source_video_with_gaps(run_odd):
    source = gaps(portrait(), portrait())
    write_clip(Path("gaps.mp4"), source)
    left, right = driver_frames()
    write_clip(Path("d.mp4"), [left, left, right, right, right])
    code, _, err = run_odd("gaps.mp4", "d.mp4", output="r.mp4", concat=True, report="r.json", crf=8)
    assert code == 0 and "3 of 5 frames of the source 'gaps.mp4' show no face: they stay as they are" in err
    results = frames_of("r.mp4")
    assert len(results) == 5 == len(frames_of("r_concat.mp4"))
    for index in (0, 2, 4):
        assert difference(results[index], source[index]) < 2 and not faces(results[index])
    before, after = (face_near(results[index]) for index in (1, 3))
    assert after.yaw - before.yaw == pytest.approx(TURN, abs=8)


def test_source_video_with_a_cut(run_odd):
    """Each shot shows somebody else elsewhere: both are animated where they are."""
    other = driver_frames((240, 240), (36,))[0]
    wide = (520, 320)
    source = [on_wall(portrait(), wide, 4, 10)] * 2 + [on_wall(other, wide, 260, 40)] * 2
    write_clip(Path("cut.mp4"), source)
    left, right = driver_frames()
    write_clip(Path("d.mp4"), [left, right, left, right])
    code, _, err = run_odd("cut.mp4", "d.mp4", output="r.mp4", concat=False)
    assert code == 0 and "without a face" not in err
    results = frames_of("r.mp4")
    assert len(results) == 4
    shots = [[face_near(frame, 4, 10) for frame in results[:2]], [faces(frame)[0] for frame in results[2:]]]
    assert shots[1][0].x == pytest.approx(faces(source[2])[0].x, abs=20)
    for first, second in shots:
        assert second.yaw - first.yaw == pytest.approx(TURN, abs=9)


def test_driver_with_a_cut(run_odd):
    """The second shot shows somebody else elsewhere: the portrait goes on in its place."""
    other = portrait((192, 225))
    wide = (520, 240)
    left, right = (on_wall(frame, wide, 4, 10) for frame in driver_frames())
    write_clip(Path("cut.mp4"), [left, right] + [on_wall(other, wide, 310, 6)] * 2)
    code, _, err = run_odd("odd.png", "cut.mp4", output="r.mp4", concat=True)
    assert code == 0 and "without a face" not in err
    seen = [face_near(frame, 16, 80, 300 / 256) for frame in frames_of("r.mp4")]
    assert seen[1].yaw - seen[0].yaw == pytest.approx(TURN, abs=8)
    assert abs(seen[2].yaw - seen[0].yaw) < 12 and abs(seen[3].x - seen[0].x) < 15
    assert all(faces(row[:, :512]) for row in frames_of("r_concat.mp4"))  # both drivers are shown
