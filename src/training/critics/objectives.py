"""What critics and the generator strive for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ..checks import check_alike
from ..precision import in_float32
from .patch_critic import Verdict


def hinge_critic(real: Sequence[Verdict], fake: Sequence[Verdict]) -> Tensor:
    """The critic's loss: ``mean(max(0, 1 - real)) + mean(max(0, 1 + fake))``, averaged over the scales.

    Source: Lim and Ye (arXiv 1705.02894), as face vid2vid (appendix, GAN loss) has it.

    Args:
        real: what it said of real pictures.
        fake: what it said of generated ones (detached from the generator).

    Returns:
        Scalar; 0 where every patch is told by a margin of 1, 2 for a critic that says 0.

    Raises:
        InputError: no scale, or not the same number of them.
    """
    _check_scales(real, fake)
    return _mean([_hinge_pair(r.logits, f.logits) for r, f in zip(real, fake, strict=True)])


def hinge_generator(fake: Sequence[Verdict]) -> Tensor:
    """The generator's loss: ``-mean(fake)``, averaged over the scales; source as of `hinge_critic`.

    Raises:
        InputError: no scale.
    """
    _check_scales(fake, fake)
    return _mean([-_float(verdict.logits).mean() for verdict in fake])


def feature_matching(fake: Sequence[Verdict], real: Sequence[Verdict]) -> Tensor:
    """Mean absolute difference of the critic's features, averaged over layers and scales.

    Source: Wang et al. (pix2pixHD, arXiv 1711.11585) equation 4, as face vid2vid (appendix) has it.

    Args:
        fake: what the critic said of generated pictures.
        real: what it said of the real ones of the same scenes; no gradient flows there.

    Returns:
        Scalar, 0 for equal pictures.

    Raises:
        InputError: no scale, or other shapes.
    """
    _check_scales(fake, real)
    terms = [
        _difference(ours, theirs.detach())
        for f, r in zip(fake, real, strict=True)
        for ours, theirs in zip(f.features, r.features, strict=True)
    ]
    return _mean(terms)


@in_float32
def _hinge_pair(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


@in_float32
def _difference(a: Tensor, b: Tensor) -> Tensor:
    check_alike(a, b, "features of generated and real pictures")
    return (a - b).abs().mean()


@in_float32
def _float(tensor: Tensor) -> Tensor:
    return tensor


def _mean(terms: list[Tensor]) -> Tensor:
    return torch.stack(terms).mean()


def _check_scales(a: Sequence[Verdict], b: Sequence[Verdict]) -> None:
    if not a or len(a) != len(b):
        raise InputError(f"verdicts must be of the same scales, at least one, got {len(a)} and {len(b)}")
