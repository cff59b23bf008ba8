"""What looks at pictures."""

from __future__ import annotations

from dataclasses import dataclass

from .identity import Identity
from .landmarks import MeshFinder
from .perceptual import Perceptual


@dataclass(frozen=True)
class Judges:
    """What looks at pictures.

    Attributes:
        finder: of meshes.
        identity: tells people apart; None = not measured.
        perceptual: distance of pictures by the features of a network; None = not measured.
    """

    finder: MeshFinder
    identity: Identity | None = None
    perceptual: Perceptual | None = None
