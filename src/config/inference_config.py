"""`InferenceConfig`: how motion and frames are treated, and on what the networks run."""

from __future__ import annotations

from dataclasses import dataclass

from .options import FrameOptions, MotionOptions, RuntimeOptions


@dataclass
class InferenceConfig(RuntimeOptions, FrameOptions, MotionOptions):
    """The options that the official `InferenceConfig` holds, with the defaults of the command line (spec quirk Q3)."""
