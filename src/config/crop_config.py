"""`CropConfig`: how faces are found and framed."""

from __future__ import annotations

from dataclasses import dataclass

from .options import CropOptions


@dataclass
class CropConfig(CropOptions):
    """The options that the official `CropConfig` holds, with the defaults of the command line (spec quirk Q3)."""
