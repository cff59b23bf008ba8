"""Ellipses of mouth and eyes, placed by the keypoints; their edges are soft."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .grid import along

CORNERS, LOWER_LIP, UPPER_LIP = [17, 14], 19, 20
PUPILS, UPPER_LIDS, LOWER_LIDS = [11, 15], [13, 16], [18]  # left, right; the lower lids share a keypoint
LEAST_DISTANCE = 1e-3  # of two keypoints that span a frame of reference

MOUTH_EDGE, MOUTH_STEEPNESS = 0.95, 5.0
MOUTH_HALF_WIDTH = 0.43  # in distances of the corners
LEAST_MOUTH = (0.02, 0.006)  # half axes
EYE_EDGE, EYE_STEEPNESS = 1.0, 3.0
EYE_HALF_AXES = (0.19, 0.11)  # in distances of the pupils


@dataclass(frozen=True)
class Ellipses:
    """Of B faces n ellipses with the same axes: ``sigmoid((edge - d) * steepness)``, d the squared distance.

    Attributes:
        centres: (B, n, 2) in crop coordinates.
        axes: directions of both axes, divided by half their lengths, (B, 2, 2).
        edge: d of the middle of the edge; 1 is on the ellipse.
        steepness: of the edge.
    """

    centres: Tensor
    axes: Tensor
    edge: float
    steepness: float

    def draw(self, size: int) -> Tensor:
        """Maps of them, (B, n, size, size) in 0..1."""
        first, second = self.axes[:, None].unbind(2)  # (B, 1, 2)
        distance = along(first, self.centres, size) ** 2 + along(second, self.centres, size) ** 2
        return torch.sigmoid((self.edge - distance) * self.steepness)


def mouth_ellipse(kp: Tensor) -> Ellipses:
    """The open mouth of keypoints (B, 21, 3); the narrowest one is a line."""
    right, down, width = _axes(kp, *CORNERS)
    centre = (kp[:, LOWER_LIP, :2] + kp[:, UPPER_LIP, :2]) / 2
    wide, high = LEAST_MOUTH
    half_width, half_height = (MOUTH_HALF_WIDTH * width).clamp(min=wide), (_gap(kp, down) / 2).clamp(min=high)
    axes = torch.stack([right / half_width, down / half_height], 1)
    return Ellipses(centre[:, None], axes, MOUTH_EDGE, MOUTH_STEEPNESS)


def eye_ellipses(kp: Tensor) -> Ellipses:
    """Regions of the left and right eye of keypoints (B, 21, 3)."""
    right, down, distance = _axes(kp, *PUPILS)
    wide, high = EYE_HALF_AXES
    axes = torch.stack([right / (wide * distance), down / (high * distance)], 1)
    return Ellipses(kp[:, PUPILS, :2], axes, EYE_EDGE, EYE_STEEPNESS)


def lip_gap(kp: Tensor) -> Tensor:
    """Opening of the inner lips, (B, 1), never negative."""
    _, down, _ = _axes(kp, *CORNERS)
    return _gap(kp, down)


def lost_lid_height(kp_driving: Tensor, kp_source: Tensor) -> Tensor:
    """How much lower the upper lids are than in the source, in eye distances, (B, 2)."""
    return _lid_height(kp_source) - _lid_height(kp_driving)


def _gap(kp: Tensor, down: Tensor) -> Tensor:
    return ((kp[:, LOWER_LIP, :2] - kp[:, UPPER_LIP, :2]) * down).sum(-1, keepdim=True).clamp(min=0)


def _lid_height(kp: Tensor) -> Tensor:
    """Height of both upper lids over the lower lids, in eye distances, (B, 2)."""
    _, down, distance = _axes(kp, *PUPILS)
    return ((kp[:, LOWER_LIDS, :2] - kp[:, UPPER_LIDS, :2]) * down[:, None]).sum(-1) / distance


def across_eyes(kp: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Right and down of an upright face, unit vectors (B, 2), and the distance of its pupils (B, 1)."""
    return _axes(kp, *PUPILS)


def _axes(kp: Tensor, left: int, right: int) -> tuple[Tensor, Tensor, Tensor]:
    """Unit vector between two keypoints and its normal, which points down in an upright face; their distance (B, 1)."""
    span = kp[:, right, :2] - kp[:, left, :2]
    distance = span.norm(dim=-1, keepdim=True).clamp(min=LEAST_DISTANCE)
    unit = span / distance
    return unit, torch.stack([-unit[:, 1], unit[:, 0]], -1), distance
