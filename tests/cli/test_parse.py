import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from src.cli.inference import parse
from src.config.argument_config import ArgumentConfig

ROOT = Path(__file__).parents[2]
DEFAULTS = ArgumentConfig()
HINTS = get_type_hints(ArgumentConfig)
FROM_PYTHON_ALONE = {
    "animal_face_type",
    "animals",
    "lip_normalize_threshold",
    "paste_unstitched",
    "source_video_eye_retargeting_threshold",
}
OPTIONS = sorted({field.name for field in fields(ArgumentConfig)} - FROM_PYTHON_ALONE)


def test_nothing_given():
    assert parse([]) == DEFAULTS


def other_value(name):
    """A value for an option that is not its default, and how it is written on the command line."""
    default, kinds = getattr(DEFAULTS, name), get_args(HINTS[name])
    if name == "source_points":
        return ("1,2", "3,4", "5,6", "7,8"), ["--source_points", "1,2", "3,4", "5,6", "7,8"]
    if isinstance(default, bool):
        return not default, [f"--no_{name}" if default else f"--{name}"]
    if get_origin(HINTS[name]) is Literal:
        value = next(choice for choice in kinds if choice != default)
    elif isinstance(default, str) or str in kinds or HINTS[name] is Any:
        value = "some thing/x"
    elif Path in kinds:
        value = Path("some/thing")
    elif isinstance(default, float):
        value = -0.75
    else:
        value = 7
    return value, [f"--{name}", str(value)]


@pytest.mark.parametrize("name", OPTIONS)
def test_every_option_arrives(name):
    value, words = other_value(name)
    assert value != getattr(DEFAULTS, name)
    assert parse(words) == replace(DEFAULTS, **{name: value})
    assert parse([words[0].replace("_", "-"), *words[1:]]) == replace(DEFAULTS, **{name: value})


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["-s", "a.jpg", "-d", "b.mp4"], {"source": "a.jpg", "driving": "b.mp4"}),
        (["--source_image", "a.jpg", "--driving-video", "b.mp4"], {"source": "a.jpg", "driving": "b.mp4"}),
        (["-d", "a", "--driving", "b", "--driving_video=c"], {"driving": ["a", "b", "c"]}),
        (["-d", "None", "-s", "None", "--motion_template", "None"], {}),
        (["-d", "None", "-d", "a"], {"driving": "a"}),
        (["-p", "8890", "--share"], {"server_port": 8890, "share": True}),
        (["--server_name", "None"], {"server_name": None}),
        (["--no_v2v", "--no-smooth", "--no_match_color", "--no-auto-template", "--no_share"], {}),
        (["--faces", "0,2", "--expression_scale", "true"], {"faces": "0,2", "expression_scale": "true"}),
        (["--output_size=256", "--report=r.json"], {"output_size": 256, "report": "r.json"}),
        (["--driving_smooth_observation_variance", "1e-5"], {"driving_smooth_observation_variance": 1e-5}),
        (["-o", "out"], {"output_dir": "out"}),
        (["-o", "result.mp4"], {"output_dir": "result.mp4"}),  # taken for a file by the rules of output paths
        (["--paste_back"], {}),
        (["--no_paste_back"], {"flag_pasteback": False}),
        (["--no-paste-back"], {"flag_pasteback": False}),
        (["--flag_lip_zero"], {"flag_normalize_lip": True}),
        (["--no_flag_relative"], {"flag_relative_motion": False}),
        (["--no-flag-relative"], {"flag_relative_motion": False}),
        (["--no_audio"], {"audio": False}),
        (["--audio", "--no_concat"], {"concat": False}),
        (["--output=-r.mp4"], {"output": "-r.mp4"}),
        (["--source=-s.jpg"], {"source": "-s.jpg"}),
        (["--source", "a \"b\" 'c' ü 例.jpg"], {"source": "a \"b\" 'c' ü 例.jpg"}),
        (["--vy_ratio", "-0.3", "--vx_ratio=-1e-2"], {"vy_ratio": -0.3, "vx_ratio": -0.01}),
        (["--batch_size", "None"], {}),
        (["--crf=0"], {"crf": 0}),
    ],
)
def test_spellings(words, changes):
    assert parse(words) == replace(DEFAULTS, **changes)


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["--flag_stitching", "--no_flag_stitching"], {"flag_stitching": False}),
        (["--no_flag_stitching", "--flag_stitching"], {}),
        (["--no_paste_back", "--flag_pasteback"], {}),
        (["--flag_pasteback", "--no_paste_back"], {"flag_pasteback": False}),
        (["--crf", "1", "--crf", "2"], {"crf": 2}),
        (["-s", "a", "--source", "b"], {"source": "b"}),
        (["--source", "b", "-s", "a"], {"source": "a"}),
        (["--motion_template", "a", "--motion-template", "b"], {"motion_template": "b"}),
    ],
)
def test_the_last_one_wins(words, changes):
    assert parse(words) == replace(DEFAULTS, **changes)


@pytest.mark.parametrize(
    "words",
    [
        ["--bogus"],
        ["positional"],
        ["--flag_stitch"],  # no abbreviations
        ["--sour", "a"],
        ["--FLAG_STITCHING"],
        ["--flag_stitching", "True"],
        ["--flag_stitching=False"],
        ["--source"],
        ["--source", "-x.jpg"],  # --source=-x.jpg or ./-x.jpg
        ["--crf", "good"],
        ["--crf", "1.5"],
        ["--scale", "large"],
        ["--model", "horses"],
        ["--source_points", "1,2", "3,4"],
        ["--animals"],
        ["--animation_region", "nose"],
        ["--detector", "haar"],
        ["--flag_video_editing_head_rotation"],
        ["-d", "a.mp4", "b.mp4"],  # one file after each -d
        ["-d"],
        ["--on_missing", "skip"],
        ["--output_size", "large"],
        ["--lip_normalize_threshold", "0.1"],
    ],
)
def test_mistakes_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parse(words)
    out, err = capsys.readouterr()
    assert caught.value.code == 2 and out == "" and "--help" in err and "Traceback" not in err


def test_a_misspelt_option_is_answered_by_the_right_one(capsys):
    with pytest.raises(SystemExit):
        parse(["--flag_stiching"])
    assert "--flag_stitching" in capsys.readouterr().err


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_lists_every_option(word, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as caught:
        parse([word])
    out = capsys.readouterr().out
    assert caught.value.code == 0
    for name in OPTIONS:
        assert f"--{name}" in out
    assert not [name for name in FROM_PYTHON_ALONE if f"--{name}" in out]
    for text in ("-s", "-d", "-o", "--paste_back", "s0.jpg", "d0.mp4", "animations/", "python inference.py"):
        assert text in out


def test_help_does_not_wait_for_the_networks():
    """The root script, its help, and what was imported for it."""
    code = (
        "import runpy, sys\nsys.argv = ['inference.py', '-h']\n"
        "try: runpy.run_path('inference.py', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'cv2', 'onnxruntime', 'av', 'scipy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--driving" in done.stdout and "inference.py" in done.stdout


def test_help_into_a_pipe_that_closes_early():
    command = [sys.executable, ROOT / "inference.py", "--help"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == "" and process.wait(60) == 0
