"""`LivePortraitWrapperAnimal`: what differs from people; the networks are stand-ins."""

from pathlib import Path

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.errors import InputError, NoFaceError
from src.live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from src.weights.resolve import ResolvedModel
from tests.pipeline.fake_animals import FakeAnimalDetector, fur
from tests.pipeline.fakes import OUT, FakeDetector, FakeEngine, FakeWriter
from tests.pipeline.scenes import grey, middles

LEVELS = (60, 80, 100, 90)
FRAMES, SOURCE = np.stack([grey(level) for level in LEVELS]), fur(100, 200, 160)
EXPECTED = pytest.approx([127, 147, 167, 157], abs=1.01)
POINTS = "60,50 140,50 100,100 100,120"


@pytest.fixture
def written(monkeypatch, tmp_path) -> dict[str, FakeWriter]:
    """No video is encoded, no GIF is made."""
    writers: dict[str, FakeWriter] = {}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "src.pipeline.animate.VideoWriter",
        lambda path, fps, **options: writers.setdefault(path.name, FakeWriter(path, fps, **options)),
    )
    monkeypatch.setattr("src.pipeline.animate.write_gif", lambda video, path: None)
    return writers


@pytest.fixture
def asked(monkeypatch) -> list[tuple]:
    """Which models and detectors were asked for; they are stand-ins, and "auto" is the official model."""
    log: list[tuple] = []

    def resolve(name, folder, *, official):
        log.append(("model", name, official))
        return ResolvedModel(official if name == "auto" else name, Path("weights"), {}, {})

    def engine(resolved, device, backend, **options):
        made = FakeEngine(resolved.name)
        made.moves_absolutely = resolved.name == "animals"
        return made

    def animals(name="auto", **options):
        log.append(("animals", name, options))
        return FakeAnimalDetector()

    module = "src.live_portrait_wrapper"
    monkeypatch.setattr(f"{module}.resolve_model", resolve)
    monkeypatch.setattr(f"{module}.create_engine", engine)
    monkeypatch.setattr(f"{module}.create_animal_detector", animals)
    monkeypatch.setattr(f"{module}.create_detector", lambda name, **options: log.append(("person",)) or FakeDetector())
    return log


def make(model="compact", *args, **options):
    return LivePortraitWrapperAnimal(*args, model=model, device="cpu", **options)


def levels(writer):
    return [middles(rgb, 1)[0] for rgb in writer.frames]


def test_auto_means_the_official_animals(asked):
    assert make("auto").engine.name == "animals" and asked == [("model", "auto", "animals")]
    LivePortraitWrapper(device="cpu")
    assert asked[-1] == ("model", "auto", "base")


@pytest.mark.parametrize(
    ("kind", "model", "script"),
    [
        (LivePortraitWrapperAnimal, "base", "--model base is for people: use inference.py"),
        (LivePortraitWrapper, "animals", "--model animals is for animals: use inference_animals.py"),
    ],
)
def test_the_model_of_the_other_script(asked, kind, model, script):
    for refused in (
        lambda: kind(model=model, device="cpu"),
        lambda: kind.from_arguments(ArgumentConfig(model=model, source="none.jpg")),
    ):
        with pytest.raises(InputError) as caught:
            refused()
        assert str(caught.value).startswith(script)
    assert asked == []


def test_animals_are_not_stitched_unless_the_config_says_so(asked):
    assert make().inference_cfg == InferenceConfig(flag_stitching=False, device="cpu")
    assert make("compact", InferenceConfig()).inference_cfg.flag_stitching


@pytest.mark.parametrize(("model", "shape"), [("compact", (160, 200, 3)), ("animals", (OUT, OUT, 3))])
def test_the_compact_model_alone_pastes_back_without_stitching(asked, written, model, shape):
    result = make(model).execute(source_image=SOURCE, driving_video=FRAMES, output="r.mp4")
    assert (result, result.gif) == ("r.mp4", "r.gif") and levels(written["r.mp4"]) == EXPECTED
    assert written["r.mp4"].frames[0].shape == shape


def test_the_official_model_pastes_back_if_it_stitches(asked, written):
    make("animals").execute(source_image=SOURCE, driving_video=FRAMES, output="r.mp4", flag_stitching=True)
    assert written["r.mp4"].frames[0].shape == (160, 200, 3)


def test_a_call_cannot_make_people_of_animals(asked, written):
    args = ArgumentConfig(source=SOURCE, driving=FRAMES, output="r.mp4", animals=False, flag_stitching=False)
    make().execute(args)
    assert written["r.mp4"].frames[0].shape == (160, 200, 3) and not args.animals
    with pytest.raises(TypeError, match="'animals' is fixed when the wrapper is made"):
        make().execute(source_image=SOURCE, driving_video=FRAMES, animals=False)


def test_detectors_are_made_as_the_configs_say(asked, written):
    wrapper = make(crop_cfg=CropConfig(animal_detector="xpose", det_thresh=0.3))
    for _ in range(2):
        wrapper.execute(source_image=SOURCE, driving_video=FRAMES, output="r.mp4", driving_kind="animal")
    (_, name, options), (_, in_clip, _) = [call for call in asked if call[0] == "animals"]  # each is made once
    assert (name, in_clip) == ("xpose", "catface")
    assert options == {
        "weights_dir": Path("weights"),
        "device": "cpu",
        "threshold": 0.3,
        "points": "animal_face_9",
    }


def test_given_points(asked, written):
    make().execute(source_image=grey(100, 200, 160), driving_video=FRAMES, output="r.mp4", source_points=POINTS)
    assert levels(written["r.mp4"]) == EXPECTED
    assert [call[1] for call in asked if call[0] == "animals"] == []


def test_a_person_is_refused(asked, written):
    with pytest.raises(NoFaceError, match="shows a person and no animal"):
        make().execute(source_image=grey(100), driving_video=FRAMES)


def test_frame_by_frame(asked):
    wrapper = make()
    wrapper.set_source(SOURCE)
    results = wrapper.drive(FRAMES)
    assert [middles(rgb, 1)[0] for rgb in results] == EXPECTED and results[0].shape == (160, 200, 3)
    wrapper.set_source(grey(100, 200, 160), source_points=POINTS, driving_kind="animal")
    assert [middles(rgb, 1)[0] for rgb in wrapper.drive(np.stack([fur(60), fur(80)]))] == pytest.approx(
        [127, 147], abs=1
    )


def test_mistakes_are_told_before_weights_are_looked_for(asked):
    for options, message in (
        ({"source_points": "1,2"}, "is not four points"),
        ({"source": FRAMES}, "animals are animated from a picture"),
        ({"driving": SOURCE}, "an animal needs a video or a motion template"),
    ):
        args = ArgumentConfig(**{"source": SOURCE, "driving": FRAMES, **options})
        with pytest.raises(InputError, match=message):
            LivePortraitWrapperAnimal.from_arguments(args)
    assert asked == []


def test_official_weights_may_be_fetched_into_a_new_folder(asked, tmp_path):
    LivePortraitWrapperAnimal(model="animals", weights_dir=tmp_path / "new")
    with pytest.raises(InputError, match="there is no folder"):
        LivePortraitWrapperAnimal(model="compact", weights_dir=tmp_path / "new")
