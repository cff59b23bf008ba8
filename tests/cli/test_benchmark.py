from pathlib import Path

import numpy as np
import pytest

from src.benchmark import memory, steadiness
from src.benchmark.memory import MemoryUse
from src.benchmark.steadiness import Steadiness
from src.cli.benchmark import main
from src.errors import NoFaceError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Exit code, the cells of the printed table row by row, and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def command(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        lines = [line for line in out.splitlines() if "│" in line]
        return code, [[cell.strip() for cell in line.strip("│").split("│")] for line in lines], err

    return command


@pytest.fixture
def measured(monkeypatch) -> list[tuple]:
    """What the measurements were asked for; none is made."""
    calls: list[tuple] = []

    def measure_memory(*given):
        calls.append(given)
        return iter([MemoryUse(5.0, 128, 12.34, 559.4), MemoryUse(60.0, 1500, 120.0, 557.2)])

    def measure_steadying(*given):
        calls.append(given)
        mouth = np.sin(np.arange(40) * 0.7)
        return {
            "driver": Steadiness(1.83, 0.353, np.roll(mouth, -1)),
            "plain": Steadiness(2.0, 0.4, mouth),
            "smooth": Steadiness(0.5, 0.38, np.roll(mouth, 2)),
        }

    monkeypatch.setattr(memory, "measure_memory", measure_memory)
    monkeypatch.setattr(steadiness, "measure_steadying", measure_steadying)
    return calls


def test_memory(run, measured):
    code, rows, _ = run("memory")
    assert code == 0
    assert rows == [
        ["5 s", "128", "12.3", "559 MiB", "+0 MiB"],
        ["60 s", "1500", "120.0", "557 MiB", "-2 MiB"],
    ]
    ((driving, seconds, options),) = measured
    assert driving.samefile(ROOT / "assets/examples/driving/d0.mp4")
    assert (seconds, options) == ((5.0, 60.0), ["--model", "compact"])


def test_memory_of_other_clips(run, measured):
    run("memory", "--driving", "d.mp4", "--seconds", "5", "20.5", "60", "--model", "base")
    assert measured == [(Path("d.mp4"), (5.0, 20.5, 60.0), ["--model", "base"])]


def test_jitter(run, measured):
    code, rows, _ = run("jitter")
    assert code == 0
    assert rows == [
        ["driver", "1.830 %", "92%", "0.353", "88%", "-1 frames"],
        ["plain", "2.000 %", "100%", "0.400", "100%", "+0 frames"],
        ["smooth", "0.500 %", "25%", "0.380", "95%", "+2 frames"],
    ]
    ((source, driving, model),) = measured
    assert source.samefile(ROOT / "assets/examples/source/s0.jpg") and model == "compact"
    assert driving.samefile(ROOT / "assets/examples/driving/d0.mp4")


def test_jitter_of_other_files(run, measured):
    run("jitter", "--source", "s.jpg", "--driving", "d.mp4", "--model", "auto")
    assert measured == [(Path("s.jpg"), Path("d.mp4"), "auto")]


def test_a_face_that_is_still(run, monkeypatch):
    """There is nothing to take a share of."""
    still = {name: Steadiness(0.0, 0.0, np.zeros(9)) for name in ("driver", "plain", "smooth")}
    monkeypatch.setattr(steadiness, "measure_steadying", lambda *given: still)
    code, rows, _ = run("jitter")
    assert code == 0 and rows[2] == ["smooth", "0.000 %", "-", "0.000", "-", "+0 frames"]


@pytest.mark.parametrize("words", [("memory", "--driving", "none.mp4"), ("jitter", "--driving", "none.mp4")])
def test_a_file_that_is_not_there(run, words):
    code, rows, err = run(*words)
    assert (code, rows) == (1, []) and err.splitlines()[-1] == "error: 'none.mp4' does not exist"


def test_what_goes_wrong_is_one_line(run, monkeypatch):
    def fail(*given):
        raise NoFaceError("frame 3 of the plain result shows no face")

    monkeypatch.setattr(steadiness, "measure_steadying", fail)
    assert run("jitter") == (1, [], "error: frame 3 of the plain result shows no face\n")


@pytest.mark.parametrize(
    "words",
    [[], ["speed"], ["memory", "--seconds", "long"], ["jitter", "--bogus"], ["memory", "--model", "huge"]],
    ids=lambda words: " ".join(words) or "nothing",
)
def test_mistakes_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and "--help" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "options"), [("memory", "driving seconds"), ("jitter", "source driving")])
def test_every_option_is_in_the_help(capsys, monkeypatch, command, options):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and "None" not in out
    assert all(f"--{name}" in out for name in (*options.split(), "model"))
