import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from src.cli.evaluate import main, parse
from src.cli.evaluate_tables import tables_of
from src.cli.sheets import Sheet
from src.evaluation import identity_weights
from src.evaluation.averages import ClipFigures
from src.evaluation.evaluation import Report
from src.evaluation.plan import PARTS
from src.evaluation.retargeting import figure_of
from src.media.picture import read_picture
from src.training.data.index import read_index, write_index
from tests.evaluation.made_shots import write_data

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("shots") / "data")


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(identity_weights, "identity_folder", lambda: tmp_path / "nothing")

    def command(*words):
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return command


@pytest.mark.slow
def test_all_measurements(run, data, tmp_path):
    words = ["--data", data, "--output", "out", "--frames_per_clip", 2, "--run_length", 3, "--cross_frames", 1]
    code, out, _ = run(*words, "--speed_runs", 1)
    assert code == 0 and out.endswith("out\n")
    for title in ("pictures, self-reenactment", "cross-reenactment", "retargeting", "should move", "time of W+G"):
        assert title in out
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    assert found["methods"] == ["compact", "copy", "tps"]
    means = found["self"]["mean_over_clips"]
    assert means["compact"]["landmarks"] < means["copy"]["landmarks"]
    assert len(found["self"]["clips"]) == 2 * 3 and found["paper"]["psnr"] == 32.0
    assert found["data"]["people"] == ["one", "two"] and len(found["data"]["sources"]) == 3
    assert found["command"].startswith("python evaluate.py --data ") and found["machine"]["torch"]
    assert "--fetch_identity" in found["not_measured"]["identity"] and "lpips" in found["not_measured"]
    text = (tmp_path / "out/metrics.md").read_text()
    assert "| compact |" in text and found["command"] in text
    for name in ("self", "mouth", "blink", "yaw", "cross"):
        assert read_picture(tmp_path / f"out/sheet_{name}.jpg").shape[1] > 500


def test_sets_of_weights_side_by_side(run, data, tmp_path):
    folder = ROOT / "pretrained_weights/compact"
    words = ["--parts", "self", "--clips", 1, "--frames_per_clip", 1, "--run_length", 1]
    code, out, err = run("--data", data, "-o", "out", "--baseline_weights", folder, *words)
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    assert code == 0 and found["methods"] == ["compact", "pretrained_weights", "copy", "tps"]
    means = found["self"]["mean_over_clips"]
    assert means["compact"] == means["pretrained_weights"]  # the same files
    assert all(set(given["shipped"]) == set(given["sha256"]) for given in found["weights"].values())
    hashes = [found["weights"][name]["sha256"] for name in found["methods"][:2]]
    assert hashes[0] == hashes[1] and set(hashes[0]) == {path.name for path in folder.glob("*.safetensors")}
    assert found["self"]["counts"]["copy"] == {"frames": 1, "lost": 0, "faces": 1, "triples": 0}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"metrics.json", "metrics.md"}  # and nothing half
    assert err.count("Self-reenactment") == 1  # no terminal: one line a bar, not one a step
    assert "the paper's" not in out and "PSNR 32.0, SSIM 0.819 and L1 0.0347" in " ".join(out.split())
    assert "landmarks are found by the network from which the compact model's keypoints come" in out


def test_figures_are_kept_before_they_are_shown(run, data, tmp_path, monkeypatch):
    def refuse(sheet):
        raise BrokenPipeError

    monkeypatch.setattr(Sheet, "show", refuse)
    with pytest.raises(BrokenPipeError):
        run("--data", data, "-o", "out", "--parts", "speed", "--speed_runs", 1)
    assert "| compact |" in (tmp_path / "out/metrics.md").read_text()


def test_the_home_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    _, _, err = run("--data=~/data", "--output", "~/out")
    assert str(tmp_path / "home/data") in err


def report(**parts):
    figures = [
        ClipFigures("m", "a", "p", {"aed": 1.0}, {"frames": 4, "lost": 1, "faces": 2}),
        ClipFigures("m", "b", "p", {"aed": 2.0}, {"frames": 4, "lost": 0, "faces": 3}),
        ClipFigures("m", "c", "q", {"aed": 4.5}, {"frames": 4, "lost": 0, "faces": 4}),
    ]
    return Report(["m"], **{"cross": figures, **parts})


def test_pairs_of_a_person_come_first():
    (sheet,) = tables_of(report())
    assert sheet.rows == [["m", "3.0000"]]
    assert "3 clips or pairs of 2 people" in sheet.notes[-1] and "faces: 9 of 12 frames" in sheet.notes[-1]


