"""`export_onnx.py`: what is written, compared and shown; exit codes."""

import math
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.benchmark import onnx_graphs
from src.benchmark.distances import Distances
from src.benchmark.onnx_graphs import GraphDifference, GraphTime
from src.cli import export_onnx
from src.cli.export_onnx import main
from src.cli.inference import main as animate
from src.config.inference_config import InferenceConfig
from src.engine.onnx import export, record
from src.errors import MissingFileError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.video_reader import open_video
from src.weights import resolve

written = export.export_graphs
EXAMPLES = Path(__file__).parents[2] / "assets/examples"


@pytest.fixture
def steps(monkeypatch) -> list[tuple]:
    """What was done; nothing is written nor measured. The second figure can be made to fail."""
    done: list[tuple] = []

    def compared(model, folder, cases):
        done.append(("compared", folder, *cases))
        yield GraphDifference("appearance", "random", 1, Distances(3e-6))
        yield GraphDifference("warp_decode", "real", 3, Distances(2e-4, 1e-4 if ("bad",) not in done else 3e-3, 1.5e-4))

    def timed(model, folder, inputs, runs):
        done.append(("timed", runs))
        yield GraphTime("appearance", 1, {"onnx": 12.0, "eager": 24.0}, 1_500_000)
        yield GraphTime("warp_decode", 1, {"onnx": 40.0, "eager": 80.0, "fused": 30.0}, 13_000_000)

    def exported(model, folder):
        done.append(("exported", folder))
        yield "appearance"

    monkeypatch.setattr(onnx_graphs, "compare_graphs", compared)
    monkeypatch.setattr(onnx_graphs, "time_graphs", timed)
    monkeypatch.setattr(export, "export_graphs", exported)
    monkeypatch.setattr(export, "check_exporter", lambda: None)
    monkeypatch.setattr(onnx_graphs, "check_runtime", lambda: None)
    monkeypatch.setattr(export_onnx, "_cases", lambda model: {"random": None, "real": None})
    return done


def test_everything_at_once(steps, tmp_path, capsys):
    assert main(["--model", "compact", "--weights_dir", str(tmp_path)]) == 0
    folder = tmp_path / "onnx" / "compact"
    assert steps == [("exported", folder), ("compared", folder, "random", "real"), ("timed", 3)]
    out, _ = capsys.readouterr()
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.splitlines() if "│" in line]
    assert rows == [
        ["appearance", "1.5", "1", "12.00", "as eager", "24.00", "3.0e-06"],
        ["warp_decode", "13.0", "1", "40.00", "30.00", "80.00", "2.0e-04"],
    ]
    assert "warp_decode (real, batch 3): 1.0e-04 from float64, eager float32 itself 1.5e-04" in out
    assert out.splitlines()[-1] == str(folder)


def test_only_compared(steps, tmp_path):
    folder = tmp_path / "graphs"
    assert main(["--model", "compact", "--output", str(folder), "--validate_only", "--runs", "0"]) == 0
    assert steps == [("compared", folder, "random", "real")]


def test_a_difference(steps, tmp_path, capsys):
    steps.append(("bad",))
    assert main(["--model", "compact", "--weights_dir", str(tmp_path)]) == 1
    assert "by more than 0.0001: warp_decode (real, batch 3) by 2.0e-04" in capsys.readouterr().err


@pytest.mark.parametrize("runs", ["0", "1"])
@pytest.mark.parametrize("values", [(math.nan, 1e-6), (1e-6, math.nan)])
def test_a_graph_that_gives_no_number(steps, tmp_path, monkeypatch, capsys, values, runs):
    def compared(model, folder, cases):
        for graph, value in [*(("appearance", value) for value in values), ("warp_decode", 1e-6)]:
            yield GraphDifference(graph, "random", 1, Distances(value))

    monkeypatch.setattr(onnx_graphs, "compare_graphs", compared)
    assert main(["--model", "compact", "--output", str(tmp_path), "--validate_only", "--runs", runs]) == 1
    out, err = capsys.readouterr()
    shown = {line.strip("│").split("│")[0].strip(): line.strip(" │").split()[-1] for line in out.splitlines()}
    assert (shown["appearance"], shown["warp_decode"]) == ("nan", "1.0e-06")
    assert "appearance (random, batch 1) by nan" in err


