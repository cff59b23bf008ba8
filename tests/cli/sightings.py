"""What results show: frames, and the face of the portrait in its place."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from src.face.mediapipe_detector import MediapipeDetector
from src.media.picture import read_picture
from src.media.video_reader import open_video
from src.motion.mesh import motion_from_meshes
from src.motion.pose import degrees

from .odd_media import FPS, ROOT, Rgb, portrait

TURN = -21  # degrees by which the example driver turns between its two moments


@dataclass(frozen=True)
class Seen:
    """A face in a frame: the middle and width of its box in pixels, its yaw and roll in degrees."""

    x: float
    y: float
    width: float
    yaw: float
    roll: float


@cache
def _detector() -> MediapipeDetector:
    return MediapipeDetector(ROOT / "pretrained_weights/mediapipe", "cpu")


def faces(rgb: Rgb) -> list[Seen]:
    """The faces of a frame, the largest first."""
    found = []
    for face in _detector().detect(rgb):
        left, top, right, bottom = map(float, face.box)
        _, yaw, roll = (float(angle) for angle in degrees(motion_from_meshes(face.landmarks[None]).R))
        found.append(Seen((left + right) / 2, (top + bottom) / 2, right - left, yaw, roll))
    return found


def frames_of(path: str | Path) -> list[np.ndarray]:
    """All frames of a result; its rate must be the drivers' common one."""
    if Path(path).suffix == ".jpg":
        return [read_picture(path)]
    video = open_video(path)
    frames = [frame.rgb for frame in video]
    assert video.fps == FPS and len(frames) == video.n_frames
    return frames


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(first.astype(int) - second).mean())


def face_near(rgb: np.ndarray, left: float = 0, top: float = 0, scale: float = 1) -> Seen:
    """The face of the portrait in a result, upright and in its place, wherever it looks."""
    found, known = faces(rgb), _known()
    assert found, "there is no face"
    x, y, width = left + known.x * scale, top + known.y * scale, known.width * scale
    nearest = min(found, key=lambda face: abs(face.x - x) + abs(face.y - y))
    assert abs(nearest.x - x) < 0.4 * width and abs(nearest.y - y) < 0.2 * width, (nearest, x, y)
    assert 0.75 < nearest.width / width < 1.25 and abs(nearest.roll) < 12, nearest
    return nearest


@cache
def _known() -> Seen:
    return faces(portrait())[0]
