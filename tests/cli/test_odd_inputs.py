"""Inputs as people have them give right results."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from .odd_media import ON_ODD, driver_frames, odd_portrait, portrait, write_clip
from .sightings import TURN, difference, face_near, faces, frames_of


@dataclass(frozen=True)
class Row:
    """A source, and the result that the plain driver must give."""

    source: str
    size: tuple[int, int] = (256, 300)
    frames: int = 2
    place: tuple[float, float, float] = (0, 0, 1)  # left, top and scale of the portrait in it
    is_grey: bool = False


SOURCES = [
    *(Row(name) for name in ("alpha.png", "deep.png", "cmyk.jpg", "palette.png", "still.gif", "phone.jpg")),
    *(Row(name, is_grey=True) for name in ("grey.jpg", "deep_grey.png")),
    *(Row(name, (332, 516), place=ON_ODD) for name in ("odd.png", "odd.mp4")),
    *(Row(name) for name in ("phone1.mp4", "phone2.mp4", "phone3.mp4", "moving.gif", "pictures")),
    Row("one.mp4", frames=1),
]


@pytest.mark.parametrize("row", SOURCES, ids=lambda row: row.source)
def test_source(run_odd, row):
    code, out, err = run_odd(row.source, "d/plain.mp4", output="r.mp4", concat=False)
    assert (code, out) == (0, "r.mp4\n"), err
    results = frames_of("r.mp4")
    assert len(results) == row.frames and results[0].shape == (row.size[1], row.size[0], 3)
    seen = [face_near(frame, *row.place) for frame in results]
    if row.frames > 1:
        assert seen[1].yaw - seen[0].yaw == pytest.approx(TURN, abs=8)
    # the first frame moves nothing yet: it is the source, upright and in its colours
    shown = portrait() if row.place[2] == 1 else odd_portrait()[:516, :332]
    shown = np.repeat(shown.mean(2, keepdims=True), 3, axis=2) if row.is_grey else shown
    assert difference(results[0], shown) < 8


# Drivers --------------------------------------------------------------------------------------------------------------

DRIVERS = {
    **dict.fromkeys(["odd.mp4", "phone1.mp4", "phone2.mp4", "phone3.mp4", "moving.gif", "pictures"], 2),
    "one.mp4": 1,
    **dict.fromkeys(["alpha.png", "deep.png", "deep_grey.png", "grey.jpg", "cmyk.jpg", "still.gif", "phone.jpg"], 0),
}


@pytest.mark.parametrize(("driver", "n_frames"), DRIVERS.items())
def test_driver(run_odd, driver, n_frames):
    result = "r.mp4" if n_frames else "r.jpg"
    code, out, err = run_odd("portrait.png", f"d/{driver}", output=result, concat=True)
    assert (code, out) == (0, f"{result}\n"), err
    results = frames_of(result)
    assert len(results) == (n_frames or 1) and results[0].shape == (300, 256, 3)
    rows = frames_of(Path(result).with_stem("r_concat"))
    assert len(rows) == len(results) and rows[0].shape == (512, 3 * 512, 3)
    assert all(abs(faces(row[:, :512])[0].roll) < 12 for row in rows)  # the driver is shown upright
    seen = [face_near(frame) for frame in results]
    if n_frames > 1:
        assert seen[1].yaw - seen[0].yaw == pytest.approx(TURN, abs=8)
    if n_frames == 1:
        assert difference(results[0], portrait()) < 8


def test_half_a_driver_gives_half_a_result(run_odd):
    """A stream that was cut off in the middle has frames that are good."""
    write_clip(Path("whole.ts"), driver_frames() * 8)
    Path("half.ts").write_bytes(Path("whole.ts").read_bytes()[: Path("whole.ts").stat().st_size // 2])
    code, _, err = run_odd("portrait.png", "half.ts", output="r.mp4", concat=False)
    assert code == 0, err
    results = frames_of("r.mp4")
    assert 2 <= len(results) < 16
    assert [face_near(frame).yaw < -8 for frame in results[:2]] == [False, True]
