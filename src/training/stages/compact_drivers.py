"""More drivers for the sources of a batch than its frames: faces that move as others do, mouths that open farther.

For stages that need no picture of what they draw.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...modules.compact.ellipses import lip_gap
from ...motion.keypoints import CHIN, LIP
from ..data.batches import Batch
from .skull import fit_skull

_MOUTH = [*LIP, CHIN]
_FARTHEST = 3.0  # times as far


def with_more_drivers(batch: Batch) -> dict[str, Tensor]:
    """What `warp` needs of a batch, with three times as many drivers.

    To those of the batch come each source moved as the one before it, and that with its mouth open farther.

    Args:
        batch: of two sources or more, see `Batches.batch`.

    Returns:
        `source` and `kp_source` as they are, and `kp_driving` (S, 3 D, 21, 3).
    """
    kp_source, kp_driving = batch["kp_source"][:, None], batch["kp_driving"]
    R_source = batch["R_source"][:, None]
    crossed = kp_source + (kp_driving - kp_source).roll(1, 0)  # (S, D, 21, 3)
    R_crossed = R_source @ (R_source.mT @ batch["R_driving"]).roll(1, 0)  # (S, D, 3, 3)
    opened = _opened(crossed, R_crossed, kp_source, R_source)
    drivers = torch.cat([kp_driving, crossed, opened], 1)  # (S, 3 D, 21, 3)
    return {"source": batch["source"], "kp_source": batch["kp_source"], "kp_driving": drivers}


def _opened(kp: Tensor, R: Tensor, kp_source: Tensor, R_source: Tensor) -> Tensor:
    """Faces whose mouths, where they open, open up to `_FARTHEST` times as far; heads stay where they are.

    Args:
        kp: (S, D, 21, 3).
        R: their poses, (S, D, 3, 3).
        kp_source: what they opened from, (S, 1, 21, 3).
        R_source: (S, 1, 3, 3).
    """
    drawn = torch.rand(kp.shape[:2], device=kp.device) * (_FARTHEST - 1)
    farther = (drawn * (_gap(kp) > _gap(kp_source))).flatten()[:, None, None]  # (S D, 1, 1)
    points, points_source = kp.flatten(0, 1), kp_source.expand_as(kp).flatten(0, 1)  # (S D, 21, 3)
    face_source = fit_skull(points_source, R_source.expand_as(R).flatten(0, 1)).inside(points_source)
    skull = fit_skull(points, R.flatten(0, 1))
    face = skull.inside(points)
    face[:, _MOUTH] += farther * (face - face_source)[:, _MOUTH]
    opened = points.clone()
    opened[:, _MOUTH] = skull.outside(face)[:, _MOUTH]
    return opened.view_as(kp)


def _gap(kp: Tensor) -> Tensor:
    """Of the lips, (S, D)."""
    return lip_gap(kp.flatten(0, 1)).view(kp.shape[:2])