def test_nothing_to_compare(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(export_onnx, "_cases", lambda model: {"random": None})
    assert main(["--model", "compact", "--weights_dir", str(tmp_path), "--validate_only"]) == 1
    err = capsys.readouterr().err
    assert f"make them with: python export_onnx.py --model compact --weights_dir '{tmp_path}'\n" in err


def test_the_advice_names_the_folder(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(export_onnx, "_cases", lambda model: {"random": None})
    assert main(["--model", "compact", "--output", str(tmp_path), "--validate_only"]) == 1
    assert f"python export_onnx.py --model compact --output '{tmp_path}'\n" in capsys.readouterr().err


def test_too_few_runs(tmp_path, capsys):
    assert main(["--model", "compact", "--runs", "-1"]) == 1
    assert "--runs -1 is too few" in capsys.readouterr().err


def test_a_file_in_the_way(steps, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(export, "export_graphs", written)
    for place in ("file", "file/graphs"):
        assert main(["--model", "compact", "--output", str(tmp_path / place)]) == 1
        (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
        assert line == f"error: the graphs cannot be written to '{tmp_path / place}': a file is there, give a folder"


def test_no_room_for_a_graph(steps, tmp_path, monkeypatch, capsys):
    def full(model, folder):
        yield "appearance"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "export_graphs", full)
    assert main(["--model", "compact", "--output", str(tmp_path)]) == 1
    assert "': No space left on device" in capsys.readouterr().err.splitlines()[-1]


def test_a_missing_checkpoint_is_not_called_a_full_disk(steps, tmp_path, monkeypatch, capsys):
    def missing(model, folder):
        yield "appearance"
        raise MissingFileError("'f.pth' is not there")

    monkeypatch.setattr(export, "export_graphs", missing)
    assert main(["--model", "compact", "--output", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: 'f.pth' is not there"


def test_the_exporter_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(export, "find_spec", lambda name: None)
    assert main(["--model", "compact"]) == 1
    assert 'exporting needs onnx and onnxscript: pip install "liveportrait[onnx]"' in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["--validate_only"]], ids=" ".join)
def test_onnxruntime_is_missing(monkeypatch, tmp_path, capsys, words):
    """It is said before anything is fetched or written."""
    monkeypatch.setattr(onnx_graphs, "find_spec", lambda name: None)
    monkeypatch.setattr(export, "find_spec", lambda name: object())
    monkeypatch.setattr(resolve, "resolve_model", lambda *words: pytest.fail("too early"))
    assert main(["--model", "compact", "--output", str(tmp_path / "graphs"), *words]) == 1
    assert 'comparing graphs needs onnxruntime: pip install "liveportrait[cpu]"' in capsys.readouterr().err
    assert not (tmp_path / "graphs").exists()


@pytest.mark.slow
def test_compact_from_the_export_to_the_video(tmp_path, monkeypatch):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    weights = ["--model", "compact", "--weights_dir", str(tmp_path / "weights")]
    assert main([*weights, "--runs", "0"]) == 0
    assert (tmp_path / "weights/onnx/compact" / record.RECORD).is_file()
    source, driving = EXAMPLES / "source/s9.jpg", tmp_path / "driving"
    driving.mkdir()
    frames = [frame.rgb for frame in islice(open_video(EXAMPLES / "driving/d0.mp4"), 3)]
    for number, frame in enumerate(frames):
        cv2.imwrite(str(driving / f"{number}.png"), frame[..., ::-1])
    words = ["-s", str(source), "-d", str(driving), "--no-concat", "--engine", "onnx"]
    assert animate([*words, "--output", str(tmp_path / "onnx.mp4"), *weights]) == 0
    assert len(list(open_video(tmp_path / "onnx.mp4"))) == 3
    ours, plain = (_pictures(engine, source, frames, tmp_path / "weights") for engine in ("onnx", "eager"))
    assert ours.shape == plain.shape and np.abs(ours - plain).max() <= 1


def _pictures(engine: str, source: Path, frames: list[np.ndarray], weights: Path) -> np.ndarray:
    """What a clip makes of a portrait, before it is encoded: the encoder makes much of one level's difference."""
    config = InferenceConfig(device="cpu", engine=engine)
    wrapper = LivePortraitWrapper(config, model="compact", weights_dir=weights)
    wrapper.set_source(source)
    return np.stack(list(wrapper.drive(frames))).astype(int)
