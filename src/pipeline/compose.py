"""From rendered faces to finished frames: colours matched, crops pasted back, side-by-side rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..face.face import Rgb
from ..face.match_color import match_color
from ..media.frames import concat_frame
from .render import RenderedFace, RenderedFrame

_HIGHEST = 4096  # pixels of a side-by-side picture; more rows than fit are shrunk


@dataclass(frozen=True)
class Composer:
    """Makes finished frames.

    Attributes:
        matches_color: give what is pasted the low-frequency colours of its surroundings.
    """

    matches_color: bool = False

    def result(self, rendered: RenderedFrame) -> Rgb:
        """The whole frame with its faces pasted back; the crops in a row where nothing is pasted back.

        Args:
            rendered: faces, all of them either with or without a place to be pasted into.
        """
        if not rendered.pastes:
            return np.concatenate([face.crop for face in rendered.faces], axis=1)
        frame = rendered.frame
        for face in rendered.faces:
            if face.paste_back is not None:
                frame = face.paste_back.paste(self._matched(face), frame)
        return frame

    def side_by_side(self, rendered: RenderedFrame, previews: Sequence[Rgb | None]) -> Rgb:
        """A row per face: driver (where one is to be seen), source, result.

        Args:
            rendered: the faces.
            previews: the drivers' frames, one per face; None = nothing to be seen.
        """
        shows_drivers = any(preview is not None for preview in previews)
        rows = []
        for face, preview in zip(rendered.faces, previews, strict=True):
            tile = np.zeros_like(face.crop) if preview is None and shows_drivers else preview
            rows.append(concat_frame(face.crop, face.preview, tile))
        return _stacked(rows)

    def _matched(self, face: RenderedFace) -> Rgb:
        return match_color(face.crop, face.preview) if self.matches_color else face.crop


def _stacked(rows: Sequence[Rgb]) -> Rgb:
    """Rows of one size on top of each other, shrunk where they would be too high for a video."""
    height, width = rows[0].shape[:2]
    if height * len(rows) > _HIGHEST:
        scale = _HIGHEST / (height * len(rows))
        size = (int(width * scale) // 2 * 2, int(height * scale) // 2 * 2)
        rows = [cv2.resize(row, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False) for row in rows]
    return np.concatenate(rows, axis=0)
