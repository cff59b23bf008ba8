"""How decoded frames become upright RGB with square pixels."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

_SQUARE = 0.02  # pixels that are wrong by less are left alone: some encoders round like that
_OBLONG = 4  # longer pixels are a slip in the file


@dataclass(frozen=True)
class Upright:
    """Shape, mirroring and rotation that a clip asks its player for.

    Attributes:
        shape: width and height of the frames with square pixels, before they are turned.
        mirrored: whether left and right are exchanged, before they are turned.
        quarter_turns: counter-clockwise, 0 to 3.
    """

    shape: tuple[int, int]
    mirrored: bool
    quarter_turns: int

    @classmethod
    def of(cls, first: VideoFrame, pixel_aspect: Fraction | None) -> Self:
        """Read what a clip asks for.

        Args:
            first: its first frame, with the display matrix where there is one.
            pixel_aspect: width of a pixel by its height; None or 0 = square.
        """
        mirrored, quarter_turns = _display_matrix(first)
        return cls(_square_shape(first.width, first.height, pixel_aspect), mirrored, quarter_turns)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the finished frames."""
        width, height = self.shape
        return (height, width) if self.quarter_turns % 2 else (width, height)

    def rgb(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Convert a frame, also one whose size differs from the first one's.

        Returns:
            (H, W, 3) uint8 of `size`.
        """
        width, height = self.shape
        # as the ffmpeg program converts, and so the reference
        rgb = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation=Interpolation.BICUBIC)
        mirrored = rgb[:, ::-1] if self.mirrored else rgb
        return np.ascontiguousarray(np.rot90(mirrored, self.quarter_turns))  # (H, W, 3)


def _square_shape(width: int, height: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Stretch the shorter side of the pixels, so that none are lost."""
    aspect = float(pixel_aspect or 1)
    if abs(aspect - 1) < _SQUARE or not 1 / _OBLONG <= aspect <= _OBLONG:
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def _display_matrix(frame: VideoFrame) -> tuple[bool, int]:
    """Whether a frame is to be mirrored, and by how many quarters it is to be turned after that."""
    data: Any = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return False, 0
    (a, b, _), (c, d, _), _ = np.frombuffer(data, np.int32).reshape(3, 3).tolist()  # (x, y) -> (ax + cy, bx + dy)
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return mirrored, round(math.degrees(math.atan2(-b, a)) / 90) % 4
