"""One decision about the precision of the networks."""

from __future__ import annotations

import torch

from ..config.options import Precision
from ..errors import InputError

_TYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def resolve_precision(precision: Precision, device: torch.device, half: bool = True) -> torch.dtype:
    """The floating type of the official networks' weights; the compact networks are float32 everywhere.

    Args:
        precision: auto = float16 on CUDA, float32 elsewhere, so that a processor gives the official numbers.
        device: where they run.
        half: whether auto may choose float16 (the original's flag_use_half_precision).

    Raises:
        InputError: the device cannot do it, or does it more slowly than float32.
    """
    if precision == "auto":
        return torch.float16 if half and device.type == "cuda" else torch.float32
    if precision == "float16" and device.type == "cpu":
        raise InputError("--precision float16 is for GPUs: use float32 or bfloat16 on a processor")
    if precision == "bfloat16" and device.type == "mps":
        raise InputError("--precision bfloat16 is untried on mps: use float32 or float16")
    if precision == "bfloat16" and device.type == "cpu" and not _cpu_multiplies_bfloat16():
        raise InputError(
            "--precision bfloat16 is slower than float32 on this processor, which has neither AVX512-BF16 nor AMX: "
            "use --precision float32"
        )
    return _TYPES[precision]


def _cpu_multiplies_bfloat16() -> bool:
    """Whether the processor has instructions for it; torch only offers a private name for the question."""
    asked = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return asked is None or bool(asked())
