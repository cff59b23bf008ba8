import os
import signal

import pytest

from src.cli.console import ProgressBars
from src.cli.train import main
from tests.training.toy_faces import write_toy_data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_toy_data(tmp_path_factory.mktemp("cli") / "data", clips=2, frames=6, stills=0)


@pytest.fixture
def run(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def command(*words):
        code = main(["--data", str(data), "--device", "cpu", *map(str, words)])
        return code, *capsys.readouterr()

    return command


def test_the_documented_command(run, tmp_path):
    code, out, err = run("--config", "compact", "--steps", 1, "--sources", 1, "--backbone", "none")
    assert code == 0 and "error" not in err
    files = [tmp_path / line for line in out.split()]
    assert {file.name for file in files} == {
        "appearance_feature_extractor.safetensors",
        "warping_module.safetensors",
        "spade_generator.safetensors",
    }
    assert all(file.is_file() and file.parent.name == "compact" for file in files)
    assert (tmp_path / "runs/compact_stage1/checkpoints").is_dir()


def test_a_run_is_left_in_time_and_resumed(run):
    words = ("--stage", 2, "--steps", 3, "--sources", 4, "--stop_after", 1e-9)
    outputs = [run(*words), *(run(*words, "--resume") for _ in range(3))]
    assert [code for code, _, _ in outputs] == [0, 0, 0, 0]
    assert [bool(out) for _, out, _ in outputs] == [False, False, True, True]
    assert "going on after step 1" in outputs[1][2]
    assert "step 3 was done before: nothing is left to train" in outputs[3][2]
    assert not any("nothing is left" in err for _, _, err in outputs[:3])


def test_ctrl_c_saves_and_says_how_to_go_on(run, tmp_path, monkeypatch):
    asked = []

    def progress(bars, stage, done, total):
        if done == 2 and not asked:
            asked.append(os.kill(os.getpid(), signal.SIGINT))

    monkeypatch.setattr(ProgressBars, "__call__", progress)
    words = ("--stage", 2, "--steps", 3, "--sources", 4)
    code, out, err = run(*words)
    assert (code, out) == (130, "") and err.endswith("stopped\n") and "Traceback" not in err
    assert "left after step 2 of 3: the same command with --resume goes on" in err
    code, out, err = run(*words, "--resume")
    assert code == 0 and out and "going on after step 2" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", 0), "error: --steps must be 1 or more, got 0"),
        (("--steps", 1, "--config", "large"), "error: there is no recipe 'large'"),
        (("--steps", 1, "--resume"), "error: there is no checkpoint"),
        (("--steps", 1, "--init", "lost"), "error: "),
        (("--steps", 1, "--device", "abacus"), "error: device 'abacus' is unknown"),
    ],
)
def test_errors_are_one_line(run, words, message):
    code, out, err = run("--backbone", "none", *words)
    assert (code, out) == (1, "")
    (line,) = [line for line in err.splitlines() if line.startswith("error:")]
    assert line.startswith(message)


def test_no_data(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--steps", "1"]) == 1
    assert "prepare_data.py" in capsys.readouterr().err
