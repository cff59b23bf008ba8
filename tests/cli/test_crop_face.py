import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from src.cli.crop_face import main, parse
from src.config.argument_config import ArgumentConfig
from src.config.crop_face_options import CropFaceOptions
from src.media.picture import read_picture, write_picture

pytestmark = pytest.mark.usefixtures("search_animals_once")

ROOT = Path(__file__).parents[2]
MONA_LISA = ROOT / "assets/examples/source/s9.jpg"
CAT = ROOT / "assets/examples/source/cat.jpg"
POINTS = ["60,50", "140,52", "100,100", "99,120"]  # somewhere; nobody looks whether an animal is there


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def command(*words):
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return command


def test_the_documented_command(run):
    code, out, err = run("--input", MONA_LISA, "--output", "cropped.jpg")
    assert (code, out) == (0, "cropped.jpg\n") and "error" not in err
    assert read_picture("cropped.jpg").shape == (512, 512, 3)


def test_short_names(run):
    code, out, _ = run("-i", MONA_LISA, "-o", "c.png", "--dsize", "64", "--faces", "all", "--no_flag_do_rot")
    assert (code, out) == (0, "c_0.png\n") and read_picture("c_0.png").shape == (64, 64, 3)


def test_a_list_of_faces(run):
    code, out, _ = run("-i", MONA_LISA, "--list")
    head, row, picture = out.splitlines()
    assert (code, picture) == (0, "s9_faces.jpg") and Path(picture).is_file()
    assert head.split() == ["face", "left", "top", "right", "bottom", "size", "score"]
    number, left, top, right, bottom, size, score = row.split()
    assert number == "0" and size == f"{int(right) - int(left)}x{int(bottom) - int(top)}"
    assert 0.5 < float(score) <= 1


def test_no_face(run, tmp_path):
    write_picture(tmp_path / "grey.png", read_picture(MONA_LISA)[:40, :40])
    code, out, err = run("-i", "grey.png")
    assert (code, out) == (1, "")
    assert [line for line in err.splitlines() if line.startswith("error:")] == [
        "error: no face found in 'grey.png': it must show a face from the front (--animal: of a cat or dog)"
    ]


def test_an_animal_whose_points_are_given(run):
    code, out, _ = run("-i", CAT, "--animal", "--source_points", *POINTS, "--dsize=64", "-o", "cat.png")
    assert (code, out) == (0, "cat.png\n") and read_picture("cat.png").shape == (64, 64, 3)
    code, out, _ = run("-i", CAT, "--animal", "--source_points", *POINTS, "--list")
    _, row, picture = out.splitlines()
    assert (code, picture, row.split()) == (0, "cat_faces.jpg", ["0", "60", "50", "140", "120", "80x70", "1.00"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--source_points", *POINTS], "--source_points needs --animal"),
        (
            ["--animal", "--source_points", "1,2", "3,4", "5,6", "7,8"],
            "--source_points 1,2 3,4 5,6 7,8 are not eyes with a nose and a mouth below them",
        ),
        (["--animal", "--source_points", "left", "right", "nose", "mouth"], "left right nose mouth is not four points"),
        (["--animal", "--source_points", "1,2", "9999,2", "5000,4000", "5000,6000"], "leave the picture of"),
    ],
)
def test_points_that_are_refused(run, words, message):
    code, out, err = run("-i", CAT, *words)
    (line,) = [line for line in err.splitlines() if line.startswith("error:")]
    assert (code, out) == (1, "") and message in line and list(Path().iterdir()) == []


def test_a_person_is_no_animal(run):
    code, out, err = run("-i", MONA_LISA, "--animal")
    assert (code, out) == (1, "") and "no animal's face found in" in err and "--source_points" in err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--input"],
        ["-i", "a.jpg", "--bogus"],
        ["-i", "a", "--dsize", "large"],
        ["-i", "a", "--animal", "--source_points", "1,2", "3,4"],
        ["-i", "a", "--animal_detector", "haar"],
    ],
)
def test_mistakes_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2 and "--help" in capsys.readouterr().err


def test_defaults_are_those_of_animating():
    args = ArgumentConfig()
    given = vars(parse(["-i", "a.jpg"]).crop)
    assert (
        given.pop("animal") is False
        and given.pop("dsize") == 512
        and given.pop("scale") is None
        and given.pop("vy_ratio") is None
    )
    assert given == {name: getattr(args, name) for name in given}


def test_every_option_is_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        parse(["-h"])
    out = capsys.readouterr().out
    for name in ("input", "output", "list", *(field.name for field in fields(CropFaceOptions))):
        assert f"--{name}" in out


def test_the_script_and_its_help_do_not_wait_for_the_networks():
    code = (
        "import runpy, sys\nsys.argv = ['crop_face.py', '-h']\n"
        "try: runpy.run_path('crop_face.py', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'cv2', 'onnxruntime', 'av', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--dsize" in done.stdout
