import io

import numpy as np
import pytest
from PIL import Image

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError
from src.media.sniff import MediaKind
from src.pipeline import inputs as module
from src.pipeline.inputs import read_inputs, taken

from .scenes import grey

CLIP = np.stack([grey(50), grey(60)])


@pytest.fixture
def read(inbox):
    return lambda **given: read_inputs(ArgumentConfig(**given), inbox)


@pytest.fixture
def examples(media, tmp_path, monkeypatch):
    examples = {"source/s0.jpg": "s.png", "driving/d0.mp4": "d.mp4"}
    examples |= {"source/cat.jpg": "s.png", "driving/smile.safetensors": "d.safetensors"}
    for place, name in examples.items():
        path = tmp_path / "examples" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((media / name).read_bytes())
    monkeypatch.setattr(module, "assets_dir", lambda: tmp_path)


def test_one_driver(media, read):
    source, (driving,) = read(source=media / "s.png", driving=str(media / "d.mp4"))
    assert (source.path, source.kind) == (media / "s.png", MediaKind.PICTURE)
    assert driving.motion.path == media / "d.mp4" and driving.preview is driving.motion and not driving.is_template


def test_a_template_has_nothing_to_show(media, read):
    _, (driving,) = read(source=media / "s.png", driving=media / "d.safetensors")
    assert driving.is_template and driving.preview is None


def test_the_examples_are_the_defaults(examples, read):
    source, (driving,) = read()
    assert (source.name, driving.motion.name) == ("s0", "d0")
    source, (driving,) = read(save_motion_template="m")
    assert source is None and driving.motion.name == "d0"


@pytest.mark.parametrize(("keypoints", "driver"), [("compact", "smile"), ("base", "d0")])
def test_the_examples_of_animals(examples, inbox, media, keypoints, driver):
    """The example template is of the compact model."""

    def read(**given):
        return read_inputs(ArgumentConfig(animals=True, **given), inbox, keypoints)

    source, (driving,) = read()
    assert (source.name, driving.motion.name, driving.is_template) == ("cat", driver, driver == "smile")
    assert (driving.preview is None) == driving.is_template
    source, (driving,) = read(source=media / "s.png")
    assert (source.name, driving.motion.name) == ("s", driver)
    source, (driving,) = read(driving=media / "d.mp4")
    assert (source.name, driving.motion.name) == ("cat", "d")
    assert read(motion_template=media / "d.safetensors")[1][0].motion.name == "d"


@pytest.mark.parametrize("keypoints", ["compact", "base"])
def test_the_examples_of_people_are_the_same_for_every_model(examples, inbox, keypoints):
    source, (driving,) = read_inputs(ArgumentConfig(), inbox, keypoints)
    assert (source.name, driving.motion.name) == ("s0", "d0")


def test_the_default_is_the_compact_models(examples, inbox):
    assert read_inputs(ArgumentConfig(animals=True), inbox)[1][0].is_template


@pytest.mark.parametrize("form", [list, tuple])
def test_several_drivers(media, read, form):
    _, drivings = read(source=media / "s.png", driving=form([media / "d.mp4", CLIP, str(media / "d.safetensors")]))
    assert [driving.motion.name for driving in drivings] == ["d", "driving", "d"]
    assert [driving.is_template for driving in drivings] == [False, False, True]


@pytest.mark.parametrize("frames", [[grey(50), grey(60)], [Image.fromarray(grey(50)), grey(60)], CLIP])
def test_a_list_of_pictures_is_one_driver(media, read, frames):
    _, (driving,) = read(source=media / "s.png", driving=frames)
    assert driving.motion.kind is MediaKind.VIDEO and len(driving.motion.frames) == 2


def test_lists_of_pictures_are_several(media, read):
    _, drivings = read(source=media / "s.png", driving=[[grey(50), grey(60)], CLIP])
    assert [len(driving.motion.frames) for driving in drivings] == [2, 2]


def test_given_as_data(media, read):
    content = (media / "d.mp4").read_bytes()
    source, (driving,) = read(source=Image.fromarray(grey(90)), driving=io.BytesIO(content))
    assert source.frames.shape == (1, 128, 128, 3) and driving.motion.path.read_bytes() == content


def test_a_template_with_something_to_show(media, read):
    _, (driving,) = read(source=media / "s.png", driving=media / "d.mp4", motion_template=media / "d.safetensors")
    assert driving.motion.path == media / "d.safetensors" and driving.preview.path == media / "d.mp4"
    _, (alone,) = read(source=media / "s.png", motion_template=media / "d.safetensors")
    assert alone.is_template and alone.preview is None


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"driving": "none.mp4"}, MissingFileError, r"none\.mp4"),
        ({"source": "d.safetensors"}, InputError, "motion template: it belongs to --driving"),
        ({"motion_template": "d.mp4"}, InputError, r"--motion_template .*d\.mp4' is a video"),
        ({"motion_template": "d.safetensors", "driving": "still.safetensors"}, InputError, "both motion templates"),
        ({"source": ""}, InputError, "--source is empty"),
        ({"driving": ""}, InputError, "--driving is empty"),
        ({"motion_template": ""}, InputError, "--motion_template is empty"),
    ],
)
def test_refused(media, read, given, error, message):
    given = {"source": "s.png", "driving": "d.mp4", **given}
    with pytest.raises(error, match=message):
        read(**{name: value and str(media / value) for name, value in given.items()})


def test_refused_lists(media, read):
    with pytest.raises(InputError, match="list of drivers is empty"):
        read(source=media / "s.png", driving=[])
    with pytest.raises(InputError, match="drives one face, got 2 --driving"):
        read(source=media / "s.png", driving=[media / "d.mp4"] * 2, motion_template=media / "d.safetensors")


def test_paths_are_meant_as_a_user_means_them(media, inbox, monkeypatch):
    monkeypatch.setenv("HOME", str(media))
    assert taken("~/s.png", "source", inbox).path == media / "s.png"
