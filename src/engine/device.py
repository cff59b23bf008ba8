"""One decision about the device for every network, the face detectors included."""

from __future__ import annotations

import logging

import torch
import torch.nn.functional as F

from ..config.options import RuntimeOptions
from ..errors import InputError

_log = logging.getLogger(__name__)


def resolve_device(device: str | None = "auto", device_id: int = 0) -> torch.device:
    """Turn a device name into a device that is really there.

    Args:
        device: auto (cuda if present, else mps, else cpu), cpu, cuda, cuda:N or mps; None means auto.
        device_id: number of the GPU where the name gives none.

    Raises:
        InputError: the name is unknown, or no such device is present.
    """
    name = _normal(device)
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if _mps_serves() else "cpu"
    kind, _, number = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (number and not number.isdecimal()):
        raise InputError(f"device {device!r} is unknown: use auto, cpu, cuda, cuda:1 or mps")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise InputError("device 'mps' was asked for, but this machine has none: use --device auto or --device cpu")
    if kind != "cuda":
        return torch.device(kind)
    index, count = int(number or device_id), torch.cuda.device_count()
    if not 0 <= index < count:
        there = f"{count} CUDA device{'s' if count != 1 else ''}" if count else "no CUDA device"
        raise InputError(f"device 'cuda:{index}' was asked for, but torch sees {there} here: use --device auto or cpu")
    return torch.device("cuda", index)


def _mps_serves() -> bool:
    """Whether Apple's GPU is there and knows the 3-D operations of the models; older versions of torch do not."""
    if not torch.backends.mps.is_available():
        return False
    try:
        volume = torch.zeros(1, 1, 2, 2, 2, device="mps")
        F.grid_sample(volume, torch.zeros(1, 2, 2, 2, 3, device="mps"), align_corners=False)
        F.avg_pool3d(volume, (1, 2, 2))
    except (NotImplementedError, RuntimeError) as error:
        _log.warning("the GPU of this Mac is left out: torch %s cannot do all it should (%s)", torch.__version__, error)
        return False
    return True


def device_of(options: RuntimeOptions) -> torch.device:
    """The device that the runtime options mean.

    Raises:
        InputError: `flag_force_cpu` together with another explicit device, or a device that is not there.
    """
    if options.flag_force_cpu:
        if _normal(options.device) not in ("auto", "cpu"):
            raise InputError(f"--flag_force_cpu contradicts --device {options.device}: give one of the two")
        return torch.device("cpu")
    return resolve_device(options.device, options.device_id)


def _normal(device: str | None) -> str:
    return (device or "auto").strip().lower()
