"""The documented Python interface for animals, with the model that ships."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from src.config.inference_config import InferenceConfig
from src.errors import InputError, NoFaceError
from src.live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from src.media.picture import read_picture
from src.media.video_reader import open_video
from src.motion.template import MotionTemplate, load_template, save_template
from tests.animals import CAT, DRIVER, PERSON, POINTS, ROOT, Pose, cat, cat_frame, swaying

pytestmark = pytest.mark.usefixtures("search_animals_once")

SMILE = ROOT / "assets/examples/driving/smile.safetensors"
SIZE = (450, 300)  # of the results: even


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine torch's threads wait for each other at every layer of these small networks."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(usual)


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapperAnimal:
    return LivePortraitWrapperAnimal(model="compact", device="cpu")


@pytest.fixture(scope="module")
def person() -> list[np.ndarray]:
    """Three frames of the example driver, far apart."""
    return [frame.rgb[::2, ::2] for frame in islice(open_video(DRIVER), 0, 150, 50)]


@pytest.fixture(scope="module")
def smile(tmp_path_factory) -> Path:
    """Two moments of the shipped smile."""
    template = load_template(SMILE)
    motion = template.motion[:: template.n_frames // 2][:2]
    return save_template(
        MotionTemplate(motion, template.fps, template.model), tmp_path_factory.mktemp("t") / "smile.pkl"
    )


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def pictures(path: str) -> list[np.ndarray]:
    return [frame.rgb for frame in open_video(path)]


def test_without_arguments(monkeypatch, tmp_path, smile):
    """Ready to use offline: with the weights that ship, and a cat that is found."""
    monkeypatch.setattr("src.weights.resolve.default_weights_dir", lambda: tmp_path)
    wrapper = LivePortraitWrapperAnimal()
    assert wrapper.engine.name == "compact" and not wrapper.inference_cfg.flag_stitching
    result = wrapper.execute(source_image=CAT, driving_video=smile)
    assert (result, result.gif, result.concat) == (
        "animations/cat--smile.mp4",
        "animations/cat--smile.gif",
        "animations/cat--smile_concat.mp4",
    )
    assert (result.n_frames, open_video(result).size, open_video(result.gif).size[0]) == (2, SIZE, 256)
    assert json.loads(json.dumps({"gif_url": result.gif})) == {"gif_url": "animations/cat--smile.gif"}


def test_the_face_moves_from_where_it_was(wrapper, person):
    result = wrapper.execute(
        source=cat(), driving=person, source_points=POINTS, driving_kind="human", output="r.mp4", crf=5, concat=False
    )
    first, *_, last = pictures(result)
    source = cat()[:, :450].astype(int)
    assert np.abs(first - source).mean() < 4  # motion is relative to the first frame
    assert np.abs(last[100:290, 130:340].astype(int) - first[100:290, 130:340]).mean() > 3


@pytest.mark.parametrize(
    "given",
    [CAT.read_bytes(), cat(), Image.fromarray(cat()), Path(CAT)],
    ids=["bytes", "array", "PIL", "PathLike"],
)
def test_a_source_of_every_kind(wrapper, smile, given):
    result = wrapper.execute(
        source_image=given, driving_video=smile, source_points=POINTS.tolist(), output="r.mp4", flag_pasteback=False
    )
    assert [rgb.shape for rgb in pictures(result)] == [(512, 512, 3)] * 2


def test_a_config_is_honoured(smile):
    """As given, though its defaults are those of people."""
    cfg = InferenceConfig(driving_multiplier=0.0, flag_pasteback=False, device="cpu")
    wrapper = LivePortraitWrapperAnimal(cfg, model="compact")
    assert wrapper.inference_cfg is cfg and cfg.flag_stitching
    still = pictures(wrapper.execute(source=CAT, driving=smile, source_points=POINTS, output="r.mp4", crf=1))
    assert [rgb.shape for rgb in still] == [(512, 512, 3)] * 2 and np.abs(still[1].astype(int) - still[0]).mean() < 1
    moved = wrapper.execute(
        source=CAT, driving=smile, source_points=POINTS, output="m.mp4", driving_multiplier=1.5, crf=1
    )
    assert np.abs(pictures(moved)[1].astype(int) - still[1]).mean() > 1


@pytest.mark.parametrize(
    ("make", "other"),
    [(LivePortraitWrapper, "animals"), (LivePortraitWrapperAnimal, "base")],
    ids=["people", "animals"],
)
def test_the_other_model(make, other):
    with pytest.raises(InputError, match=rf"--model {other} is for .*: use inference(_animals)?\.py"):
        make(model=other)


def test_what_is_animated_is_fixed(wrapper, smile):
    with pytest.raises(TypeError, match="'animals' is fixed when the wrapper is made"):
        wrapper.execute(source=CAT, driving=smile, animals=False)
    with pytest.raises(InputError, match="--source_points is for animals"):
        LivePortraitWrapper(model="compact").execute(source=PERSON, driving=smile, source_points=POINTS)


@pytest.mark.parametrize(
    "points", [5, True, {}, "x", b"1,2", [1, 2], POINTS[:3], POINTS[None], POINTS * np.nan, POINTS[::-1], POINTS * 0]
)
def test_points_that_are_none(wrapper, smile, points):
    for call in (wrapper.execute, wrapper.set_source):
        files = {"driving_video": smile, "output": "r.mp4"} if call == wrapper.execute else {}
        with pytest.raises(InputError, match="--source_points"):
            call(source_image=CAT, source_points=points, **files)
    assert not list(Path().iterdir())


# Live -----------------------------------------------------------------------------------------------------------------


def test_a_person_drives_live(wrapper, person):
    session = wrapper.set_source(CAT, source_points=POINTS)
    first, *_, last = wrapper.drive(person)
    assert first.shape == (SIZE[1], SIZE[0], 3) and first.dtype == np.uint8
    assert np.abs(first.astype(int) - cat()[:, :450]).mean() < 4 < np.abs(last.astype(int) - first).max()
    session.reset()
    np.testing.assert_allclose(wrapper.drive(person[0]).astype(int), first, atol=1)


def test_a_cat_drives_live(wrapper):
    wrapper.set_source(CAT, source_points=POINTS, driving_kind="animal", flag_pasteback=False)
    results = wrapper.drive([cat_frame(pose) for pose in swaying(12)[:4]])
    assert np.abs(results[3].astype(int) - results[0]).mean() > 2
    black = np.zeros_like(cat_frame(Pose()))
    np.testing.assert_allclose(wrapper.drive(black).astype(int), results[3], atol=1)  # sums are rounded by batch


def test_a_source_without_animals(wrapper):
    with pytest.raises(NoFaceError, match="no animal's face found in the source given as a picture"):
        wrapper.set_source(np.full((64, 64, 3), 90, np.uint8))
    with pytest.raises(InputError, match="only a picture can be driven live"):
        wrapper.set_source(DRIVER)


# Motion of one frame --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_motion_of_a_cat(wrapper):
    """The roll is the angle in the picture; the motion is of the same kind as a person's."""
    upright, tilted = (wrapper.motion_extractor(cat_frame(Pose(roll))) for roll in (0, 10))
    assert tilted["roll"] - upright["roll"] == pytest.approx(10, abs=3)
    assert {name: np.shape(upright[name]) for name in ("R", "t", "exp", "kp")} == {
        "R": (3, 3),
        "t": (3,),
        "exp": (21, 3),
        "kp": (21, 3),
    }


def test_motion_of_a_person_and_of_nobody(wrapper, person):
    motion = wrapper.motion_extractor(person[0])
    assert all(abs(motion[name]) < 25 for name in ("pitch", "yaw", "roll"))
    with pytest.raises(NoFaceError, match="no face found in the frame"):
        wrapper.motion_extractor(np.full((64, 64, 3), 90, np.uint8))


def test_the_shipped_cat_is_as_it_was():
    """No test drew into the picture that all share."""
    np.testing.assert_array_equal(read_picture(CAT), cat())
