"""The command with the model that ships: what it prints, and how it fails."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from src.cli.inference import main
from src.media.picture import write_picture
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.motion.template import load_template, save_template

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "assets/examples/source/s9.jpg"
SHORT = ROOT / "tests/data/media/short.mp4"


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    """Files that are wrong in one way each, and a driver of three frames."""
    folder = tmp_path_factory.mktemp("media")
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    write_picture(folder / "noise.png", noise)
    with (
        VideoWriter(folder / "noise.mp4", 25) as faceless,
        VideoWriter(folder / "d.mp4", Fraction(30000, 1001)) as face,
    ):
        for frame in islice(open_video(SHORT), 3):
            faceless.write(noise)
            face.write(frame.rgb)
    (folder / "text.jpg").write_text("a picture, honestly")
    (folder / "empty.jpg").touch()
    (folder / "cut.jpg").write_bytes(SOURCE.read_bytes()[:4000])
    (folder / "cut.mp4").write_bytes(SHORT.read_bytes()[:4000])
    (folder / "cut.safetensors").write_bytes((ROOT / "assets/examples/driving/talk.safetensors").read_bytes()[:300])
    (folder / "page.mp4").write_text("<!DOCTYPE html><html>not found</html>")
    return folder


@pytest.fixture
def run(media, tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder; gives exit code, stdout, the lines of stderr and the error in full."""
    monkeypatch.chdir(tmp_path)

    def command(*words, source=SOURCE, driving="d.mp4"):
        inputs = []
        for name, path in (("-s", source), ("-d", driving)):
            if path:  # a tilde counts at the start alone
                inputs += [name, path if str(path).startswith("~") else str(media / path)]
        code = main([*inputs, *words])
        out, err = capsys.readouterr()
        lines = err.splitlines()
        first = next((i for i, line in enumerate(lines) if line.startswith("error:")), len(lines))
        assert "Traceback" not in err
        return code, out, lines[:first], lines[first:]

    return command


def test_success(run):
    code, out, log, error = run("--output", "r.mp4")
    assert (code, out, error) == (0, "r.mp4\n", [])
    assert sum("compact" in line for line in log if line.startswith("warning:")) == 1  # which model, in one line
    assert any("Animating" in line and "3/3" in line and "frames/s" in line for line in log)
    for name in ("r.mp4", "r_concat.mp4"):
        video = open_video(name)
        assert (video.n_frames, video.fps) == (3, Fraction(30000, 1001))


def test_template_alone(run):
    code, out, _, _ = run("--save_motion_template", "m", source=None)
    assert (code, out) == (0, "m.safetensors\n") and load_template("m.safetensors").model == "compact"


WRONG_FILES = [
    ("source", "none.jpg", "'.*none.jpg' does not exist"),
    ("driving", "none.mp4", "'.*none.mp4' does not exist"),
    ("source", "text.jpg", "'.*text.jpg' is a text file"),
    ("source", "empty.jpg", "'.*empty.jpg' is empty"),
    ("source", "cut.jpg", "'.*cut.jpg' is damaged"),
    ("source", "noise.png", "no face found in the source .*noise.png"),
    ("driving", "noise.mp4", "no face found in the driving .*noise.mp4"),
    ("driving", "noise.png", "no face found in the driving .*noise.png"),
    ("driving", "cut.mp4", "cut.mp4' .*(damaged|decoded)"),
    ("driving", "cut.safetensors", "cut.safetensors"),
    ("driving", "page.mp4", "'.*page.mp4' is a web page"),
    ("driving", "text.jpg", "'.*text.jpg' is a text file"),
    ("source", "~draft.jpg", "'~draft.jpg' does not exist"),
    ("source", "x" * 300, "too long"),
]
WRONG_OPTIONS = [
    (["--output", "file/r.mp4"], "cannot be written: .*file' is no folder"),
    (["--output", ""], "--output is empty"),
    (["-o", ""], "--output_dir is empty"),
    (["--output", "x" * 300 + ".mp4"], "too long"),
    (["--crf", "99"], "--crf must lie between 0 and 51, got 99"),
    (["--crf", "-1"], "--crf must"),
    (["--batch_size", "0"], "--batch_size must be at least 1, got 0"),
    (["--batch_size", "-2"], "--batch_size must"),
    (["--eyes_retargeting_ratio", "nan"], "eyes_retargeting_ratio must be a finite number"),
    (["--lip_retargeting_ratio", "-1"], "lip_retargeting_ratio must lie between 0 and 2"),
    (["--driving_multiplier", "inf"], "driving_multiplier must be a finite number"),
    (["--scale", "0"], "--scale must be a number above 0, got 0"),
    (["--vx_ratio", "nan"], "--vx_ratio must be a finite number"),
    (["--det_thresh", "2"], "--det_thresh must"),
    (["--source_max_dim", "4"], "no face found in the source"),
    (["--device", "abacus"], "device 'abacus' is unknown"),
    (["--device", "cuda:99"], "'cuda:99' was asked for"),
    (["--device", "cuda", "--flag_force_cpu"], "--flag_force_cpu contradicts"),
    (["--save_motion_template", "m.txt"], "a motion template ends in"),
    (["--save_motion_template", ""], "--save_motion_template is empty"),
]


def check_refusal(result, message):
    code, out, _, error = result
    assert code == 1 and out == "" and len(error) == 1
    assert re.search(message, error[0]), error[0]


@pytest.mark.parametrize(("role", "name", "message"), WRONG_FILES, ids=lambda value: str(value)[:20])
def test_wrong_files(run, role, name, message):
    check_refusal(run("--output", "r.mp4", **{role: name}), message)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("words", "message"), WRONG_OPTIONS, ids=lambda value: str(value)[:20])
def test_wrong_options(run, words, message):
    Path("file").touch()
    check_refusal(run(*words), message)
    assert [path.name for path in Path().iterdir()] == ["file"]


def test_official_weights_that_are_not_there(run, tmp_path):
    code, out, _, error = run("--model", "base", "--weights_dir", "weights")
    assert code == 1 and out == "" and len(error) == 1
    assert "5 of 5 files are not in 'weights'" in error[0] and "hf download KwaiVGI/LivePortrait" in error[-1]


def test_a_template_of_the_official_model(run, tmp_path):
    template = load_template(ROOT / "assets/examples/driving/talk.safetensors")
    save_template(replace(template, model="base"), tmp_path / "base.pkl")
    check_refusal(run(driving=tmp_path / "base.pkl"), "holds keypoints of the model 'base' and cannot drive 'compact'")


def test_the_driver_is_not_overwritten(run, media, tmp_path):
    own = Path(shutil.copy(media / "d.mp4", tmp_path / "own.mp4"))
    Path("link.mp4").symlink_to(own)
    before = own.read_bytes()
    check_refusal(run("--output", "link.mp4", driving=own), "would overwrite its own input .link.mp4")
    assert own.read_bytes() == before


def test_the_script_in_a_process_of_its_own(tmp_path):
    command = [sys.executable, ROOT / "inference.py", "--driving", SHORT, "--source", "none.jpg"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1] == "error: 'none.jpg' does not exist" and "Traceback" not in done.stderr
