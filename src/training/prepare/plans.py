"""From a section of a clip to what is written of it: the crop of each shot, its frames and their meshes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...face.face import Points
from ...face.landmarks import Floats
from .crop import Crop, Cropping
from .options import ShotOptions
from .pieces import Piece, Section, largest
from .quality import Reason, Sight

_LEAST = 2  # frames that thinning must leave: a source and a driver
_EDGE = 0.99  # of the crop's half side, within which all of a face must lie


@dataclass(frozen=True, eq=False)
class ShotPlan:
    """One shot before it is written.

    Attributes:
        crop: of all its frames.
        meshes: by the number of the frame, (478, 3) in crop coordinates.
        sights: of the same frames.
        person: number of the person within the clip.
    """

    crop: Crop
    meshes: dict[int, Floats]
    sights: list[Sight]
    person: int

    @cached_property
    def landmarks(self) -> dict[int, Points]:
        """The meshes in pixels of the frames."""
        return {sight.frame: sight.landmarks for sight in self.sights}


def plans_of(
    section: Section, cropping: Cropping, options: ShotOptions, stride: int, *, still: bool
) -> tuple[list[ShotPlan], Counter[Reason]]:
    """What is written of a section, and the frames that are not, by reason.

    Args:
        section: of the clip; or a still, which may be as short as it likes.
        cropping: how its shots are cropped.
        options: how many faces and frames are wanted.
        stride: of the clip's frames only every so many-th is taken.
        still: whether it is a still.
    """
    dropped = Counter(section.dropped)
    chosen, others = largest(section.pieces, options.faces)
    dropped[Reason.OTHERS] += sum(map(len, others))
    plans = []
    for piece in chosen:
        plan = _plan(piece, cropping)
        dropped[Reason.LEFT_CROP] += len(piece) - len(plan.sights)
        least = 1 if still else options.least_frames
        if len(plan.sights) < least:
            dropped[Reason.SHORT] += len(plan.sights)
            continue
        thinned = _every(plan, stride)
        dropped[Reason.THINNED] += len(plan.sights) - len(thinned.sights)
        if len(thinned.sights) < min(least, _LEAST):
            dropped[Reason.SHORT] += len(thinned.sights)
        elif thinned.sights:
            plans.append(thinned)
    return plans, +dropped


def _plan(piece: Piece, cropping: Cropping) -> ShotPlan:
    crop = cropping.of([sight.place for sight in piece.sights])
    meshes = {sight.frame: crop.mesh(sight.landmarks) for sight in piece.sights}
    # Of crops that are given it is known already that they show the whole face.
    inside = {frame for frame, mesh in meshes.items() if cropping.side or np.abs(mesh[:, :2]).max() <= _EDGE}
    return _only(ShotPlan(crop, meshes, piece.sights, piece.person), inside)


def _every(plan: ShotPlan, stride: int) -> ShotPlan:
    return plan if stride == 1 else _only(plan, {frame for frame in plan.meshes if frame % stride == 0})


def _only(plan: ShotPlan, frames: set[int]) -> ShotPlan:
    meshes = {frame: mesh for frame, mesh in plan.meshes.items() if frame in frames}
    return replace(plan, meshes=meshes, sights=[sight for sight in plan.sights if sight.frame in frames])
