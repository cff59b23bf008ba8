"""Where the face opens or closes: maps of mouth and eyes, drawn from the keypoints.

There the source has nothing to show, so G paints its own colours over the warped picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .ellipses import eye_ellipses, lip_gap, lost_lid_height, mouth_ellipse

FULL_GAP = 0.03  # of the lips, at which an open mouth fills its ellipse
LEAST_GAP = 0.05  # that what is newly open is a share of
LOST_WHEN_SHUT = 0.08  # lid height at which an eye is painted altogether
CLOSING_GAIN, MOST_CLOSING = 8, 1.5  # of the map that tells how far eyes close


def aperture_maps(kp_driving: Tensor, kp_source: Tensor, size: int) -> Tensor:
    """All maps that G reads, with soft edges.

    Args:
        kp_driving: (B, 21, 3) in crop coordinates.
        kp_source: the same shape.
        size: side of the maps.

    Returns:
        (B, 4, size, size): the driving face's open mouth; what is to be painted, as `paint_map`; eye regions; how far
        the eyes close (negative: open).
    """
    mouth, eyes, lost = _open_mouth(kp_driving, size), _eyes(kp_driving, size), lost_lid_height(kp_driving, kp_source)
    closing = (eyes * (lost[..., None, None] * CLOSING_GAIN).clamp(-MOST_CLOSING, MOST_CLOSING)).sum(1)
    return torch.stack([mouth, _paint(mouth, eyes, lost, kp_driving, kp_source), eyes.sum(1), closing], 1)


def paint_map(kp_driving: Tensor, kp_source: Tensor, size: int) -> Tensor:
    """Share of G's own colour: the newly opened part of the mouth, and closing eyes; (B, 1, size, size) in 0..1."""
    mouth, eyes, lost = _open_mouth(kp_driving, size), _eyes(kp_driving, size), lost_lid_height(kp_driving, kp_source)
    return _paint(mouth, eyes, lost, kp_driving, kp_source)[:, None]


def newly_open(kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """Share of the open mouth that the source cannot show, (B, 1) in 0..1: if its own is open, it keeps its teeth."""
    gap, gap_source = lip_gap(kp_driving), lip_gap(kp_source)
    return ((gap - gap_source) / gap.clamp(min=LEAST_GAP)).clamp(0, 1)


def mouth_strength(kp: Tensor) -> Tensor:
    """How much of its ellipse an open mouth fills: nothing when the lips meet, (B, 1) in 0..1."""
    return (lip_gap(kp) / FULL_GAP).clamp(max=1)


def shut(lost: Tensor) -> Tensor:
    """How much of each eye is painted, in 0..1, by the height that its lids have lost."""
    return (lost / LOST_WHEN_SHUT).clamp(0, 1)


def _paint(mouth: Tensor, eyes: Tensor, lost: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    lids = (eyes * shut(lost)[..., None, None]).sum(1).clamp(max=1)
    return torch.maximum(mouth * newly_open(kp_driving, kp_source)[..., None], lids)


def _open_mouth(kp: Tensor, size: int) -> Tensor:
    """The open mouth, (B, size, size) in 0..1."""
    return mouth_ellipse(kp).draw(size)[:, 0] * mouth_strength(kp)[..., None]


def _eyes(kp: Tensor, size: int) -> Tensor:
    """Regions of the left and right eye, (B, 2, size, size) in 0..1."""
    return eye_ellipses(kp).draw(size)
