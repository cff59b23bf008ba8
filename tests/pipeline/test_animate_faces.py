"""Several faces in one picture or video."""

import json
from pathlib import Path

import numpy as np
import pytest

from src.errors import InputError, NoFaceError
from src.motion.template import load_template
from src.pipeline.driving import FINDING

from .fakes import OUT
from .scenes import grey, middles, people

pytestmark = pytest.mark.usefixtures("here")

ABSOLUTE = {"flag_relative_motion": False}


def driver(*levels):
    return np.stack([grey(level, 64, 64) for level in levels])


@pytest.fixture
def shown(run, written):
    """Grey levels of the faces, frame by frame."""

    def rendered(driving, source, n, **options):
        run(driving, source, output="r.mp4", **options)
        return [middles(rgb, n) for rgb in written["r.mp4"].frames]

    return rendered


TWO, RISING, FALLING = people(100, 120), driver(60, 70, 80), driver(90, 80, 70)


def close(levels):
    return pytest.approx(np.array(levels), abs=1.01)


def test_one_driver_moves_all(shown):
    assert np.array(shown(RISING, TWO, 2, faces="all")) == close([[127, 127], [137, 137], [147, 147]])


def test_each_its_own_driver(shown):
    moved = shown([RISING, FALLING], TWO, 2, faces="all")
    assert np.array(moved) == close([[127, 127], [137, 117], [147, 107]])


def test_drivers_go_with_the_faces_in_the_order_asked_for(shown):
    moved = shown([RISING, FALLING], people(100, 110, 120), 3, faces="2,0")
    assert np.array(moved) == close([[127, 110, 127], [117, 110, 137], [107, 110, 147]])


def test_the_largest_alone(shown):
    source = people(100, 120)
    source[:, 98:190] = 120
    assert np.array(shown(RISING, source, 2)) == close([[100, 127], [100, 137], [100, 147]])


def test_faces_without_a_driver_stay_as_they_are(run, shown, written, caplog):
    """Of one face: every pixel. A warning says so."""
    source = people(100, 110, 120)
    moved = shown([RISING, FALLING], source, 3, faces="all", report="r.json")
    assert json.loads(Path("r.json").read_text())["n_faces"] == 2  # of those that move
    assert np.array(moved) == close([[127, 127, 120], [137, 117, 120], [147, 107, 120]])
    assert all((rgb[:, 192:] == source[:, 192:]).all() for rgb in written["r.mp4"].frames)
    assert "3 faces but 2 drivers: the faces without one stay as they are" in caplog.text


@pytest.mark.parametrize("moving", [False, True])
def test_more_drivers_than_faces(run, written, engine, moving):
    source, stages = np.stack([TWO] * 3) if moving else TWO, set()
    with pytest.raises(InputError, match=r"3 drivers, but the source given as .* shows 2 faces: give at most one"):
        run([RISING, FALLING, RISING], source, output="r.mp4", faces="all", progress=lambda name, *_: stages.add(name))
    assert not written and (FINDING in stages) is moving  # a picture's faces are counted before drivers are read


def test_rows_of_a_side_by_side_video(run, written):
    run([RISING, FALLING], people(100, 110, 120), output="r.mp4", faces="all")
    first = written["r_concat.mp4"].frames[0]
    assert first.shape == (3 * OUT, 3 * OUT, 3)
    rows = [middles(row, 3) for row in np.split(first, 3)]
    assert np.array(rows) == close([[60, 100, 127], [90, 110, 127], [0, 120, 120]])


def test_one_driver_is_shown_in_every_row(run, written):
    run(RISING, TWO, output="r.mp4", faces="all")
    rows = [middles(row, 3) for row in np.split(written["r_concat.mp4"].frames[2], 2)]
    assert np.array(rows) == close([[80, 100, 147], [80, 120, 147]])


def test_crops_in_a_row(run, written):
    run([RISING, FALLING], people(100, 110, 120), output="r.mp4", faces="all", flag_pasteback=False)
    frames = written["r.mp4"].frames
    assert {rgb.shape for rgb in frames} == {(OUT, 3 * OUT, 3)}
    assert np.array([middles(rgb, 3) for rgb in frames]) == close([[127, 127, 120], [137, 117, 120], [147, 107, 120]])


def test_drivers_of_different_lengths_and_kinds(run, media, written):
    """The first to end decides; stills go on for ever."""
    drivers = [driver(60, 70, 80, 90), grey(150), FALLING]
    result = run(drivers, people(90, 100, 120), output="r.mp4", faces="all", **ABSOLUTE)
    assert (result.n_frames, result.report.n_faces, result.report.missed_driving) == (3, 3, [0, 0, 0])
    moved = [middles(rgb, 3) for rgb in written["r.mp4"].frames]
    assert np.array(moved) == close([[97.5, 177.5, 97.5], [107.5, 177.5, 87.5], [117.5, 177.5, 77.5]])
    still = run(["d.png", "still.safetensors"], TWO, output="r.png", faces="all")
    assert still == "r.png" and still.n_frames == 1


def test_templates_of_all_drivers(run, written):
    run([RISING, FALLING], TWO, output="x/r.mp4", faces="all", auto_template=True)
    levels = [load_template(f"x/driving{name}.safetensors").motion.t[:, 0] * 255 for name in ("", "-2")]
    assert np.array([level.numpy() for level in levels]) == close([[60, 70, 80], [90, 80, 70]])


# A video --------------------------------------------------------------------------------------------------------------

CROWD = [people(100, 120, shift=k) for k in range(6)]


def test_faces_of_a_video(run, written):
    drivers = [driver(*range(60, 120, 10)), driver(*range(110, 50, -10))]
    run(drivers, np.stack(CROWD), output="r.mp4", faces="all", **ABSOLUTE)
    for k, rgb in enumerate(written["r.mp4"].frames):
        assert middles(rgb, 2) == pytest.approx([127.5 + 60 + 10 * k - 100, 127.5 + 110 - 10 * k - 120], abs=1.01)


def test_who_is_not_seen_is_left_out_while_the_others_move(run, written):
    source = list(CROWD)
    source[2], source[4] = people(0, 120, shift=2), people(0, 0)
    result = run(driver(*[90] * 6), np.stack(source), output="r.mp4", faces="all", **ABSOLUTE)
    assert result.report.missed_source == [2, 1]
    frames = written["r.mp4"].frames
    for k, rgb in enumerate(frames):
        wanted = [117.5 * (k not in (2, 4)), 97.5 * (k != 4)]
        assert middles(rgb, 2) == pytest.approx(wanted, abs=1.01)
    np.testing.assert_array_equal(frames[2][:, :96], source[2][:, :96])
    np.testing.assert_array_equal(frames[4], source[4])


def test_faces_that_are_not_there(run):
    for source in (TWO, np.stack(CROWD)):
        with pytest.raises(InputError, match="--faces asks for face 5"):
            run(RISING, source, faces="5")
    with pytest.raises(NoFaceError, match="no face found in the source"):
        run(RISING, people(0, 0), faces="all")
