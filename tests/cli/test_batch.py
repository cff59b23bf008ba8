"""The command `batch.py` with the model that ships: what it prints, makes and leaves behind."""

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from src.cli.batch import DESCRIPTION, main, parse
from src.cli.inference import main as inference
from src.media.picture import read_picture, write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets/examples"
SHORT = ROOT / "tests/data/media/short.mp4"


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    """Folders `in` with two small portraits and `by` with two drivers of three frames; a.mp4 has sound."""
    folder = tmp_path_factory.mktemp("media")
    for name in ("s0", "s9"):
        picture = read_picture(EXAMPLES / f"source/{name}.jpg")
        write_picture(folder / f"in/{name}.jpg", picture[::2, ::2])
    frames = [frame.rgb for frame in islice(open_video(SHORT), 6)]
    for name, some, sound in (("a", frames[:3], EXAMPLES / "driving/d0.mp4"), ("b", frames[3:], None)):
        with VideoWriter(folder / f"by/{name}.mp4", Fraction(30000, 1001), audio_from=sound) as writer:
            for frame in some:
                writer.write(frame)
    return folder


@pytest.fixture
def run(media, tmp_path, monkeypatch, capsys):
    """Runs the command in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main([*map(str, words), "--model", "compact", "--device", "cpu"])
        return code, *capsys.readouterr()

    return run


def pixels(path) -> list[np.ndarray]:
    return [frame.rgb for frame in open_video(Path(path))]


def test_two_folders(run, media):
    words = ("--sources", media / "in", "--drivings", media / "by", "--output_dir", "out")
    code, out, err = run(*words)
    assert (code, out) == (0, f"{Path.cwd()}/out/results.jsonl\n") and "error" not in err
    assert "4/4 rows, 0 failed" in err and "frames/s" in err and "only gives sound and preview" not in err
    assert sorted(path.name for path in Path("out").glob("[!.]*")) == [
        *("results.jsonl", "s0--a.mp4", "s0--b.mp4", "s9--a.mp4", "s9--b.mp4")
    ]
    assert has_audio(Path("out/s9--a.mp4")) and not has_audio(Path("out/s9--b.mp4"))
    code, _, err = run(*words)
    assert code == 0 and "4 of 4 rows are done already" in err and "rows, 0 failed" not in err
    # portraits that were kept and motion that was read before change no pixel
    single = ["--source", media / "in/s9.jpg", "--driving", media / "by/b.mp4", "--output", "alone.mp4"]
    assert inference([*map(str, single), "--model", "compact", "--device", "cpu"]) == 0
    for one, other in zip(pixels("alone.mp4"), pixels("out/s9--b.mp4"), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_failed_row_is_an_exit_code(run, media):
    rows = [f"{media}/in/s0.jpg,{media}/by/a.mp4,1.mp4", f"{media}/in/none.jpg,{media}/by/a.mp4,2.mp4"]
    Path("m.csv").write_text("source,driving,output\n" + "\n".join(rows) + "\n")
    code, out, err = run("-m", "m.csv")
    assert (code, out) == (1, "") and "1/2 rows" not in err and "2/2 rows, 1 failed" in err
    assert "row 2 failed: '" in err and err.splitlines()[-1].startswith("error: 1 of 2 rows failed: '")
    code, _, err = run("-m", "m.csv")
    assert code == 1 and "--retry_failed" in err


def test_mistakes(run):
    assert run("--sources", "in")[0] == 1
    code, _, err = run("--sources", "in", "--drivings", "by", "--output_dir", "out")
    assert code == 1 and err.splitlines()[-1] == f"error: --drivings: there is no folder '{Path.cwd()}/by'"


def test_defaults():
    command = parse(["-m", "m.csv"])
    assert (command.args.concat, command.args.gif, command.args.flag_stitching) == (False, False, True)
    animals = parse(["-m", "m.csv", "--animals", "--concat"]).args
    assert (animals.animals, animals.concat, animals.flag_stitching) == (True, True, False)


def test_examples():
    examples = [line.split()[2:] for line in DESCRIPTION.splitlines() if line.startswith("  python batch.py")]
    commands = [parse(words) for words in examples]
    for command in commands:
        command.job.check()
        command.runner.check()
    assert len(commands) == 3 and commands[-1].runner.address == "auto"


def test_help_needs_no_networks():
    code = (
        "import runpy, sys\nsys.argv = ['batch.py', '-h']\n"
        "try: runpy.run_path('batch.py', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--manifest" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is a signal there")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption(media, tmp_path, how):
    rows = [f"{media}/in/s0.jpg,{media}/by/a.mp4,{number}.mp4" for number in range(200)]
    (tmp_path / "m.csv").write_text("source,driving,output\n" + "\n".join(rows) + "\n")
    command = [sys.executable, "batch.py", "-m", tmp_path / "m.csv", "--model", "compact", "--device", "cpu"]
    table = tmp_path / "results.jsonl"
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 120
        while not (table.exists() and table.read_text().count("\n") >= 2):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        process.send_signal(how)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err.splitlines()[-1] == "stopped"
    records = [json.loads(line) for line in table.read_text().splitlines()]
    assert 2 <= len(records) < 200 and all(record["status"] == "done" for record in records)
    made = {path.name for path in tmp_path.iterdir() if path.suffix == ".mp4"}
    assert not [name for name in made if name.startswith(".")]  # no half file
    done = {Path(record["output"]).name for record in records}
    assert done <= made and len(made) <= len(done) + 1  # one may have got its name, and not its record yet
