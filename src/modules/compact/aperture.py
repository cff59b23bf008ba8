"""Where the face opens or closes: maps of mouth and eyes, drawn from the keypoints.

There the source has nothing to show, so G paints its own colours over the warped picture.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .grid import along

_LEFT_CORNER, _RIGHT_CORNER, _LOWER_LIP, _UPPER_LIP = 17, 14, 19, 20
_PUPILS, _UPPER_LIDS, _LOWER_LIDS = [11, 15], [13, 16], [18]  # left, right; the lower lids share a keypoint
_TINY = 1e-3


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
    mouth, eyes, lost = _mouth(kp_driving, size), _eyes(kp_driving, size), _lost_lid_height(kp_driving, kp_source)
    closing = (eyes * (lost * 8).clamp(-1.5, 1.5)).sum(1)
    return torch.stack([mouth, _paint(mouth, eyes, lost, kp_driving, kp_source), eyes.sum(1), closing], 1)


def paint_map(kp_driving: Tensor, kp_source: Tensor, size: int) -> Tensor:
    """Share of G's own colour: the newly opened part of the mouth, and closing eyes; (B, 1, size, size) in 0..1."""
    mouth, eyes, lost = _mouth(kp_driving, size), _eyes(kp_driving, size), _lost_lid_height(kp_driving, kp_source)
    return _paint(mouth, eyes, lost, kp_driving, kp_source)[:, None]


def _paint(mouth: Tensor, eyes: Tensor, lost: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    gap, gap_source = _lip_gap(kp_driving), _lip_gap(kp_source)
    newly_open = ((gap - gap_source) / gap.clamp(min=0.05)).clamp(0, 1)  # an open mouth of the source keeps its teeth
    shut = (eyes * (lost / 0.08).clamp(0, 1)).sum(1).clamp(max=1)
    return torch.maximum(mouth * newly_open[..., None], shut)


def _mouth(kp: Tensor, size: int) -> Tensor:
    """The open mouth, (B, size, size) in 0..1."""
    right, down, width = _axes(kp, _LEFT_CORNER, _RIGHT_CORNER)
    gap = _lip_gap(kp)
    centre = (kp[:, _LOWER_LIP, :2] + kp[:, _UPPER_LIP, :2]) / 2
    half_width, half_height = (0.43 * width).clamp(min=0.02), (gap / 2).clamp(min=0.006)
    distance = _ellipse(centre, right / half_width, down / half_height, size)
    return torch.sigmoid((0.95 - distance) * 5) * (gap / 0.03).clamp(max=1)[..., None]


def _eyes(kp: Tensor, size: int) -> Tensor:
    """Regions of the left and right eye, (B, 2, size, size) in 0..1."""
    right, down, distance = _axes(kp, *_PUPILS)
    u, v = right / (0.19 * distance), down / (0.11 * distance)
    return torch.sigmoid((1 - _ellipse(kp[:, _PUPILS, :2], u[:, None], v[:, None], size)) * 3)


def _lip_gap(kp: Tensor) -> Tensor:
    """Opening of the inner lips, (B, 1), never negative."""
    _, down, _ = _axes(kp, _LEFT_CORNER, _RIGHT_CORNER)
    return ((kp[:, _LOWER_LIP, :2] - kp[:, _UPPER_LIP, :2]) * down).sum(-1, keepdim=True).clamp(min=0)


def _lost_lid_height(kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """How much lower the upper lids are than in the source, in eye distances, (B, 2, 1, 1)."""
    return (_lid_height(kp_source) - _lid_height(kp_driving))[..., None, None]


def _lid_height(kp: Tensor) -> Tensor:
    """Height of both upper lids over the lower lids, in eye distances, (B, 2)."""
    _, down, distance = _axes(kp, *_PUPILS)
    return ((kp[:, _LOWER_LIDS, :2] - kp[:, _UPPER_LIDS, :2]) * down[:, None]).sum(-1) / distance


def _axes(kp: Tensor, left: int, right: int) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vector between two keypoints and its normal, which points down in an upright face; their distance (B, 1)."""
    span = kp[:, right, :2] - kp[:, left, :2]
    distance = span.norm(dim=-1, keepdim=True).clamp(min=_TINY)
    unit = span / distance
    return unit, torch.stack([-unit[:, 1], unit[:, 0]], -1), distance


def _ellipse(centre: Tensor, u: Tensor, v: Tensor, size: int) -> Tensor:
    """Squared distance from the centre in half axes (1 on the ellipse), (..., size, size).

    u and v are the directions of the axes, divided by half their lengths, (..., 2).
    """
    return along(u, centre, size) ** 2 + along(v, centre, size) ** 2
