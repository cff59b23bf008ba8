import math
from dataclasses import replace

import numpy as np
import pytest

from src.evaluation.averages import (
    ClipFigures,
    counts_in_all,
    mean_of,
    mean_over_clips,
    mean_over_people,
    with_ratios,
    without_nan,
)
from src.evaluation.choose_frames import neutral_frame, spread_frames
from src.evaluation.judges import Judges
from src.evaluation.methods import CopyOfSource, ThinPlateWarp
from src.evaluation.self_reenactment import measure_self


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


class Grey(Real):
    """Draws the real frames, but grey in place of some."""

    name = "grey"

    def __init__(self, missing):
        self._missing = missing

    def draw(self, clip, source, frames):
        pictures = clip.pictures(frames)
        pictures[[frame in self._missing for frame in frames]] = 128
        return pictures


def measure(clip, methods, finder, **more):
    options = {"frames_per_clip": 4, "run_length": 5} | more
    return {given.method: given for given in measure_self([clip], methods, Judges(finder), **options)}


@pytest.fixture(scope="module")
def clip(clips):
    return clips["one_0"]


def test_a_frame_that_one_loses_counts_for_none(clip, finder):
    alone = measure(clip, [CopyOfSource()], finder)["copy"]
    missing = spread_frames(len(clip), 4, neutral_frame(clip.motion))[-1]
    found = measure(clip, [CopyOfSource(), Grey({missing})], finder)
    copy, grey = found["copy"], found["grey"]
    assert alone.counts == {"frames": 4, "lost": 0, "faces": 4, "triples": 3}
    assert (copy.counts["lost"], copy.counts["faces"]) == (0, 3)
    assert (grey.counts["lost"], grey.counts["faces"], grey.values["lost"]) == (1, 3, 0.25)
    assert copy.values["landmarks"] != alone.values["landmarks"] and copy.values["l1"] == alone.values["l1"]
    assert copy.counts["triples"] == grey.counts["triples"] < 3
    assert grey.values["landmarks"] == 0


def test_who_loses_everything_takes_nothing_from_the_others(clip, finder):
    alone = measure(clip, [CopyOfSource()], finder)["copy"]
    found = measure(clip, [CopyOfSource(), Grey(set(range(5)))], finder)
    assert found["copy"] == alone
    grey = found["grey"]
    assert grey.values["lost"] == 1 and grey.values["l1"] > 0 and "landmarks" not in grey.values
    assert grey.counts == {"frames": 4, "lost": 4, "faces": 0, "triples": 0}


def test_a_real_frame_without_a_face_is_not_filled_in(clip, finder):
    """The data's mesh was found in another way: against it even the real frames would differ and tremble."""

    class Missing:
        asked = 0

        def find(self, pictures, expected):
            self.asked += 1
            found = finder.find(pictures, expected)
            if self.asked == 1:  # the real frames come first
                found[0] = np.nan
            return found

    real = measure(clip, [Real()], Missing())["real"]
    assert real.values["landmarks"] == 0 and real.values["jitter_ratio"] == pytest.approx(1)
    assert (real.counts["lost"], real.counts["triples"]) == (0, 2)


class Strided:
    """A clip of which every other frame was kept."""

    def __init__(self, clip):
        self._clip, self.numbers = clip, 2 * clip.numbers

    def __len__(self):
        return len(self._clip)

    def __getattr__(self, name):
        return getattr(self._clip, name)


def test_frames_that_do_not_follow_each_other_say_nothing_of_steadiness(clip, finder):
    values = measure(Strided(clip), [Real()], finder)["real"].values
    assert not any(name.startswith(("jitter", "flicker")) for name in values) and values["landmarks"] == 0


def test_ratios_are_those_of_the_means():
    """A clip in which nothing moves must not outweigh the others."""
    rows = [{"jitter": 1.0, "jitter_real": 0.01}, {"jitter": 1.0, "jitter_real": 1.99}]
    figures = [ClipFigures("m", str(number), str(number), with_ratios(row)) for number, row in enumerate(rows)]
    assert figures[0].values["jitter_ratio"] == pytest.approx(100)
    for mean in (mean_over_clips, mean_over_people):
        assert mean(figures, "m")["jitter_ratio"] == pytest.approx(1)
    assert np.isnan(with_ratios({"flicker": 1.0, "flicker_real": 0.0})["flicker_ratio"])


def test_means():
    one = ClipFigures("m", "a", "p", {"x": 1.0, "y": math.nan})
    figures = [one, replace(one, clip="b", values={"x": 3.0, "y": 5.0}), replace(one, identity="q", values={"x": 8.0})]
    assert mean_over_clips(figures, "m") == {"x": 4.0, "y": 5.0}
    assert mean_over_people(figures, "m") == {"x": 5.0, "y": 5.0}
    assert mean_over_clips(figures, "another") == {}
    assert np.isnan(mean_of([{"x": math.nan}])["x"])
    assert without_nan({"x": math.nan, "y": 1.0}) == {"x": None, "y": 1.0}
    assert counts_in_all([replace(one, counts={"n": 2}), replace(one, counts={"n": 3})], "m") == {"n": 5}
    assert one.as_dict()["values"] == {"x": 1.0, "y": None}
