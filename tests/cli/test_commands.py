"""The documented commands of both vocabularies, word for word, on short clips with the shipped model."""

import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import pytest

from src.cli import crop_face, inference
from src.media.picture import read_picture, write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.motion.template import load_template, save_template
from src.pipeline import inputs
from tests.animals import cat_frame, swaying, write_frames

pytestmark = pytest.mark.usefixtures("search_animals_once")

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "assets"
N = 4  # frames of every clip
FPS = Fraction(25)


@dataclass(frozen=True)
class Row:
    """A command and what it must leave behind.

    Attributes:
        command: as documented, without `python`.
        result: the file on stdout.
        size: width and height of the result; None = not checked.
        frames: of the result; 0 = a picture, or a template.
        sound: whether it must have a sound track.
        concat: the side-by-side file; "" = beside the result, under its usual name; None = there is none.
    """

    command: str
    result: str
    size: tuple[int, int] | None = None
    frames: int = N
    sound: bool = True
    concat: str | None = ""


ROWS = [
    Row("inference.py", "animations/s0--d0.mp4"),
    Row(
        "inference.py --source assets/examples/source/s1.jpg --driving assets/examples/driving/d0.mp4 "
        "--output results/output.mp4",
        "results/output.mp4",
    ),
    Row(
        "inference.py --source source.jpg --driving video.mp4 --output output.mp4 --paste_back --audio",
        "output.mp4",
    ),
    Row(
        "inference.py --source source_video.mp4 --driving driving_video.mp4 --output output.mp4 --v2v",
        "output.mp4",
    ),
    Row(
        "inference.py --driving video.mp4 --save_motion_template motion.pkl",
        "motion.pkl",
        frames=0,
        concat=None,
    ),
    Row(
        "inference.py --source portrait.jpg --motion_template motion.pkl --output result.mp4",
        "result.mp4",
        sound=False,
    ),
    Row("inference.py --source source.jpg --driving video.mp4 --flag_do_crop", "animations/source--video.mp4"),
    Row(
        "inference.py --source source.jpg --driving video.mp4 --output_size 256",
        "animations/source--video.mp4",
        size=(218, 256),
    ),
    Row("inference.py --device cpu", "animations/s0--d0.mp4"),
    Row(
        "inference.py --source 'my portrait.jpg' --driving video.mp4 "
        "--output \"results/$(basename 'my portrait.jpg' .jpg).mp4\"",
        "results/my portrait.mp4",
    ),
    Row("inference.py -s assets/examples/source/s9.jpg -d assets/examples/driving/d0.mp4", "animations/s9--d0.mp4"),
    Row("inference.py -s assets/examples/source/s13.mp4 -d assets/examples/driving/d0.mp4", "animations/s13--d0.mp4"),
    Row(
        "inference.py -s assets/examples/source/s9.jpg -d assets/examples/driving/d13.mp4 --flag_crop_driving_video",
        "animations/s9--d13.mp4",
    ),
    Row(
        "inference.py -s assets/examples/source/s9.jpg -d assets/examples/driving/d5.pkl",
        "animations/s9--d5.mp4",
        sound=False,
    ),
    Row(
        "inference.py -s assets/examples/source/s13.mp4 -d assets/examples/driving/d5.pkl",
        "animations/s13--d5.mp4",
    ),
    Row(
        "inference.py -s assets/examples/source/s5.jpg -d assets/examples/driving/d30.jpg",
        "animations/s5--d30.jpg",
        frames=0,
        concat="animations/s5--d30_concat.jpg",
    ),
    Row(
        "inference.py -s assets/examples/source/s5.jpg -d assets/examples/driving/d0.mp4 --animation_region lip",
        "animations/s5--d0.mp4",
    ),
    Row("inference.py --no_flag_relative_motion", "animations/s0--d0.mp4"),
    Row("inference.py --no_flag_use_half_precision", "animations/s0--d0.mp4"),
    Row("inference_animals.py", "animations/cat--smile.mp4", size=(450, 300), sound=False),
    Row(
        "inference_animals.py --source cat.jpg --driving cat_video.mp4 --output animated_cat.mp4",
        "animated_cat.mp4",
        size=(450, 300),
    ),
    Row("inference_animals.py -s cat.jpg -d video.mp4", "animations/cat--video.mp4", size=(450, 300)),
    Row(
        "inference_animals.py -s assets/examples/source/s39.jpg -d assets/examples/driving/wink.pkl "
        "--driving_multiplier 1.75 --no_flag_stitching",
        "animations/s39--wink.mp4",
        size=(450, 300),
        sound=False,
    ),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that the documents name; all clips are short."""
    home = tmp_path_factory.mktemp("commands")
    source, driving = home / "assets/examples/source", home / "assets/examples/driving"
    source.mkdir(parents=True)
    driving.mkdir(parents=True)
    for name in ("s0.jpg", "s1.jpg", "s9.jpg"):
        shutil.copy(ASSETS / "examples/source" / name, source / name)
    shutil.copy(ASSETS / "examples/source/s0.jpg", source / "s5.jpg")
    for name in ("source.jpg", "portrait.jpg", "my portrait.jpg"):
        shutil.copy(ASSETS / "examples/source/s0.jpg", home / name)
    frames = [frame.rgb for frame in islice(open_video(ASSETS / "examples/driving/d0.mp4"), N)]
    _write(driving / "d0.mp4", frames)
    wide = [frame[64:448] for frame in frames]  # 512 x 384: not square
    _write(driving / "d13.mp4", wide)
    write_picture(driving / "d30.jpg", wide[0])
    _write(source / "s13.mp4", frames)
    for name in ("video.mp4", "source_video.mp4", "driving_video.mp4"):
        shutil.copy(driving / "d0.mp4", home / name)
    for cat in (source / "cat.jpg", source / "s39.jpg", home / "cat.jpg"):
        shutil.copy(ASSETS / "examples/source/cat.jpg", cat)
    write_frames(home / "cat_video.mp4", [cat_frame(pose) for pose in swaying(24)[:N]])
    smile = load_template(ASSETS / "examples/driving/smile.safetensors")
    save_template(replace(smile, motion=smile.motion[:N]), driving / "smile.safetensors")
    return home


def _write(path: Path, frames: list) -> None:
    with VideoWriter(path, FPS, audio_from=ASSETS / "examples/driving/d0.mp4") as writer:
        for frame in frames:
            writer.write(frame)


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Runs a command in the folder and gives the last line on stdout; it must end well."""
    monkeypatch.chdir(home)
    monkeypatch.setattr(inputs, "assets_dir", lambda: home / "assets")

    def run(command: str) -> str:
        spoken = subprocess.run(["bash", "-c", f"printf '%s\\n' {command}"], capture_output=True, text=True, check=True)
        script, *words = spoken.stdout.splitlines()
        assert script == shlex.split(command)[0]
        main = inference.main_animals if script == "inference_animals.py" else inference.main
        assert main([*words, "--model", "compact"]) == 0
        return capsys.readouterr().out.splitlines()[-1]

    return run


def make_templates(run: Callable[[str], str]) -> None:
    """The templates that the documents take for granted."""
    for name in ("motion.pkl", "assets/examples/driving/d5.pkl", "assets/examples/driving/wink.pkl"):
        if not Path(name).exists():
            run(f"inference.py --driving video.mp4 --save_motion_template {name}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.command.removeprefix("inference.py").strip() or "defaults")
def test_documented_command(run, row):
    make_templates(run)
    shutil.rmtree("animations", ignore_errors=True)
    assert run(row.command) == row.result
    result = Path(row.result)
    if row.concat is not None:
        assert Path(row.concat or result.with_stem(f"{result.stem}_concat")).is_file()
    if row.frames:
        video = open_video(result)
        assert (video.n_frames, video.fps) == (row.frames, FPS) and has_audio(result) == row.sound
        assert len(list(video)) == row.frames
    if row.size:
        assert open_video(result).size == row.size
    if row.command.startswith("inference_animals.py"):
        assert open_video(result.with_suffix(".gif")).size[0] == 256


def test_the_result_is_plain_h264(run):
    """So that `ffmpeg -i temp.mp4 -r 15 output.gif` and every player take it."""
    run("inference.py --source source.jpg --driving video.mp4 --output temp.mp4")
    with av.open("temp.mp4") as container:
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")


def test_crop_face(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    assert crop_face.main(["--input", "source.jpg", "--output", "cropped.jpg"]) == 0
    assert read_picture("cropped.jpg").shape == (512, 512, 3)


def test_crop_face_of_an_animal(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    assert crop_face.main(["--input", "cat.jpg", "--output", "cropped.jpg", "--animal"]) == 0
    assert capsys.readouterr().out == "cropped.jpg\n" and read_picture("cropped.jpg").shape == (512, 512, 3)


@pytest.mark.parametrize("missing", ["assets/examples/source/s23.jpg", "assets/examples/driving/d7.pkl"])
def test_a_file_that_is_not_shipped(home, monkeypatch, capsys, missing):
    monkeypatch.chdir(home)
    option = "-s" if "source" in missing else "-d"
    assert inference.main([option, missing, "--model", "compact"]) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error == f"error: '{missing}' does not exist"


@pytest.mark.slow
def test_a_loop_of_the_shell(home, monkeypatch):
    """One process per picture, from another folder, with a template that is made once."""
    monkeypatch.chdir(home)
    loop = f"""
        set -e
        {sys.executable} {ROOT}/inference.py --model compact --driving video.mp4 --save_motion_template loop/motion.pkl
        for img in source.jpg "my portrait.jpg"; do
            {sys.executable} {ROOT}/inference.py --model compact --source "$img" --motion_template loop/motion.pkl \\
                --output "loop/$(basename "$img" .jpg).mp4"
        done"""
    subprocess.run(["bash", "-c", loop], check=True, capture_output=True)
    assert sorted(path.name for path in Path("loop").iterdir()) == [
        "motion.pkl",
        "my portrait.mp4",
        "my portrait_concat.mp4",
        "source.mp4",
        "source_concat.mp4",
    ]
