"""Frames of the result, as a stream: keypoints, networks, paste-back, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..engine.engine import Engine
from ..face.face import Rgb
from ..motion.motion import Motion
from .source import Source


@dataclass(frozen=True, eq=False)
class RenderedFrame:
    """One frame of the result.

    Attributes:
        crop: what the networks made, (512, 512, 3) uint8.
        frame: the whole picture with the crop pasted back; the crop itself where nothing is pasted back.
    """

    crop: Rgb
    frame: Rgb


def parse_output(pictures: Tensor) -> NDArray[np.uint8]:
    """Pictures (B, 3, H, W) in 0..1 to (B, H, W, 3) uint8, truncated as the original does (spec quirk Q40)."""
    scaled = pictures.clamp(0, 1).mul(255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()
