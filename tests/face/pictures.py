"""The example paintings, whose faces the tests look for."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "pretrained_weights" / "mediapipe"
# Where each face is, from hairline to chin, measured by eye: left, top, right, bottom over width or height.
FACES = {
    "s0.jpg": (0.46, 0.12, 0.60, 0.27),
    "s9.jpg": (0.37, 0.17, 0.66, 0.36),
    "s10.jpg": (0.32, 0.31, 0.61, 0.59),
}


def read(name: str) -> np.ndarray:
    return np.ascontiguousarray(cv2.imread(str(ROOT / "assets" / "examples" / "source" / name))[..., ::-1])


def face_box(name: str, picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    return np.array(FACES[name]) * (width, height, width, height)
