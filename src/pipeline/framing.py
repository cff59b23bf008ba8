"""`Framing`: how faces are cut out of the source's frames, and put back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..face.crop import Square, crop_square, oriented_square, square_matrix
from ..face.face import Face, Rgb
from ..face.paste_back import PasteBack
from ..face.territory import territory

CROP_SIZE = 512

Place = NDArray[np.floating]  # (4,) where a face is: `Square.as_row()`


@dataclass(frozen=True)
class Framing:
    """The crop options of one run.

    Attributes:
        args: the options.
        border: what stands beyond the frame, one of OpenCV's: black, the border repeated, or the picture mirrored.
    """

    args: ArgumentConfig
    border: int

    @classmethod
    def of(cls, args: ArgumentConfig, engine: Engine) -> Framing:
        """The framing that the options ask for and the engine needs."""
        if not engine.repeats_border:
            return cls(args, cv2.BORDER_CONSTANT)
        return cls(args, cv2.BORDER_REFLECT_101 if args.animals else cv2.BORDER_REPLICATE)  # fur goes on as fur

    def place(self, face: Face, *, still: bool) -> Place:
        """Where a face is to be cut out.

        Args:
            face: what the detector found.
            still: take the points that the detector has for still pictures (spec: pipeline, section 5.5).
        """
        points, scheme = face.landmarks, face.scheme
        if still and face.still_landmarks is not None and face.still_scheme is not None:
            points, scheme = face.still_landmarks, face.still_scheme
        args = self.args
        return oriented_square(
            points, scheme, scale=args.scale, vx_ratio=args.vx_ratio, vy_ratio=args.vy_ratio
        ).as_row()

    def matrix(self, place: Place) -> NDArray[np.float32]:
        """From pixels of the frame to those of its 512 crop, (3, 3)."""
        return square_matrix(Square.from_row(place), dsize=CROP_SIZE, rotate=self.args.flag_do_rot)

    def crop(self, frame: Rgb, place: Place | None) -> Rgb:
        """The 512 crop at a place; no place: the frame itself."""
        if place is None:
            return frame
        square = Square.from_row(place)
        return crop_square(frame, square, dsize=CROP_SIZE, rotate=self.args.flag_do_rot, border=self.border).image

    def paste_back(self, place: Place | None, rivals: Sequence[Place], frame: Rgb) -> PasteBack | None:
        """What pastes a crop back to its place; None where that is not wanted.

        Args:
            place: of the face.
            rivals: of the other faces that are pasted into the frame.
            frame: (H, W, 3) uint8.
        """
        if place is None or not pastes_back(self.args):
            return None
        others = [Square.from_row(rival) for rival in rivals]
        share = territory(Square.from_row(place), others, frame.shape[:2])
        M_c2o = np.linalg.inv(self.matrix(place)).astype(np.float32)
        return PasteBack(M_c2o, frame.shape[:2], edge=self.args.feather, share=share)


def pastes_back(args: ArgumentConfig) -> bool:
    """Whether results are pasted into the source's frames (spec: pipeline, section 12)."""
    return args.flag_pasteback and args.flag_do_crop and (args.flag_stitching or args.paste_unstitched)
