"""What is asked of a flow field itself."""

from __future__ import annotations

from torch import Tensor

from ..checks import check_pictures
from ..precision import in_float32


@in_float32
def total_variation(flow: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring cells, to the right and below, added up.

    Source: Rudin, Osher and Fatemi (1992), anisotropic form; the papers have no such term, it keeps the flow of small
    networks smooth (ours). The unit is the flow's own, per cell: a map of twice the side has half of it.

    Args:
        flow: (B, C, H, W), 2 channels as a rule, at least 2 cells a side.

    Returns:
        Scalar, 0 for a constant flow.

    Raises:
        InputError: another shape.
    """
    check_pictures(flow, "a flow", least=2)
    across = flow[:, :, :, 1:] - flow[:, :, :, :-1]
    down = flow[:, :, 1:] - flow[:, :, :-1]
    return across.abs().mean() + down.abs().mean()
