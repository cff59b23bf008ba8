"""`CropConfig`: how faces are found and framed."""

from __future__ import annotations

from dataclasses import dataclass

from .options import CropOptions, RuntimeOptions


@dataclass
class CropConfig(CropOptions):
    """The options that the official `CropConfig` holds, with the defaults of the command line (spec quirk Q3).

    What is also in `InferenceConfig`, as officially, need only be set in one of the two: see `join_configs`.
    """

    device_id: int = RuntimeOptions.device_id
    """Number of the GPU where the device names none."""
    flag_force_cpu: bool = RuntimeOptions.flag_force_cpu
    """Everything on the CPU."""
