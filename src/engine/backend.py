"""One decision about the way in which networks are run."""

from __future__ import annotations

import logging

import torch

from ..config.options import EngineName

logger = logging.getLogger(__name__)


def resolve_backend(backend: EngineName, model: str, device: torch.device, compiled: bool = False) -> EngineName:
    """How the networks of a model are run: what was asked for, or what auto stands for, where there is such a form.

    The compact networks are fused for processors alone, with OpenCV and oneDNN, of which `torch.compile` makes nothing;
    it says so where that was asked for explicitly. The official ones are fused for CUDA as well, since most of what is
    saved is arithmetic; whether that is faster there was not measured yet.

    Args:
        backend: what was asked for.
        model: "base", "animals" or "compact".
        device: where to run.
        compiled: whether networks go through `torch.compile`.

    Returns:
        "eager", "fused" or "onnx".
    """
    if backend in ("eager", "onnx"):
        return backend
    if model != "compact":
        # Apple's GPU lacks float64 and complex numbers, which the fused form is made with.
        return "eager" if backend == "auto" and device.type == "mps" else "fused"
    if device.type == "cpu" and not compiled:
        return "fused"
    if backend == "fused":
        where = "to compile" if compiled else f"for {device.type}"
        logger.warning("--engine fused has no effect: the compact networks have no fused form %s", where)
    return "eager"
