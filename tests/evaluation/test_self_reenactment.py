import math
from dataclasses import replace

import numpy as np
import pytest

from src.evaluation.averages import ClipFigures, mean_of, mean_over_clips, mean_over_people, without_nan
from src.evaluation.methods import CopyOfSource, ThinPlateWarp
from src.evaluation.self_reenactment import Judges, measure_self


class Real:
    """Draws the real frames: what no method can better."""

    name = "real"

    def draw(self, clip, source, frames):
        return clip.pictures(frames)


@pytest.fixture(scope="module")
def figures(clips, networks, finder):
    methods = [networks, CopyOfSource(), ThinPlateWarp(), Real()]
    told = []
    found = measure_self(
        [clips["one_0"]],
        methods,
        Judges(finder),
        frames_per_clip=3,
        run_length=5,
        progress=lambda *report: told.append(report),
    )
    assert told[0][1:] == (0, 1) and told[-1][1:] == (1, 1)
    return {given.method: given.values for given in found}


def test_the_real_frames_are_perfect(figures):
    real = figures["real"]
    assert (real["l1"], real["psnr"], real["lost"]) == (0, 100, 0)
    for name in ("ssim", "sharpness", "jitter_ratio", "flicker_ratio"):
        assert real[name] == pytest.approx(1)
    for name in ("landmarks", "akd", "eye_ratio", "lip_ratio"):
        assert real[name] == 0


def test_what_moves_the_face_beats_a_copy(figures):
    for name in ("compact", "tps"):
        for figure in ("l1_face", "l1_mouth", "l1_eyes", "landmarks", "akd"):
            assert figures[name][figure] < 0.8 * figures["copy"][figure], (name, figure)
        assert figures[name]["psnr"] > figures["copy"]["psnr"] - 3


def test_a_copy_stands_still(figures):
    assert figures["copy"]["flicker"] == 0
    assert figures["copy"]["jitter_ratio"] < 0.2


def test_people_are_not_told_apart_without_the_network(figures):
    assert not any(name.startswith("id_") for name in figures["compact"])


def test_a_clip_that_is_too_short_to_tremble(clips, finder):
    (found,) = measure_self([clips["two_0"]], [Real()], Judges(finder), frames_per_clip=1, run_length=2)
    assert "jitter" not in found.values and found.values["l1"] == 0


def test_means():
    one = ClipFigures("m", "a", "p", {"x": 1.0, "y": math.nan})
    figures = [one, replace(one, clip="b", values={"x": 3.0, "y": 5.0}), replace(one, identity="q", values={"x": 8.0})]
    assert mean_over_clips(figures, "m") == {"x": 4.0, "y": 5.0}
    assert mean_over_people(figures, "m") == {"x": 5.0, "y": 5.0}
    assert mean_over_clips(figures, "another") == {}
    assert np.isnan(mean_of([{"x": math.nan}])["x"])
    assert without_nan({"x": math.nan, "y": 1.0}) == {"x": None, "y": 1.0}
    assert one.as_dict()["values"] == {"x": 1.0, "y": None}
