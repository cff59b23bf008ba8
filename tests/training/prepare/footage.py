"""Footage of the Mona Lisa, who is moved about in front of a wall, and meshes that need no network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from src.media.video_writer import VideoWriter
from src.motion.mesh_points import mean_face
from tests.face.pictures import read

FACE = 120  # pixels, about, from brow to chin
_EYE_LEVEL = np.array([0.515, 0.265]) * (720, 1280)  # in the painting, pixels
_FACE = 170.0  # in the painting, brow to chin
SIZE = (480, 360)  # of a frame: width, height


def frame(x: float = 240, y: float = 170, *, face: float = FACE, turn: float = 0.0) -> np.ndarray:
    """A frame (360, 480, 3) with the face's middle at x, y, of some size, turned clockwise by some degrees."""
    matrix = cv2.getRotationMatrix2D(tuple(_EYE_LEVEL), -turn, face / _FACE)
    matrix[:, 2] += np.array([x, y]) - _EYE_LEVEL
    return cv2.warpAffine(read("s9.jpg"), matrix, SIZE, flags=cv2.INTER_AREA, borderValue=(60, 90, 70))


def wall(seed: int = 0) -> np.ndarray:
    """A frame without a face."""
    rough = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return cv2.resize(rough, SIZE, interpolation=cv2.INTER_CUBIC)


def write_video(path: Path, frames: Iterable[np.ndarray], fps: int = 25) -> Path:
    """A video of these frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(path, fps, crf=12) as writer:
        for rgb in frames:
            writer.write(rgb)
    return path


def mesh_at(x: float, y: float, face: float = FACE, *, turn: float = 0.0) -> np.ndarray:
    """The mean face in pixels with its middle at x, y, (478, 3) float32; turned clockwise by some degrees."""
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    points = mean_face() - mean_face().mean(0)
    return (points / np.ptp(points[:, 1]) * face @ rotation + [x, y, 0]).astype(np.float32)
