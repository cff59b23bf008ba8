"""Arithmetic on finished frames: the side-by-side picture and blending (spec: pipeline, section 13)."""

import cv2
import numpy as np


def concat_frame(generated: np.ndarray, source: np.ndarray, driving: np.ndarray | None = None) -> np.ndarray:
    """Put driving, source and generated frame side by side, at the size of the generated one.

    Args:
        generated: (H, W, 3) uint8.
        source: source crop, any size, uint8.
        driving: driving frame, any size, uint8; None (motion from a template) leaves its tile out.

    Returns:
        (H, 3 W, 3) or (H, 2 W, 3) uint8.
    """
    height, width = generated.shape[:2]
    tiles = [source] if driving is None else [driving, source]
    resized = [cv2.resize(tile, (width, height), interpolation=cv2.INTER_LINEAR) for tile in tiles]
    return np.concatenate([*resized, generated], axis=1)


def blend(rgb: np.ndarray, mask: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Mix a picture over a background by a mask.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W, 3) or (H, W, 1), 0 to 255; 255 shows the picture.
        background: array that broadcasts to (H, W, 3), 0 to 255.

    Returns:
        (H, W, 3) uint8, truncated as the reference does (Q40).
    """
    weight = mask / 255.0
    return np.clip(weight * rgb + (1 - weight) * background, 0, 255).astype(np.uint8)
