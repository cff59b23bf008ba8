"""Does the result still show the same person?"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..checks import check_alike
from ..precision import in_float32


@in_float32
def identity_loss(network: Callable[[Tensor], Tensor], result: Tensor, target: Tensor) -> Tensor:
    """One minus the cosine of the angle between the faces' descriptors, mean over the batch.

    Source: Deng et al. (ArcFace, arXiv 1801.07698) for descriptors on a sphere; LivePortrait (arXiv 2407.03168, section
    3.2) has a face-id loss without giving its formula.

    Args:
        network: `IResNet50`, or another that gives descriptors (B, N). Never the one that judges the results: what is
            trained against cannot judge.
        result: aligned faces, (B, 3, 112, 112) in 0..1, see `aligned_faces`.
        target: same shape; no gradient flows there.

    Returns:
        Scalar in 0..2, 0 for the same descriptor.

    Raises:
        InputError: the shapes differ.
    """
    check_alike(result, target)
    with torch.no_grad():
        wanted = network(target)
    return (1 - F.cosine_similarity(network(result), wanted, dim=1)).mean()
