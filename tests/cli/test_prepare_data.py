import os
import signal
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path

import pytest

from src.cli.prepare_data import DESCRIPTION, main, parse, sheets
from src.media.picture import write_picture
from src.training.data.index import read_index
from src.training.prepare import prepare as module
from src.training.prepare.options import LabelOptions, PrepareOptions, ShotOptions
from src.training.prepare.report import Report
from tests.training.prepare.footage import frame, wall, write_video
from tests.training.prepare.in_process import prepare_here

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Runs the command on a small folder, in one process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "prepare_files", prepare_here)
    write_picture(tmp_path / "in/a.png", frame())
    write_picture(tmp_path / "in/b.png", wall())
    (tmp_path / "in/c.txt").write_text("hello")

    def command(*words):
        code = main(["-i", "in", "-o", "data", "--workers", "1", *map(str, words)])
        return code, *capsys.readouterr()

    return command


def test_the_documented_command(run):
    code, out, err = run("--held_out", "a", "b", "--licence", "CC BY 4.0")
    assert code == 0 and out.splitlines()[-1] == "data" and "error" not in err
    (row,) = read_index(Path("data"))
    assert (row.source, row.split, row.licence) == ("a.png", "held_out", "CC BY 4.0")
    lines = [line.replace("│", " ").split() for line in out.splitlines()]
    assert ["held_out", "stills", "1", "1", "1"] in lines and ["train", "clips", "0", "0", "0"] in lines
    assert ["no", "face", "1", "1"] in lines and ["b.png", "no", "face"] in lines
    assert any(line[:1] == ["c.txt"] for line in lines) and "licences: CC BY 4.0 (1)" in out


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_odd_names(run, tmp_path):
    write_picture(tmp_path / "in/[red] [/b].png", wall())
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/caf\xe9.txt")).write_text("hello")
    code, out, _ = run()
    assert code == 0 and "[red] [/b].png" in out and "caf\\udce9.txt" in out


def test_nothing_is_said_of_licences_where_there_are_no_shots():
    ready, *more = sheets(Report({}, [], {}))
    assert not ready.notes and not more and len(ready.rows) == 4


def test_the_examples_are_not_refused():
    examples = [line.split()[2:] for line in DESCRIPTION.splitlines() if line.startswith("  python prepare_data.py")]
    assert len(examples) == 2
    for words in examples:
        parse(words).check()


def test_a_share_of_people_who_are_not_known(run):
    code, out, err = run("--held_out_share", "0.1")
    assert (code, out) == (1, "") and "--identity_from folder" in err.splitlines()[-1]
    assert run("--held_out_share", "1", "--identity_from", "file")[0] == 0


def test_a_second_call_says_that_all_is_ready(run):
    run()
    code, out, err = run()
    assert code == 0 and "2 files are ready already" in err and out.splitlines()[-1] == "data"


def test_mistakes_are_told_in_one_line(run):
    run()
    code, out, err = run("--size", "144")
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == (
        "error: 'data' was made with other options (--size was 288, now 144): use another folder or --overwrite"
    )


@pytest.mark.parametrize(
    "words", [[], ["-i", "a"], ["-i", "a", "-o", "b", "--faces", "x"], ["-i", "a", "-o", "b", "-z"]]
)
def test_mistakes_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        parse(words)
    assert caught.value.code == 2 and "--help" in capsys.readouterr().err


def test_every_option_is_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit):
        parse(["-h"])
    out = capsys.readouterr().out
    names = [field.name for kind in (PrepareOptions, ShotOptions, LabelOptions) for field in fields(kind)]
    for name in set(names) - {"shots", "about"}:
        assert f"--{name}" in out.replace("no_", ""), name


def test_the_script_and_its_help_do_not_wait_for_the_networks():
    code = (
        "import runpy, sys\nsys.argv = ['prepare_data.py', '-h']\n"
        "try: runpy.run_path('prepare_data.py', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'cv2', 'onnxruntime', 'av', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "--cropped" in done.stdout


@pytest.mark.slow
def test_ctrl_c_stops_all_processes_and_leaves_no_half_file(tmp_path):
    for number in range(2):
        write_video(tmp_path / f"in/{number}.mp4", [frame(240 + n % 5) for n in range(8)] * 200)
    write_picture(tmp_path / "in/small.png", frame())
    command = [sys.executable, "prepare_data.py", "-i", tmp_path / "in", "-o", tmp_path / "data", "--workers", "2"]
    command += ["--longest", "20"]
    process = subprocess.Popen(
        [*map(str, command)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while len(list(tmp_path.glob("data/shots/*"))) < 2 and process.poll() is None:  # both are at work, perhaps
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it as well
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and err.rstrip().endswith("stopped") and "Traceback" not in err
    assert not list(tmp_path.rglob(".*.part*"))
    assert read_index(tmp_path / "data") == []  # both are still to be done
