"""Deterministic weights and inputs for the X-Pose parity tests: the rule of fill.py with what X-Pose adds.

* The heads that the official model shares are stored under several names; every alias gets the value of its canonical
  name (index 0, without the 'transformer.decoder.' prefix).
* relative_position_index is geometry, not a weight: it gets its true constant value.
* level_embed, relative_position_bias_table, in_proj_weight/bias and gamma_v/gamma_l have rules here.
* A few gains differ, so that boxes stay inside the image and class scores stay off saturation.

tie_queries=True makes all 900 rows of transformer.tgt_embed.weight equal to row 0: then the result does not depend on
the ORDER of the 900 selected proposals, which rounding changes.
"""

import math
import re
from typing import Any

import numpy as np

from tests.parity import fill

_ALIAS = re.compile(r"^(?:transformer\.decoder\.)?(bbox_embed|pose_embed|pose_hw_embed)\.\d+\.(.*)$")
_QUERIES = "transformer.tgt_embed.weight"
_TEXT_OUT = "transformer.encoder.text_layers.5.norm2."  # its output is the class vector
# a canonical key ends with -> standard deviation multiplier of a He-like weight
_GAINS = {
    "bbox_embed.0.layers.2.weight": 0.4,
    "enc_out_bbox_embed.layers.2.weight": 0.7,
    "pose_embed.0.layers.2.weight": 0.8,
    "pose_hw_embed.0.layers.2.weight": 0.3,
    "in_proj_weight": 1.5,
}


def canonical(key: str) -> str:
    match = _ALIAS.match(key)
    return f"{match[1]}.0.{match[2]}" if match else key


def relative_position_index(window: int = 7) -> np.ndarray:
    y, x = np.divmod(np.arange(window * window), window)
    return (y[:, None] - y[None, :] + window - 1) * (2 * window - 1) + (x[:, None] - x[None, :] + window - 1)


def value(key: str, shape: tuple[int, ...], salt: int = 0) -> np.ndarray:
    key = canonical(key)
    last = key.rsplit(".", 1)[-1]
    if last == "relative_position_index":
        return relative_position_index()
    if last in ("relative_position_bias_table", "level_embed"):
        return 0.5 * fill._sym(key, shape, salt)
    if last in ("gamma_v", "gamma_l"):
        return 0.3 + 0.1 * fill._sym(key, shape, salt)
    if last == "in_proj_bias":
        return 0.1 * fill._sym(key, shape, salt)
    if key == _QUERIES:
        return fill._sym(key, shape, salt)
    for suffix, gain in _GAINS.items():
        if key.endswith(suffix):
            return fill._sym(key, shape, salt) * (gain / math.sqrt(int(np.prod(shape[1:]))))
    plain = fill.value(key, shape, salt)
    return 0.1 * plain if key.startswith(_TEXT_OUT) else plain


def fill_xpose(state: dict[str, Any], salt: int = 0, tie_queries: bool = False) -> dict[str, Any]:
    """Overwrite a flat {key: ndarray} in place."""
    for key, array in state.items():
        filled = value(key, array.shape, salt)
        if tie_queries and key == _QUERIES:
            filled = np.broadcast_to(filled[:1], filled.shape)
        array[...] = filled.astype(array.dtype)
    return state


def image_u8(height: int, width: int, salt: int = 0) -> np.ndarray:
    """A uint8 RGB test picture: half 8x8-pixel blocks, half pixel noise."""
    rows, columns = -(-height // 8), -(-width // 8)
    coarse = np.repeat(np.repeat(fill._u01("input:image_blocks", (rows, columns, 3), salt), 8, 0), 8, 1)
    fine = fill._u01("input:image_pixels", (height, width, 3), salt)
    return np.floor(128.0 * (coarse[:height, :width] + fine)).astype(np.uint8)


def normalised(picture: np.ndarray) -> np.ndarray:
    """(1, 3, H, W) float32 network input WITHOUT any resizing."""
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    x = picture.astype(np.float32) / np.float32(255)
    return np.ascontiguousarray(((x - mean) / std).transpose(2, 0, 1))[None]


def clip_like(k: int, salt: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Stand-ins with the scale of the cached CLIP rows: (1, 512) and (k, 512) float32."""
    instance = 0.48 * fill._sym("input:clip_instance", (1, 512), salt)
    points = 0.48 * fill._sym(f"input:clip_keypoints_{k}", (k, 512), salt)
    return instance.astype(np.float32), points.astype(np.float32)
