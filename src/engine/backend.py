"""One decision about the way in which networks are run."""

from __future__ import annotations

import logging

import torch

from ..config.options import EngineName

logger = logging.getLogger(__name__)


def resolve_backend(backend: EngineName, model: str, device: torch.device) -> EngineName:
    """How the networks of a model are run: what was asked for, or what auto stands for, where there is such a form.

    The compact networks are fused for processors alone, with OpenCV and oneDNN, of which `torch.compile` makes nothing.
    The official ones are fused for CUDA as well: in float16 faster by a tenth there in batches of 8, slower by a
    seventh for single pictures (docs/performance.md). Where there is no such form, a warning says so if it was asked
    for explicitly.

    Args:
        backend: what was asked for.
        model: "base", "animals" or "compact".
        device: where to run.

    Returns:
        "eager", "fused" or "onnx".
    """
    if backend in ("eager", "onnx"):
        return backend
    compact = model == "compact"
    # Apple's GPU has no float64, in which the fused official networks are made and find where to read.
    if device.type == "cpu" if compact else device.type != "mps":
        return "fused"
    if backend == "fused":
        which = "compact" if compact else "official"
        logger.warning("--engine fused has no effect: the %s networks have no fused form for %s", which, device.type)
    return "eager"


def has_compiled_form(model: str, backend: EngineName) -> bool:
    """Whether networks can go through `torch.compile`: not those that OpenCV and oneDNN run, faster than it would."""
    return not (model == "compact" and backend == "fused")
