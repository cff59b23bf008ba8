"""The faces of one frame before it is known whose they are, and how they are dealt out among the people known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from .boxes import box_overlap, box_shared
from .face import Face
from .landmarks import Floats
from .track import Track

Box = NDArray[np.floating]  # (4,)

_SAME_FACE = 0.65  # of the smaller box lies in the larger: two finds of one face
_HEAD = 0.25  # of a face's box, on every side: hair that may hide the next face
_NOBODY = 0.8  # cost of a person who is not in the frame


@dataclass(frozen=True, eq=False)
class Find:
    """A face of the current frame.

    Attributes:
        face: it.
        look: its appearance.
        detected: seen by the detector without a hint where to look, now or, for a newcomer, when first seen.
        waited: frames since it was first seen, for a newcomer.
        alone: no other head touches it, so that its movement is its own.
        clear: alone and wholly in the picture, so that its look is its own.
    """

    face: Face
    look: Floats
    detected: bool = False
    waited: int = 0
    alone: bool = False
    clear: bool = False


def shares(box: Box, finds: Sequence[Find]) -> NDArray[np.floating]:
    """How far a box (4,) and each of N finds cover one another, (N,) 0..1."""
    return box_shared(box, np.stack([find.face.box for find in finds])) if finds else np.zeros(0)


def is_same(box: Box, finds: Sequence[Find]) -> bool:
    """Whether a box (4,) holds the same face as one of the finds."""
    return bool(shares(box, finds).max(initial=0) > _SAME_FACE)


def deal(tracks: Sequence[Track], finds: Sequence[Find]) -> dict[int, Find]:
    """Whose each find is, so that places and looks fit best over all; no two people share a face.

    Returns:
        Numbers of people, and their faces; those who are not in the frame are left out.
    """
    if not (finds and tracks):
        return {}
    costs = np.array([[track.cost(find.face, find.look) for find in finds] for track in tracks])
    nobody = np.full((len(tracks), len(tracks)), np.inf)
    np.fill_diagonal(nobody, _NOBODY)
    numbers, places = linear_sum_assignment(np.concatenate([costs, nobody], axis=1))
    pairs = [pair for pair in zip(numbers.tolist(), places.tolist(), strict=True) if pair[1] < len(finds)]
    owned: dict[int, Find] = {}
    for number, place in sorted(pairs, key=lambda pair: float(costs[pair])):
        # Two tracks that ended on one face each follow it: the one that it fits better keeps it.
        if not is_same(finds[place].face.box, list(owned.values())):
            owned[number] = finds[place]
    return owned


def strangers_among(finds: Sequence[Find], owned: Sequence[Find]) -> list[Find]:
    """The faces that are nobody's, each once."""
    strangers: list[Find] = []
    for find in finds:
        if find.detected and not is_same(find.face.box, [*owned, *strangers]):
            strangers.append(find)
    return strangers


def judged(find: Find, others: Sequence[Find], hidden: Sequence[Box], size: tuple[int, int]) -> Find:
    """The find with `alone` and `clear` filled in.

    Args:
        find: it.
        others: all faces of the frame; the find itself may be among them.
        hidden: where faces should be that are not seen, boxes (4,).
        size: height and width of the frame.
    """
    boxes = [_head(other.face.box) for other in others if other.face is not find.face] + list(hidden)
    box = find.face.box
    alone = not boxes or not box_overlap(_head(box), np.stack(boxes)).any()
    inside = bool((box[:2] >= 0).all() and (box[2:] <= size[::-1]).all())
    return replace(find, alone=alone, clear=alone and inside)


def _head(box: Box) -> Box:
    margin = _HEAD * (box[2:] - box[:2])
    return np.concatenate([box[:2] - margin, box[2:] + margin])
