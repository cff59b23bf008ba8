"""Head pose: bins to degrees, degrees to rotation matrices and back.

Convention: matrices are transposed, they act on row vectors from the right (``points @ R``). Pitch turns about x, yaw
about y, roll about z (spec: pipeline, section 0.1; networks, section 6).
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..errors import InputError

NUM_BINS = 66


def headpose_pred_to_degree(pred: Tensor, num_bins: int = NUM_BINS, step: float = 3.0, offset: float = 97.5) -> Tensor:
    """Expected angle of a distribution over equally wide bins.

    Args:
        pred: logits, (B, num_bins). Angles that are already degrees, (), (B,) or (B, 1), are returned as they are.
        num_bins: number of bins of the head-pose layer.
        step: width of a bin in degrees.
        offset: minus the angle of bin 0 in degrees.

    Returns:
        Degrees, (B,), for logits; `pred` itself for degrees.

    Raises:
        InputError: for any other shape, which would otherwise pass as degrees.
    """
    if pred.ndim <= 1 or pred.shape[1:] == (1,):
        return pred
    if pred.shape[1:] != (num_bins,):
        raise InputError(f"head pose must be (B, {num_bins}) logits or (B, 1) degrees, got {tuple(pred.shape)}")
    bins = torch.arange(num_bins, dtype=pred.dtype, device=pred.device)
    return (pred.softmax(dim=1) * bins).sum(dim=1) * step - offset


def get_rotation_matrix(pitch: Tensor, yaw: Tensor, roll: Tensor) -> Tensor:
    """Rotation matrices from angles: ``R = (Rz @ Ry @ Rx)^T``.

    Args:
        pitch: degrees, (B,) or (B, 1).
        yaw: degrees, (B,) or (B, 1).
        roll: degrees, (B,) or (B, 1).

    Returns:
        (B, 3, 3), for row vectors; float32 at least.
    """
    p, y, r = (_radians(angle) for angle in (pitch, yaw, roll))
    zero, one = torch.zeros_like(p), torch.ones_like(p)
    rx = _matrix([one, zero, zero], [zero, p.cos(), -p.sin()], [zero, p.sin(), p.cos()])
    ry = _matrix([y.cos(), zero, y.sin()], [zero, one, zero], [-y.sin(), zero, y.cos()])
    rz = _matrix([r.cos(), -r.sin(), zero], [r.sin(), r.cos(), zero], [zero, zero, one])
    return (rz @ ry @ rx).transpose(1, 2)


def degrees(R: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Pitch, yaw and roll of rotation matrices: the inverse of `get_rotation_matrix` for yaw within +-90.

    Args:
        R: rotation matrices for row vectors, (B, 3, 3).

    Returns:
        Three tensors of degrees, (B,) each.
    """
    pitch = torch.atan2(R[:, 1, 2], R[:, 2, 2])
    yaw = torch.atan2(-R[:, 0, 2], torch.hypot(R[:, 0, 0], R[:, 0, 1]))
    roll = torch.atan2(R[:, 0, 1], R[:, 0, 0])
    return pitch.rad2deg(), yaw.rad2deg(), roll.rad2deg()


def _radians(angle: Tensor) -> Tensor:
    angle = angle.to(torch.promote_types(angle.dtype, torch.float32))
    return angle.reshape(-1).deg2rad()  # (B,)


def _matrix(*rows: list[Tensor]) -> Tensor:
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)  # (B, 3, 3)
