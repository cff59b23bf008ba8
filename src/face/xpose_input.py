"""What X-Pose sees of a picture: short side 800, long side about 1333 at most (spec: xpose, section 1)."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from ..errors import InputError
from ..modules.xpose.xpose import QUERIES, token_count
from .face import Rgb

_SHORT, _LONG = 800, 1333
_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)


def input_size(width: int, height: int) -> tuple[int, int]:
    """Width and height in pixels that a picture gets for X-Pose; the long side is rounded down."""
    short, long = min(width, height), max(width, height)
    target = _SHORT
    if long / short * _SHORT > _LONG:
        target = round(_LONG * short / long)
    if short == target:
        return width, height
    if width < height:
        return target, int(target * height / width)
    return int(target * width / height), target


def to_input(rgb: Rgb) -> Tensor:
    """Resize and normalise a picture (H, W, 3) uint8: (1, 3, h, w) float32.

    Raises:
        InputError: it is so narrow that too few cells are left of it.
    """
    height, width = rgb.shape[:2]
    size = input_size(width, height)
    if token_count(size[1], size[0]) < QUERIES:
        raise InputError(f"a picture of {width} x {height} pixels is too narrow for X-Pose: crop its longer side")
    picture = Image.fromarray(rgb)
    if size != picture.size:
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(size[1], size[0], 3)
    fractions = pixels.float() / 255
    return ((fractions - torch.tensor(_MEAN)) / torch.tensor(_STD)).permute(2, 0, 1)[None].contiguous()
