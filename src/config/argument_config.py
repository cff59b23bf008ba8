"""`ArgumentConfig`: all options of one run in one flat dataclass, with the official names."""

from __future__ import annotations

from dataclasses import dataclass

from .options import (
    AppOptions,
    CropOptions,
    FrameOptions,
    InputOptions,
    ModelOptions,
    MotionOptions,
    OutputOptions,
    RuntimeOptions,
)


@dataclass
class ArgumentConfig(
    AppOptions, RuntimeOptions, ModelOptions, CropOptions, FrameOptions, MotionOptions, OutputOptions, InputOptions
):
    """All options of one run (spec: pipeline, section 1); the groups are those of `options`."""
