"""Changes of eyes or lips to learn from: two frames say what a change looks like, and lines through them go on.

Frames of talks show few closed eyes and hardly a wide open mouth. But openness is nearly linear in keypoints, so the
line through two frames of one person gives the keypoints of any openness, and all targets can be drawn alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ...motion.keypoints import CHIN, EYES, LIP, keypoint_mask
from .keypoint_opening import eye_openness, lip_openness
from .skull import Skull, fit_skull

Opening = Callable[[Tensor, Tensor, Tensor], Tensor]

_RIGHT_EYE, _LOWER_LIDS = [15, 16], 18
_REACH = 2.5  # lines go on for so many times the distance of their frames
_LEAST = 0.03  # of openness between two frames for a line
_AS_IT_IS, _NO_CHANGE, _WINKS = 0.3, 0.1, 0.5  # shares of samples


class Part(NamedTuple):
    """What is opened and closed.

    Attributes:
        mask: its keypoints, (21, 3): 1 inside, 0 outside.
        columns: of its openness among left eye, right eye and lips.
        opening: how its openness follows a change of keypoints.
        high: largest target that is drawn.
    """

    mask: Tensor
    columns: slice
    opening: Opening
    high: float


PARTS: Mapping[str, Part] = {
    "eye": Part(keypoint_mask(EYES), slice(0, 2), eye_openness, 0.7),
    # The chin takes part: it goes down by 0.43 of the lips' gap (least squares within 135 clips), or the lower lip
    # would slide down to it.
    "lip": Part(keypoint_mask((*LIP, CHIN)), slice(2, 3), lip_openness, 1.0),
}


class Change(NamedTuple):
    """Sources, and what they should become.

    Attributes:
        x_s: keypoints of B sources, (B, 21, 3).
        openness: of the part in the sources, (B, n): both eyes, or the lips.
        skull: of the sources.
        target: openness to reach, (B, 1).
        change: of the keypoints, in the skull's frame, (B, 21, 3).
        trust: in the change, (B, 1, 1) in 0..1: lines that go far on are worth less.
    """

    x_s: Tensor
    openness: Tensor
    skull: Skull
    target: Tensor
    change: Tensor
    trust: Tensor


def draw_changes(part: Part, kp: Tensor, R: Tensor, openness: Tensor) -> Change:
    """Changes between frames of the same person, B = groups times frames.

    Args:
        part: eyes or lips.
        kp: (S, F, 21, 3): S groups of F frames, at least 4.
        R: (S, F, 3, 3).
        openness: (S, F, 3).
    """

    def frames(offset: int) -> tuple[Skull, Tensor, Tensor]:
        points, poses, open_ = (value.roll(-offset, 1).flatten(0, 1) for value in (kp, R, openness))
        skull = fit_skull(points, poses)
        return skull, skull.inside(points), open_[:, part.columns]

    skull, face, own = frames(0)
    mask = part.mask.to(kp)
    if own.shape[1] == 2:
        face, own = _wink(face, own, *frames(1)[1:])
    _, first, first_open = frames(2)
    _, second, _ = frames(3)
    still = _chance(_NO_CHANGE, face)[:, None, None]
    wanted, share = _along(part, first, first_open, second)
    target = part.opening(first, wanted, first_open).mean(1, keepdim=True).clamp(min=0)
    wanted = torch.where(still, face, wanted)
    target = torch.where(still[:, 0] & _alike(own), own.mean(1, keepdim=True), target)
    trust = 1 / torch.maximum(share.abs(), (1 - share).abs()).clamp(min=1).square()
    trust = torch.where(still & ~_alike(own)[:, None], 0.0, trust)  # two eyes that differ cannot stay as they are
    return Change(skull.outside(face), own, skull, target, mask * (wanted - face), trust)


def _along(part: Part, first: Tensor, first_open: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Faces on the lines from the first to the second, (B, 21, 3), and how far along, (B, 1, 1)."""
    begin = first_open.mean(1)
    rise = part.opening(first, second, first_open).mean(1) - begin
    share = (torch.rand_like(begin) * part.high - begin) / torch.where(rise.abs() < _LEAST, 1.0, rise)
    share = torch.where((rise.abs() < _LEAST) | _chance(_AS_IT_IS, first), 1.0, share.clamp(1 - _REACH, _REACH))
    share = share[:, None, None]
    return first + share * (second - first), share


def _wink(face: Tensor, own: Tensor, other: Tensor, other_open: Tensor) -> tuple[Tensor, Tensor]:
    """Half of the faces get their right eye from another frame of theirs, since hardly anybody winks."""
    winking, open_ = face.clone(), own.clone()
    winking[:, _RIGHT_EYE] = other[:, _RIGHT_EYE]
    winking[:, _LOWER_LIDS] = (face[:, _LOWER_LIDS] + other[:, _LOWER_LIDS]) / 2
    open_[:, 1] = other_open[:, 1]
    winks = _chance(_WINKS, face)
    return torch.where(winks[:, None, None], winking, face), torch.where(winks[:, None], open_, own)


def _alike(own: Tensor) -> Tensor:
    """Whether both eyes are open alike, (B, 1); lips always are."""
    return own.amax(1, keepdim=True) - own.amin(1, keepdim=True) < _LEAST


def _chance(share: float, like: Tensor) -> Tensor:
    return torch.rand(len(like), device=like.device) < share
