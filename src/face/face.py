"""`Face`, what a detector finds, and `FaceDetector`, what every detector offers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (H, W, 3)
Points = NDArray[np.float32]  # (N, 2) or (N, 3) pixels


class Scheme(StrEnum):
    """Which points a landmark array holds, in which order (spec: pipeline, section 5.3)."""

    MESH478 = "mesh478"
    LMK203 = "lmk203"
    LMK106 = "lmk106"
    LMK101 = "lmk101"
    LMK68 = "lmk68"
    ANIMAL9 = "animal9"
    KP5 = "kp5"
    POINTS4 = "points4"  # of an animal: eyes (left and right in the picture), nose, mouth


@dataclass(frozen=True)
class Face:
    """One face found in a picture.

    Attributes:
        box: left, top, right, bottom in pixels, (4,) float32.
        score: detector confidence, 0..1.
        landmarks: pixels of the full picture; (N, 2), or (N, 3) for the mesh (z in pixels, larger = farther).
        scheme: names the landmarks' meaning.
        still_landmarks: the points from which the crop of a still picture is computed where the detector has a set of
            its own for that (the 106 points of insightface); None means `landmarks`.
        still_scheme: names the meaning of `still_landmarks`.
    """

    box: NDArray[np.float32]
    score: float
    landmarks: Points
    scheme: Scheme
    still_landmarks: Points | None = None
    still_scheme: Scheme | None = None

    @property
    def area(self) -> float:
        """Area of the box in square pixels."""
        left, top, right, bottom = (float(v) for v in self.box)
        return max(right - left, 0.0) * max(bottom - top, 0.0)


class FaceDetector(Protocol):
    """Finds faces in a picture, and finds one again in the next frame of a clip."""

    name: str

    def detect(self, rgb: Rgb) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8 RGB, largest first; an empty list when there is none."""
        ...

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same face in the next frame, or None when it is lost (then `detect` is due again)."""
        ...
