"""`InferenceConfig`: how motion and frames are treated, and on what the networks run."""

from __future__ import annotations

from dataclasses import dataclass

from .options import CropOptions, FrameOptions, MotionOptions, RuntimeOptions


@dataclass
class InferenceConfig(RuntimeOptions, FrameOptions, MotionOptions):
    """The options that the official `InferenceConfig` holds, with the defaults of the command line (spec quirk Q3).

    What is also in `CropConfig`, as officially, need only be set in one of the two: see `join_configs`.
    """

    flag_do_rot: bool = CropOptions.flag_do_rot
    """Turn the source crop upright."""