def test_a_method_that_lost_every_face_has_a_row():
    nothing = figure_of("m", "eyes", np.empty((0, 9)))
    (sheet,) = tables_of(report(cross=[], retargeting=[nothing]))
    assert sheet.rows == [["m", "eyes", "-", "-", "-", "-", "-", "-", "0"]]


def test_one_person_drives_nobody(run, data, tmp_path):
    code, _, _ = run("--data", data, "-o", "out", "--clips", 1, "--parts", "cross", "border")
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    # the still of another person is a source all the same
    assert code == 0 and found["data"]["clips"] == ["one_0"] and found["self"]["clips"] == []
    assert {given["clip"] for given in found["cross"]["clips"]} == {"three_0/0 <- one_0"}


@pytest.fixture
def one_person(data, tmp_path):
    """The same data, of which one person only is held out."""
    shutil.copytree(data, tmp_path / "alone")
    write_index(tmp_path / "alone", [row for row in read_index(data) if row.identity in ("one", "unused")])
    return tmp_path / "alone"


def test_a_run_that_measures_nothing_is_an_error_and_leaves_earlier_figures(run, data, one_person, tmp_path):
    words = ["-o", "out", "--parts", "speed", "--speed_runs", 1]
    assert run("--data", data, *words)[0] == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    code, out, err = run("--data", one_person, "-o", "out", "--parts", "border", "cross")
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert (code, out) == (1, "") and line.startswith("error: nothing could be measured: border: it takes clips of two")
    assert "these show 'one' only" in line and "; cross: it takes" in line and "--held_out" in line
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_every_reason_is_printed(run, one_person, tmp_path):
    words = ["--parts", "self", "cross", "border", "--frames_per_clip", 1, "--run_length", 2]
    code, out, _ = run("--data", one_person, "-o", "out", *words)
    found = json.loads((tmp_path / "out/metrics.json").read_text())["not_measured"]
    assert code == 0 and set(found) == {"cross", "border", "jitter", "flicker", "identity", "lpips"}
    assert "--run_length 2; it takes 3 or more" in found["jitter"]
    for text in (out, (tmp_path / "out/metrics.md").read_text()):
        assert all(f"not measured: {what}: {why}" in text for what, why in found.items())


def test_reasons_are_printed_without_a_table(run, one_person, tmp_path):
    code, out, _ = run("--data", one_person, "-o", "out", "--parts", "sheets", "border")
    assert code == 0 and "not measured: border: it takes" in out and "not measured: sheet_cross: it takes" in out
    assert "sheet_self.jpg" in {path.name for path in (tmp_path / "out").iterdir()}
    assert not (tmp_path / "out/metrics.json").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--data and --output are needed"),
        (["--data", "nowhere", "--output", "out"], "prepare_data.py"),
        (["--data", "DATA", "--output", "out", "--split", "train"], "unused_0"),
        (["--data", "DATA", "--output", "out", "--frames_per_clip", "0"], "--frames_per_clip 0 is too few"),
        (
            ["--data", "DATA", "--output", "out", "--parts"],
            "--parts names nothing to measure: give some of self, cross",
        ),
        (["--data", "DATA", "--output", "out", "--weights", "nowhere"], "is no folder with compact weights"),
        (["--data", "DATA", "--output", "out", "--identity_weights", "nowhere"], "has no face_recognition_model"),
        (["--data", "DATA", "--output", "out", "--lpips", "nowhere"], "--lpips names 'nowhere', which is not there"),
        (
            ["--data", "DATA", "--output", "out", "--model", "base", "--weights", "x"],
            "--model base has files of its own",
        ),
        (["--data", "DATA", "--output", "file/out"], "'file/out' cannot be made"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(run, data, tmp_path, words, message):
    (tmp_path / "file").touch()
    code, out, err = run(*(data if word == "DATA" else word for word in words))
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 1 and not out and len(errors) == 1 and message in errors[0]
    assert not (tmp_path / "out").exists()


def test_fetching_alone(run, tmp_path, monkeypatch):
    monkeypatch.setattr(identity_weights, "fetch_identity", lambda: tmp_path)
    assert run("--fetch_identity")[:2] == (0, f"{tmp_path}\n")


def test_defaults():
    args = parse(["--data", "a", "--output", "b"])
    assert (args.parts, args.frames_per_clip, args.split) == (PARTS, 8, "held_out")


def test_help_needs_no_torch():
    code = "import sys; from src.cli.evaluate import main\ntry: main(['--help'])\n"
    code += "finally: assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "--baseline_weights" in done.stdout
