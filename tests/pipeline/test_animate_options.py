"""What the options make of the frames of a picture and one driver, as they are handed to the encoder."""

import numpy as np
import pytest

from src.media.picture import read_picture

from .conftest import LEVELS
from .fakes import OUT
from .scenes import grey, middles

pytestmark = pytest.mark.usefixtures("here")

EXPECTED = [127 + level - LEVELS[0] for level in LEVELS]


@pytest.fixture
def levels(run, written):
    """Grey levels where the face is pasted."""

    def rendered(*args, **options):
        run(*args, output="r.mp4", **options)
        return [middles(rgb, 1)[0] for rgb in written.pop("r.mp4").frames]

    return rendered


# Motion ---------------------------------------------------------------------------------------------------------------


def test_absolute_motion(levels):
    moved = levels(flag_relative_motion=False, driving_option="pose-friendly")
    assert moved == pytest.approx([127.5 + level - 99.5 for level in LEVELS], abs=4)


@pytest.mark.parametrize(
    ("region", "moves"), [("all", True), ("pose", True), ("exp", False), ("lip", False), ("eyes", False)]
)
def test_animation_region(levels, region, moves):
    """A shift of the head belongs to its pose."""
    assert np.ptp(levels(animation_region=region)) == pytest.approx(120 * moves, abs=2)


def test_driving_multiplier(levels):
    assert levels(driving_multiplier=0.5) == pytest.approx([127 + (level - LEVELS[0]) / 2 for level in LEVELS], abs=4)


@pytest.mark.parametrize("part", ["eye", "lip"])
def test_retargeting(levels, engine, part):
    """With relative motion only the opening is followed; the fake driver opens with its grey level."""
    moved = levels(**{f"flag_{part}_retargeting": True})
    assert part in engine.heads.calls
    assert np.corrcoef(moved, LEVELS)[0, 1] > 0.99
    assert moved[0] < 127 < moved[6]  # the source's opening lies between


def test_lips_closed_first(levels, engine):
    plain, closed = levels(), levels(flag_normalize_lip=True)
    assert "lip" in engine.heads.calls
    assert np.ptp(np.subtract(plain, closed)) < 4 and plain[0] - closed[0] > 20


def test_the_driver_is_steadied(levels):
    shaken = np.stack([grey(100 + 8 * (-1) ** k, 96, 96) for k in range(30)])
    assert np.std(levels(shaken)) > 3 * np.std(levels(shaken, smooth=True))


@pytest.mark.parametrize(
    ("how", "expected"), [("hold", [127, 127, 127, 187, 187]), ("interpolate", [127, 147, 167, 187, 187])]
)
def test_frames_without_a_face(levels, caplog, how, expected):
    """The result is as long as the driver, and nothing shifts."""
    shown = np.stack([grey(level, 96, 96) for level in (100, 0, 0, 160, 0)])
    assert levels(shown, on_missing=how) == pytest.approx(expected, abs=1.01)
    assert "3 of 5 frames of the driving given as frames show no face" in caplog.text


# Size, edge, colours, quality -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, (200, 160)),
        ({"source_max_dim": 100}, (100, 80)),
        ({"source_division": 64}, (192, 128)),
        ({"output_size": 100}, (100, 80)),
        ({"flag_pasteback": False}, (OUT, OUT)),
        ({"flag_pasteback": False, "output_size": 128}, (128, 128)),
        ({"flag_stitching": False, "output_size": 128}, (128, 128)),
        ({"flag_do_crop": False, "output_size": 128}, (128, 128)),
    ],
)
def test_size_of_the_result(run, written, options, size):
    run(output="r.mp4", **options)
    assert {rgb.shape for rgb in written["r.mp4"].frames} == {(size[1], size[0], 3)}
    side = options.get("output_size", OUT)
    assert {rgb.shape for rgb in written["r_concat.mp4"].frames} == {(side, 3 * side, 3)}


def test_the_place_stays_whatever_the_size(run, written):
    """The face is found in the shrunk picture."""
    run(source=grey(100, 200, 160), output="r.mp4", output_size=100)
    frames = written["r.mp4"].frames
    assert [float(rgb[31:35, 48:52].mean()) for rgb in frames] == pytest.approx(EXPECTED, abs=2)
    assert all((rgb[:, :20] == 100).all() for rgb in frames)


def test_feather(run, written):
    """A wide edge leaves less of the crop whole."""
    whole = []
    for feather in (1, 16, 100):
        run(grey(60), grey(100, 200, 160), output="r.png", feather=feather)
        whole.append(int((read_picture("r.png") == 127).sum()))
    assert whole[0] > whole[1] > whole[2] > 0


def test_match_color(levels):
    """The fake engine's even crops get the colour of what they are pasted over."""
    driving, source = np.stack([grey(60), grey(100)]), grey(100, 200, 160)
    assert levels(driving, source) == pytest.approx([127, 167], abs=1.01)
    assert levels(driving, source, match_color=True) == pytest.approx([100, 100], abs=1.01)


def test_quality_and_sound_reach_the_encoder(run, written, media):
    run(output="r.mp4", crf=31)
    run("d.safetensors", output="s.mp4", concat=False)
    for name in ("r.mp4", "r_concat.mp4"):
        assert (written[name].crf, written[name].fps, written[name].audio_from) == (31, 25, media / "d.mp4")
    assert (written["s.mp4"].crf, written["s.mp4"].audio_from) == (18, None) and "s_concat.mp4" not in written
