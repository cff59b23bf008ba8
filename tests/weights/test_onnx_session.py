import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from src.errors import WeightsError
from src.weights import onnx_session
from src.weights.onnx_session import open_session
from src.weights.paths import shipped_weights_dir

ort = pytest.importorskip("onnxruntime")
NETWORK = shipped_weights_dir() / "mediapipe/face_detection_short_range.onnx"


def test_runs_on_the_cpu():
    session = open_session(NETWORK)
    assert session.get_providers() == ["CPUExecutionProvider"]
    outputs = session.run(None, {session.get_inputs()[0].name: np.zeros((1, 3, 128, 128), np.float32)})
    assert sorted(output.size for output in outputs) == [896, 896 * 16]


def test_no_telemetry_is_begun(tmp_path):
    """Builds of 1.32 leave a file for it in the temporary folder when they are imported."""
    code = f"from src.weights.onnx_session import open_session; open_session({str(NETWORK)!r})"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root, env=environment)
    assert not list(tmp_path.rglob("*"))


def test_threads_follow_torch_up_to_four(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    assert open_session(NETWORK).get_session_options().intra_op_num_threads == 4
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert open_session(NETWORK).get_session_options().intra_op_num_threads == 1
    assert open_session(NETWORK, threads=3).get_session_options().intra_op_num_threads == 3


@pytest.mark.skipif("CUDAExecutionProvider" in ort.get_available_providers(), reason="CUDA would really be used")
def test_cuda_served_by_the_cpu_is_said(caplog):
    with caplog.at_level(logging.WARNING):
        session = open_session(NETWORK, "cuda:0")
    assert session.get_providers() == ["CPUExecutionProvider"]
    assert "runs on the CPU although cuda:0 was asked for" in caplog.text


def test_cuda_is_asked_for_where_the_build_has_it():
    class Runtime:
        @staticmethod
        def get_available_providers() -> list[str]:
            return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    assert onnx_session._providers(Runtime, "cuda:1") == [
        ("CUDAExecutionProvider", {"device_id": 1, "use_tf32": 0}),
        "CPUExecutionProvider",
    ]


def test_without_onnxruntime_the_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        WeightsError, match=r'short_range.onnx\' needs onnxruntime: pip install "liveportrait\[cpu\]"'
    ) as caught:
        open_session(NETWORK)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_used(tmp_path):
    with pytest.raises(WeightsError, match="not there"):
        open_session(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("not a network")
    with pytest.raises(WeightsError, match=r"text\.onnx' is not a usable"):
        open_session(tmp_path / "text.onnx")
    (tmp_path / "cut.onnx").write_bytes(NETWORK.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match=r"cut\.onnx"):
        open_session(tmp_path / "cut.onnx")
