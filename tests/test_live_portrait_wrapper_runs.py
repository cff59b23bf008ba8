"""How the wrapper's configs and calls reach the pipeline; the networks are stand-ins."""

from dataclasses import replace
from threading import Barrier, Thread

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.errors import InputError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.pipeline import animate as module
from tests.pipeline.fakes import OUT, FakeDetector, FakeEngine, FakeWriter
from tests.pipeline.scenes import grey, middles, people

LEVELS = (60, 80, 100, 90)
FRAMES, SOURCE = np.stack([grey(level) for level in LEVELS]), grey(100, 200, 160)
EXPECTED = pytest.approx([127, 147, 167, 157], abs=1.01)


@pytest.fixture
def written(monkeypatch, tmp_path) -> dict[str, FakeWriter]:
    writers: dict[str, FakeWriter] = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        module,
        "VideoWriter",
        lambda path, fps, **options: writers.setdefault(path.name, FakeWriter(path, fps, **options)),
    )
    return writers


@pytest.fixture
def make(monkeypatch):
    """A wrapper whose model is a stand-in."""
    monkeypatch.setattr("src.live_portrait_wrapper.create_engine", lambda *args, **options: FakeEngine())
    monkeypatch.setattr("src.live_portrait_wrapper.create_detector", lambda *args, **options: FakeDetector())
    return lambda *args, **options: LivePortraitWrapper(*args, model="compact", device="cpu", **options)


def levels(writer):
    return [middles(rgb, 1)[0] for rgb in writer.frames]


# execute --------------------------------------------------------------------------------------------------------------


def test_both_configs_reach_a_run(make, written):
    wrapper = make(InferenceConfig(driving_multiplier=0.5, batch_size=3), crop_cfg=CropConfig(vx_ratio=0.2))
    wrapper.execute(source_image=people(100), driving_video=FRAMES, output="r.mp4")
    assert [n for what, n in wrapper.engine.events if what == "render"] == [3, 1]
    assert levels(written["r.mp4"]) == pytest.approx([127, 137, 147, 142], abs=1.01)
    shifted = np.flatnonzero((written["r.mp4"].frames[2] != people(100)).any(axis=(0, 2))).mean()
    make().execute(source_image=people(100), driving_video=FRAMES, output="plain.mp4")
    plain = np.flatnonzero((written["plain.mp4"].frames[2] != people(100)).any(axis=(0, 2))).mean()
    assert shifted - plain > 5


def test_single_options_hold_for_one_call(make, written):
    wrapper = make(InferenceConfig(driving_multiplier=0.5))
    before = replace(wrapper.inference_cfg), replace(wrapper.crop_cfg)
    given = {"source_image": SOURCE, "driving_video": FRAMES}
    wrapper.execute(**given, output="a.mp4", driving_multiplier=1.0, scale=3.0)
    wrapper.execute(**given, output="b.mp4")
    assert levels(written["a.mp4"]) == EXPECTED and levels(written["b.mp4"])[1] == pytest.approx(137, abs=1.01)
    assert (wrapper.inference_cfg, wrapper.crop_cfg) == before


def test_arguments_come_before_the_configs(make, written):
    wrapper = make(InferenceConfig(driving_multiplier=0.5))
    args = ArgumentConfig(source=SOURCE, driving=FRAMES, output="r.mp4")
    wrapper.execute(args)
    assert levels(written["r.mp4"]) == EXPECTED and args.source is SOURCE and args.driving is FRAMES


def test_an_option_set_in_both_configs(make):
    with pytest.raises(InputError, match="device_id is 1 in InferenceConfig and 2 in CropConfig"):
        make(InferenceConfig(device_id=1), crop_cfg=CropConfig(device_id=2))


def test_two_runs_at_once(make, written):
    wrapper, start = make(), Barrier(2)

    def work(name: str, multiplier: float) -> None:
        start.wait()
        wrapper.execute(source_image=SOURCE, driving_video=FRAMES, output=f"{name}.mp4", driving_multiplier=multiplier)

    threads = [Thread(target=work, args=given) for given in (("a", 1.0), ("b", 0.5))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, multiplier in (("a", 1.0), ("b", 0.5)):
        wrapper.execute(
            source_image=SOURCE, driving_video=FRAMES, output=f"{name} alone.mp4", driving_multiplier=multiplier
        )
        np.testing.assert_array_equal(written[f"{name}.mp4"].frames, written[f"{name} alone.mp4"].frames)
    assert levels(written["a.mp4"]) == EXPECTED != levels(written["b.mp4"])


# Live -----------------------------------------------------------------------------------------------------------------


def test_one_frame_or_several(make):
    wrapper = make()
    wrapper.set_source(SOURCE)
    one = wrapper.drive(FRAMES[0])
    assert isinstance(one, np.ndarray) and one.shape == SOURCE.shape
    for several in (FRAMES[1:], list(FRAMES[1:]), tuple(FRAMES[1:])):
        results = wrapper.drive(several)
        assert isinstance(results, list) and [middles(rgb, 1)[0] for rgb in results] == pytest.approx(
            [147, 167, 157], abs=1.01
        )
    assert wrapper.drive([]) == []


def test_the_last_source_is_driven_and_sessions_stand_alone(make):
    wrapper = make()
    first = wrapper.set_source(SOURCE)
    first.drive(FRAMES[:1])
    wrapper.set_source(people(120), flag_pasteback=False)
    assert wrapper.drive(FRAMES[1]).shape == (OUT, OUT, 3)
    (other,) = first.drive(FRAMES[1:2])  # 80 after its neutral 60
    assert other.shape == SOURCE.shape and middles(other, 1)[0] == pytest.approx(147, abs=1.01)


def test_options_of_a_source(make):
    wrapper = make(InferenceConfig(driving_multiplier=0.5))
    wrapper.set_source(SOURCE, driving_multiplier=2.0)
    assert middles(wrapper.drive(FRAMES)[1], 1)[0] == pytest.approx(167, abs=1.01)
    with pytest.raises(TypeError, match="no option 'speed'"):
        wrapper.set_source(SOURCE, speed=2)
    with pytest.raises(TypeError, match="fixed when the wrapper is made"):
        wrapper.set_source(SOURCE, device="cpu")


def test_a_source_that_cannot_be_used_leaves_the_one_before(make):
    wrapper = make()
    with pytest.raises(InputError, match="there is no source to drive: call set_source first"):
        wrapper.drive(FRAMES[0])
    wrapper.set_source(SOURCE)
    with pytest.raises(InputError, match="only a picture can be driven live"):
        wrapper.set_source(FRAMES)
    assert wrapper.drive(FRAMES[0]).shape == SOURCE.shape


# Numbers of one picture -----------------------------------------------------------------------------------------------


def test_motion_extractor(make):
    wrapper = make()
    motion = wrapper.motion_extractor(grey(120))
    assert list(motion) == ["pitch", "yaw", "roll", "scale", "R", "t", "exp", "kp"]
    assert all(type(motion[name]) is float for name in ("pitch", "yaw", "roll", "scale"))
    assert motion["t"].dtype == np.float32 and motion["t"][0] * 255 == pytest.approx(120, abs=0.01)
    prepared = wrapper.motion_extractor(torch.full((1, 3, 8, 8), 0.5))
    assert prepared["t"][0] == pytest.approx(0.5)
    with pytest.raises(InputError, match=r"must be a .*tensor of shape"):
        wrapper.motion_extractor(torch.zeros(2, 3, 8, 8))
    wrapper.motion_extractor(grey(120), crop=True)
    assert wrapper.detector.calls == 1
