"""Open an ONNX network with onnxruntime, on the device that was asked for."""

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..errors import WeightsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

logger = logging.getLogger(__name__)

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_ERRORS_ONLY = 3
_MOST_THREADS = 4  # the face networks are too small to gain from more


def open_session(path: Path, device: str = "cpu", threads: int | None = None) -> "InferenceSession":
    """Open an ONNX file for inference.

    Args:
        path: The file.
        device: "cuda" or "cuda:N" for an NVIDIA GPU; everything else runs on the CPU.
        threads: CPU threads of one call; None for those torch uses, at most 4.

    Raises:
        WeightsError: onnxruntime is not installed, or the file is missing or cannot be used.
    """
    try:
        ort = _onnxruntime()
    except ImportError as error:
        raise WeightsError(
            f"'{Path(path).name}' needs onnxruntime: pip install \"liveportrait[cpu]\" "
            "(in a checkout: pip install -r requirements.txt)"
        ) from error
    if not Path(path).is_file():
        raise WeightsError(f"'{path}' is not there: install this project again")
    options = ort.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    # torch's count follows OMP_NUM_THREADS and the cores this process may use; onnxruntime's own default does neither.
    options.intra_op_num_threads = threads or min(_MOST_THREADS, torch.get_num_threads())
    # Threads that spin while they wait take the cores from torch: the mesh and a convolution in turn, on two cores,
    # took 28 ms with spinning and 16 ms without.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    wants_cuda = torch.device(device).type == "cuda"
    try:
        session = ort.InferenceSession(
            str(path), sess_options=options, providers=_providers(ort, device) if wants_cuda else [_CPU]
        )
    except Exception as error:  # onnxruntime's errors have no base class of their own
        raise WeightsError(f"'{path}' is not a usable ONNX file: {str(error).splitlines()[0]}") from error
    if wants_cuda and _CUDA not in session.get_providers():
        logger.warning(
            "'%s' runs on the CPU although %s was asked for: onnxruntime %s here has no working CUDA provider"
            ' (pip uninstall onnxruntime; pip install "liveportrait[gpu]")',
            Path(path).name,
            device,
            ort.__version__,
        )
    return session


def _onnxruntime() -> Any:
    """The package, without the telemetry that newer builds begin when they are imported.

    Raises:
        ImportError: it is not installed.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def _providers(ort: Any, device: str) -> list[Any]:
    """Return CUDA, if this build of onnxruntime has it, and the CPU behind it."""
    if _CUDA not in ort.get_available_providers():
        return [_CPU]
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()  # finds the CUDA and cuDNN libraries that torch's wheels bring along
    # onnxruntime's default is TF32, whose 10 bits move what is found and drawn
    return [(_CUDA, {"device_id": torch.device(device).index or 0, "use_tf32": 0}), _CPU]
