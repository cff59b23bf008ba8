"""`Portrait`: one face of the source, ready to be driven; of a picture or of a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..engine.engine import Engine, SourceFeatures
from ..face.crop import resize_source
from ..face.face import Rgb
from ..face.paste_back import PasteBack
from ..motion.keypoints import transform_keypoint
from ..motion.motion import Motion
from .framing import CROP_SIZE, Framing, Place


@dataclass(frozen=True, eq=False)
class Views:
    """One face in B frames.

    Attributes:
        previews: the crops that the networks see.
        features: what the engine keeps of them: of B pictures, or of one where all are the same.
        x_s: source keypoints, (B, 21, 3) or (1, 21, 3).
        paste_backs: paste crops into their frames; None where results are the crops themselves.
    """

    previews: Sequence[Rgb]
    features: SourceFeatures
    x_s: Tensor
    paste_backs: Sequence[PasteBack | None]


class Portrait(Protocol):
    """One face of the source.

    Attributes:
        motion: its pose and expression: one frame of a picture, or every frame of a video.
    """

    motion: Motion

    def shown(self, start: int, stop: int) -> list[int]:
        """Which frames of a range show the face."""
        ...

    def views(self, indices: Sequence[int], frames: Sequence[Rgb]) -> Views:
        """The face in frames that show it; indices and frames belong together."""
        ...

    def untouched(self, index: int, frame: Rgb) -> Rgb:
        """The crop of a frame that does not show the face, at the place where it should be."""
        ...


class StillPortrait:
    """A face of a picture: everything about it is computed once.

    Args:
        motion: of the one frame.
        preview: its crop.
        features: of the crop.
        paste_back: pastes into the picture; None where results are the crops themselves.
    """

    def __init__(self, motion: Motion, preview: Rgb, features: SourceFeatures, paste_back: PasteBack | None) -> None:
        self.motion, self.preview, self.features, self.paste_back = motion, preview, features, paste_back
        self.x_s = transform_keypoint(motion)

    def shown(self, start: int, stop: int) -> list[int]:
        """All of them."""
        return list(range(start, stop))

    def views(self, indices: Sequence[int], frames: Sequence[Rgb]) -> Views:
        """The same view for every frame."""
        n = len(indices)
        return Views([self.preview] * n, self.features, self.x_s, [self.paste_back] * n)

    def untouched(self, index: int, frame: Rgb) -> Rgb:
        """The crop itself."""
        return self.preview


class MovingPortrait:
    """A face of a video: cut out, encoded and pasted back frame by frame.

    Args:
        engine: the model.
        framing: how the face is cut out.
        motion: of every frame; bridged where the face is not shown.
        shown: which frames show it, (n,).
        places: where it is in every frame, (n, 4); None where the whole frames are the crops.

    Attributes:
        rivals: the other faces that are pasted into the same frames.
    """

    def __init__(
        self,
        engine: Engine,
        framing: Framing,
        motion: Motion,
        shown: NDArray[np.bool_],
        places: NDArray[np.float64] | None,
    ) -> None:
        self.motion = motion
        self.rivals: Sequence[MovingPortrait] = ()
        self._engine, self._framing, self._shown, self._places = engine, framing, shown, places
        self._x_s = transform_keypoint(motion)

    @property
    def n_missing(self) -> int:
        """Frames that do not show it."""
        return int((~self._shown).sum())

    def shown(self, start: int, stop: int) -> list[int]:
        """Those whose face was found."""
        return [index for index in range(start, stop) if self._shown[index]]

    def place(self, index: int) -> Place | None:
        """Where the face is in a frame; where it is not shown, between the sights before and after."""
        return None if self._places is None else self._places[index]

    def views(self, indices: Sequence[int], frames: Sequence[Rgb]) -> Views:
        """Crops and features of these frames."""
        crops = [self.untouched(index, frame) for index, frame in zip(indices, frames, strict=True)]
        features = self._engine.encode_source(network_input(self._engine, crops))
        paste_backs = [self._paste_back(index, frame) for index, frame in zip(indices, frames, strict=True)]
        return Views(crops, features, self._x_s[list(indices)], paste_backs)

    def untouched(self, index: int, frame: Rgb) -> Rgb:
        """The crop of a frame."""
        return self._framing.crop(frame, self.place(index))

    def _paste_back(self, index: int, frame: Rgb) -> PasteBack | None:
        rivals = [rival.place(index) for rival in self.rivals if rival.shown(index, index + 1)]
        return self._framing.paste_back(self.place(index), [place for place in rivals if place is not None], frame)


def network_input(engine: Engine, crops: Sequence[Rgb]) -> Tensor:
    """Crops of one size as the engine takes them, (B, 3, h, w); 512 crops are shrunk by area averaging."""
    return engine.prepare(np.stack([network_crop(engine, crop) for crop in crops]))


def network_crop(engine: Engine, crop: Rgb) -> Rgb:
    """A 512 crop at the engine's size; a whole frame is left to the engine."""
    if crop.shape[:2] != (CROP_SIZE, CROP_SIZE) or engine.crop_size == CROP_SIZE:
        return crop
    return resize_source(crop, engine.crop_size)
