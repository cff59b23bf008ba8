"""Animals: one line and exit code 1 for what cannot be animated, and the ways out that the lines name."""

import re
import shutil
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src.cli import inference
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video
from src.motion.template import MotionTemplate, load_template, save_template
from tests.animals import CAT, DRIVER, GIVEN, PERSON, ROOT, write_frames

from .odd_media import nobody
from .sightings import difference
from .whole import check_whole, error_of

pytestmark = pytest.mark.usefixtures("search_animals_once")

SMILE = ROOT / "assets/examples/driving/smile.safetensors"
COMPACT = ["--model", "compact"]
ON_FACE = ["301,119", "345,117", "321,142", "319,160"]  # of s0.jpg


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of a cat, a person and a wall, clips of a person and a wall, and templates; do not write to it."""
    folder = tmp_path_factory.mktemp("animals")
    shutil.copy(CAT, folder / "cat.jpg")
    shutil.copy(PERSON, folder / "person.jpg")
    write_picture(folder / "wall.png", nobody())
    write_frames(folder / "wall.mp4", [nobody()] * 2)
    write_frames(folder / "person.mp4", [frame.rgb[::2, ::2] for frame in islice(open_video(DRIVER), 1)])
    for name in ("frame_1", "frame_2"):
        write_picture(folder / "frames" / f"{name}.png", nobody())
    smile = load_template(SMILE)
    moved = smile.motion[:: smile.n_frames // 2][:2]
    save_template(MotionTemplate(moved, smile.fps, smile.model), folder / "smile.safetensors")
    save_template(MotionTemplate(moved, smile.fps, "base"), folder / "official.pkl")
    return folder


@pytest.fixture
def run(media: Path, tmp_path: Path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs words in an empty folder; names of media stand for their paths. Gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, main: Callable[[list[str]], int] = inference.main_animals) -> tuple[int, str, str]:
        code = main([str(media / word) if (media / word).exists() else word for word in words])
        return code, *capsys.readouterr()

    return run


POINTS = ["--source_points", *GIVEN]
REFUSED = {
    "a person": (["-s", "person.jpg", *COMPACT], "shows a person and no animal: inference.py animates people"),
    "nobody": (["-s", "wall.png", *COMPACT], "no animal's face found in the source '.*wall.png'"),
    "another script's model": (["-s", "cat.jpg", "--model", "base"], "--model base is for people: use inference.py"),
    "no weights": (
        ["-s", "cat.jpg", "--model", "animals"],
        "animals: 5 of 5 files are not in .* could not be fetched: .*HF_HUB_OFFLINE.*hf download KwaiVGI/LivePortrait",
    ),
    "no weights in a folder": (
        ["-s", "cat.jpg", "--model", "animals", "--weights_dir", "frames"],
        "animals: 5 of 5 files are not in '.*frames'",
    ),
    "a video": (["-s", "person.mp4", *COMPACT], "'.*person.mp4' is a video: animals are animated from a picture"),
    "a folder": (["-s", "frames", *COMPACT], "'.*frames' is a .*: animals are animated from a picture"),
    "a picture drives": (
        ["-s", "cat.jpg", "-d", "person.jpg", *COMPACT],
        "'.*person.jpg' is a picture: an animal needs a video or a motion template",
    ),
    "a picture drives into a template": (
        ["-d", "cat.jpg", "--save_motion_template", "m.pkl", *COMPACT],
        "'.*cat.jpg' is a picture: an animal needs a video or a motion template",
    ),
    "an official template": (
        ["-s", "cat.jpg", "-d", "official.pkl", *COMPACT],
        "holds keypoints of the model 'base' and cannot drive 'compact'",
    ),
    "no official template": (
        ["-s", "cat.jpg", "--motion_template", "person.mp4", *COMPACT],
        "--motion_template '.*person.mp4' is a video",
    ),
    "a driver without animals": (
        ["-s", "cat.jpg", *POINTS, "-d", "wall.mp4", "--driving_kind", "animal", *COMPACT],
        "no .*face found in the driving '.*wall.mp4'",
    ),
    "a person's clip as an animal's": (
        ["-s", "cat.jpg", *POINTS, "-d", "person.mp4", "--driving_kind", "animal", *COMPACT],
        "no .*face found in the driving '.*person.mp4'",
    ),
    "a driver without anybody": (
        ["-s", "cat.jpg", *POINTS, "-d", "wall.mp4", *COMPACT],
        "no .*face found in the driving '.*wall.mp4'",
    ),
    "v2v": (["-s", "cat.jpg", "--v2v", *COMPACT], "--v2v needs a video as source"),
    "the mouth above the eyes": (
        ["-s", "cat.jpg", "--source_points", *GIVEN[:3], "240,10", *COMPACT],
        "are not eyes with a nose and a mouth below them",
    ),
    "the other eye first": (
        ["-s", "cat.jpg", "--source_points", GIVEN[1], GIVEN[0], *GIVEN[2:], *COMPACT],
        "are not eyes with a nose and a mouth below them",
    ),
    "one point four times": (["-s", "cat.jpg", "--source_points", *["9,9"] * 4, *COMPACT], "are not eyes"),
    "a word": (["-s", "cat.jpg", "--source_points", "left", *GIVEN[1:], *COMPACT], "is not four points: name the"),
    "three numbers": (["-s", "cat.jpg", "--source_points", "1,2,3", *GIVEN[1:], *COMPACT], "is not four points"),
    "nan": (["-s", "cat.jpg", "--source_points", "nan,2", *GIVEN[1:], *COMPACT], "is not four points"),
    "outside": (
        ["-s", "wall.png", "-d", "smile.safetensors", *POINTS, *COMPACT],
        r"--source_points .* leave the picture of 192 x 192 pixels",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(run, name):
    words, message = REFUSED[name]
    code, out, err = run(*words)
    assert (code, out) == (1, "") and list(Path().iterdir()) == []
    assert re.search(message, error_of(err)), err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-s", "person.jpg", *POINTS], "--source_points is for animals: use inference_animals.py"),
        (["-s", "person.jpg", "--driving_kind", "animal"], "--driving_kind animal is for animals"),
        (["-s", "person.jpg", "--model", "animals"], "--model animals is for animals: use inference_animals.py"),
    ],
)
def test_people_know_no_animals(run, words, message):
    code, out, err = run(*words, main=inference.main)
    assert (code, out) == (1, "") and message in error_of(err) and list(Path().iterdir()) == []


@pytest.mark.parametrize("points", [[], GIVEN[:3], [" ".join(GIVEN)]])
def test_too_few_points(run, points):
    with pytest.raises(SystemExit) as stop:
        run("-s", "cat.jpg", "--source_points", *points)
    assert stop.value.code == 2


@pytest.mark.parametrize("missing", ["assets/examples/source/s39.jpg", "assets/examples/driving/wink.pkl"])
def test_an_example_that_is_not_shipped(run, missing):
    given = ["-s", missing] if "source" in missing else ["-s", "cat.jpg", "-d", missing]
    code, out, err = run(*given, "--driving_multiplier", "1.75", "--no_flag_stitching")
    assert (code, out, error_of(err)) == (1, "", f"'{missing}' does not exist")


def test_the_gif_would_replace_an_input(run, media):
    """The small GIF beside the result is a result, too."""
    Image.fromarray(read_picture(media / "cat.jpg")).save("r.gif")
    before = Path("r.gif").read_bytes()
    code, out, err = run("-s", "r.gif", *POINTS, "-d", "smile.safetensors", "--output", "r.mp4", *COMPACT)
    assert (code, out) == (1, "") and "would overwrite its own input" in error_of(err)
    assert Path("r.gif").read_bytes() == before


# Ways out -------------------------------------------------------------------------------------------------------------


def test_a_person_whose_points_are_named(run):
    """The user insists; the face moves and the rest of the picture stays."""
    words = ["-s", "person.jpg", "-d", "smile.safetensors", "--driving_multiplier", "1.5", "--no_concat"]
    code, out, err = run(*words, "--source_points", *ON_FACE, "--output", "r.mp4", *COMPACT)
    assert (code, out) == (0, "r.mp4\n"), err
    assert check_whole(Path("r.mp4")) == 2 and check_whole(Path("r.gif")) >= 1
    assert not Path("r_concat.mp4").exists()
    source, (first, last) = read_picture(PERSON), (frame.rgb for frame in open_video("r.mp4"))
    assert first.shape == source.shape
    face = np.s_[90:190, 260:380]
    assert difference(first[-300:], source[-300:]) < 3
    assert difference(last[face], first[face]) > 2 * difference(last[-300:], first[-300:]) + 1


def test_another_box_of_results(run):
    """A GIF is its own small GIF; --output_size and a folder as for people."""
    words = ["-s", "cat.jpg", "-d", "smile.safetensors", *POINTS, *COMPACT]
    assert run(*words, "--output", "r.gif", "--no_concat")[:2] == (0, "r.gif\n")
    assert sorted(path.name for path in Path().iterdir()) == ["r.gif"]
    assert run(*words, "-o", "there/", "--output_size", "128")[:2] == (0, "there/cat--smile.mp4\n")
    names = ["cat--smile.gif", "cat--smile.mp4", "cat--smile_concat.mp4"]
    assert sorted(path.name for path in Path("there").iterdir()) == names
    assert max(open_video("there/cat--smile.mp4").size) == 128
