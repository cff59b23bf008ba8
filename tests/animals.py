"""A cat whose head moves in a known way: the shipped picture, turned, shifted and scaled frame by frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from src.media.picture import read_picture
from src.media.video_writer import VideoWriter

ROOT = Path(__file__).parents[1]
CAT = ROOT / "assets/examples/source/cat.jpg"
PERSON = ROOT / "assets/examples/source/s0.jpg"
DRIVER = ROOT / "assets/examples/driving/d0.mp4"
POINTS = np.array([(170, 117), (318, 135), (262, 243), (258, 276)], np.float32)  # of the cat: eyes, nose, mouth
GIVEN = [f"{x:g},{y:g}" for x, y in POINTS]
_PAD = 60  # pixels of the wall around the cat


@dataclass(frozen=True)
class Pose:
    """How the cat is moved about the middle of the frame: degrees clockwise, pixels, factor."""

    roll: float = 0
    x: float = 0
    y: float = 0
    scale: float = 1


@cache
def cat() -> np.ndarray:
    """The shipped cat, (300, 451, 3) uint8, read-only."""
    picture = read_picture(CAT)
    picture.flags.writeable = False
    return picture


def cat_frame(pose: Pose) -> np.ndarray:
    """The cat in a pose, with some mirrored surroundings, (420, 571, 3) uint8."""
    canvas = cv2.copyMakeBorder(cat(), _PAD, _PAD, _PAD, _PAD, cv2.BORDER_REFLECT_101)
    size = canvas.shape[1::-1]
    return cv2.warpAffine(canvas, _matrix(pose), size, borderMode=cv2.BORDER_REFLECT_101)


def points_in_frame(pose: Pose) -> np.ndarray:
    """Where eyes, nose and mouth lie in that frame, (4, 2) pixels."""
    return (POINTS + _PAD) @ _matrix(pose)[:, :2].T + _matrix(pose)[:, 2]


def _matrix(pose: Pose) -> np.ndarray:
    height, width = cat().shape[0] + 2 * _PAD, cat().shape[1] + 2 * _PAD
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -pose.roll, pose.scale)
    matrix[:, 2] += (pose.x, pose.y)
    return matrix


def swaying(n: int) -> list[Pose]:
    """One slow swing through n poses: roll, shift and size go their own ways."""
    return [
        Pose(10 * np.sin(a), 30 * np.sin(a + 1), 20 * np.sin(a + 2.5), 1 + 0.08 * np.sin(a + 4))
        for a in np.arange(n) / n * 2 * np.pi
    ]


def write_frames(path: Path, frames: Sequence[np.ndarray], *, sound: bool = True) -> Path:
    """A clip at 25 frames a second, with the sound of the example driver."""
    with VideoWriter(path, 25, crf=5, audio_from=DRIVER if sound else None) as writer:
        for frame in frames:
            writer.write(frame)
    return path
