"""Which frames are good enough to learn from, and why others are not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from ...face.face import Face, Points, Rgb
from ...face.face_mesh import region_of_mesh
from .crop import SCALE, place_of
from .options import ShotOptions

_SIDE = 96  # pixels at which sharpness is measured, whatever the size of the face
_REGION = 1.5  # of `region_of_mesh` around the face's box
_BEYOND = 0.02  # of the face's longer side may lie beyond the picture: the mesh trembles


class Reason(StrEnum):
    """Why frames are left out."""

    NO_FACE = "no face"
    UNSURE = "hardly a face (--least_flag)"
    SMALL = "small face (--least_face)"
    CUT_OFF = "face leaves the picture"
    BLURRED = "blurred (--least_sharpness)"
    LEFT_CROP = "face leaves the crop of its shot"
    SHORT = "shot too short (--least_frames)"
    OTHERS = "more faces than asked for (--faces)"
    THINNED = "more frames than asked for (--max_frames)"


@dataclass(frozen=True, eq=False)
class Sight:
    """A face in one frame that is good enough.

    Attributes:
        frame: its number in the clip.
        landmarks: (478, 3) pixels of the frame.
        place: its nominal crop, see `crop.place_of`.
        sharpness: see `sharpness_of`.
    """

    frame: int
    landmarks: Points
    place: NDArray[np.float64]
    sharpness: float

    @property
    def face_px(self) -> float:
        """Size of the face in pixels of the frame."""
        return float(self.place[2]) / SCALE


def look_at(frame: int, rgb: Rgb, face: Face, options: ShotOptions) -> Sight | Reason:
    """Judge a face.

    Args:
        frame: number of the frame.
        rgb: (H, W, 3) uint8.
        face: its landmarks are a mesh, its score the mesh network's flag.
        options: thresholds.

    Returns:
        The face, or what is wrong with it.
    """
    if face.score < options.least_flag:
        return Reason.UNSURE
    if is_cut_off(face, rgb.shape[:2]):
        return Reason.CUT_OFF
    sight = Sight(frame, face.landmarks, place_of(face.landmarks), sharpness_of(rgb, face.landmarks))
    if sight.face_px < options.least_face:
        return Reason.SMALL
    return Reason.BLURRED if sight.sharpness < options.least_sharpness else sight


def is_cut_off(face: Face, shape: tuple[int, int]) -> bool:
    """Whether some of a face lies beyond a picture of that height and width."""
    beyond = _BEYOND * float((face.box[2:] - face.box[:2]).max())
    return bool((face.box[:2] < -beyond).any() or (face.box[2:] > np.array(shape[::-1]) + beyond).any())


def sharpness_of(rgb: Rgb, landmarks: Points) -> float:
    """Variance of the Laplacian of a face's grey levels at 96 pixels: about 20 blurred, 100 and more sharp.

    Args:
        rgb: (H, W, 3) uint8.
        landmarks: (478, 3) pixels.
    """
    region = region_of_mesh(landmarks)
    region = replace(region, side=region.side / _REGION)
    times = max(int(region.side / _SIDE), 1)
    wide = region.sample(rgb, _SIDE * times, border=cv2.BORDER_REPLICATE)
    small = wide if times == 1 else cv2.resize(wide, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var())
