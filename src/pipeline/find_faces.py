"""`find_faces()`: which faces a picture shows, so that a user can choose one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..face.choose import left_to_right
from ..face.face import Face, Rgb
from ..face.mark import mark_faces
from ..media.given import Inbox
from .finders import Finders
from .inputs import taken_picture
from .source import open_source


@dataclass(frozen=True, eq=False)
class FacesFound:
    """The faces of a picture.

    Attributes:
        picture: the picture within its size limit, (H, W, 3) uint8.
        faces: from left to right; the option `faces` counts them so.
    """

    picture: Rgb
    faces: Sequence[Face]

    @property
    def largest(self) -> int:
        """The number of the largest face."""
        return max(range(len(self.faces)), key=lambda number: self.faces[number].area)

    def at(self, x: float, y: float) -> int:
        """The number of the face at a pixel, or else of the nearest one."""

        def distance(number: int) -> float:
            left, top, right, bottom = (float(value) for value in self.faces[number].box)
            return max(left - x, x - right, 0.0) ** 2 + max(top - y, y - bottom, 0.0) ** 2

        return min(range(len(self.faces)), key=distance)

    def marked(self, chosen: int | None = None) -> Rgb:
        """A copy of the picture with a numbered box around every face, the chosen one's in green."""
        return mark_faces(self.picture, self.faces, chosen)


def find_faces(given: Any, engine: Engine, finders: Finders, args: ArgumentConfig) -> FacesFound:
    """Find the faces of a picture.

    Args:
        given: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB.
        engine: the model.
        finders: the face detectors.
        args: size limit, and whether animals are looked for.

    Raises:
        InputError: not a picture.
        NoFaceError: it shows no face.
    """
    with Inbox() as inbox:
        media = taken_picture(given, inbox, "searched for faces")
        clip = open_source(media, args)
        picture = next(iter(clip)).copy()  # it may be the caller's own array
        faces = left_to_right(finders.of_source(clip, engine, args)().detect(picture))
        if not faces:
            raise finders.no_face(f"the source {clip.label}", picture, args)
    return FacesFound(picture, faces)
