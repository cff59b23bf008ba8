"""Losses of the second stage, which trains stitching and retargeting with everything else frozen.

Source: LivePortrait (arXiv 2407.03168), section 3.3. Terms are not weighted here: the paper's weights of the
regularisation are the caller's.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from ..checks import check_alike, check_points
from ..precision import in_float32
from .pixels import weighted_l1


class StitchingTerms(NamedTuple):
    """Terms of the stitching loss, scalars each.

    Attributes:
        consistency: difference of the pictures where they must agree.
        regularisation: size of the keypoint deltas.
    """

    consistency: Tensor
    regularisation: Tensor


class RetargetingTerms(NamedTuple):
    """Terms of the eyes or lips retargeting loss, scalars each.

    Attributes:
        consistency: difference of the pictures where they must agree.
        condition: difference of the wanted and the reached opening.
        regularisation: size of the keypoint deltas.
    """

    consistency: Tensor
    condition: Tensor
    regularisation: Tensor


def stitching_terms(stitched: Tensor, reconstructed: Tensor, shoulders: Tensor, delta: Tensor) -> StitchingTerms:
    """Stitched keypoints must leave the shoulders where the source has them, and move as little as they can.

    Args:
        stitched: picture from the driving keypoints after stitching, (B, 3, H, W).
        reconstructed: picture from the source's own keypoints, same shape; no gradient flows there.
        shoulders: 1 where the pictures must agree, 0 elsewhere, (B, 1, H, W). This is the paper's ``1 - M_st``.
        delta: what stitching adds to the driving keypoints, (B, K, 3).

    Raises:
        InputError: shapes that do not belong together.
    """
    return StitchingTerms(weighted_l1(stitched, reconstructed.detach(), shoulders), delta_regularisation(delta))


def retargeting_terms(
    retargeted: Tensor, reconstructed: Tensor, around: Tensor, reached: Tensor, wanted: Tensor, delta: Tensor
) -> RetargetingTerms:
    """Eyes (or lips) must reach the wanted opening, and everything around them must stay as it is.

    Args:
        retargeted: picture from the source's keypoints plus the deltas, (B, 3, H, W).
        reconstructed: picture from the source's own keypoints, same shape; no gradient flows there.
        around: 1 where the pictures must agree, 0 on eyes (or lips), (B, 1, H, W). This is the paper's ``1 - M``.
        reached: opening that the retargeted keypoints (or landmarks of the picture) show, (B, 2) for eyes, (B, 1) for
            lips, or any shape.
        wanted: same shape; no gradient flows there.
        delta: what retargeting adds to the keypoints, (B, K, 3).

    Raises:
        InputError: shapes that do not belong together.
    """
    return RetargetingTerms(
        weighted_l1(retargeted, reconstructed.detach(), around),
        condition_loss(reached, wanted),
        delta_regularisation(delta),
    )


@in_float32
def condition_loss(reached: Tensor, wanted: Tensor) -> Tensor:
    """Mean absolute difference of openings, same shapes.

    Raises:
        InputError: the shapes differ.
    """
    check_alike(reached, wanted, "reached and wanted openings")
    return (reached - wanted.detach()).abs().mean()


@in_float32
def delta_regularisation(delta: Tensor) -> Tensor:
    """Mean absolute keypoint delta, (B, K, 3).

    Raises:
        InputError: another shape.
    """
    check_points(delta, what="keypoint deltas")
    return delta.abs().mean()
