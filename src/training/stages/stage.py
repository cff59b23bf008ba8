"""`Stage`: what the trainer needs to know of what is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn

from ..data.batches import Batch


@dataclass(frozen=True)
class Losses:
    """Terms of one batch, each with its weight already.

    Attributes:
        networks: what the networks are to make small.
        critics: what the critics are to make small; computed on detached pictures.
    """

    networks: dict[str, Tensor]
    critics: dict[str, Tensor] = field(default_factory=dict)


class Stage(Protocol):
    """Networks under training, and their losses."""

    networks: nn.ModuleDict
    critics: nn.ModuleDict

    def losses(self, batch: Batch, step: int) -> Losses:
        """Terms of a batch on the stage's device; `step` is the number of steps that are done."""
        ...

    def sample(self, networks: nn.ModuleDict, batch: Batch) -> Tensor | None:
        """A sheet to look at, (3, H, W) in 0..1, drawn with some networks of this stage (their average); or none."""
        ...

    def export(self, networks: nn.ModuleDict, folder: Path) -> list[Path]:
        """Write weights that the product loads from `folder`; returns the files."""
        ...
