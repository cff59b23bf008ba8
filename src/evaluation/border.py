"""How much what should stand still moves, with and without stitching: the crop's border, neck and shoulders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..engine.compact_sizes import OUTPUT_SIZE
from ..motion.keypoints import CHIN
from ..pipeline.progress import Progress, counted, silent
from .averages import ClipFigures
from .cross_reenactment import keypoints_of
from .methods import Networks
from .people import Pair

_RING = 1 / 16  # width of the border, as a share of the crop's side
_BELOW = 0.08  # so far below the lower chin begin neck and shoulders, in crop coordinates


def measure_border(
    pairs: Sequence[Pair], methods: Sequence[Networks], progress: Progress = silent
) -> list[ClipFigures]:
    """Mean length of W's picture flow where nothing should move.

    Args:
        pairs: who is driven by whom.
        methods: sets of weights; those whose W gives no flow of the picture are left out.
        progress: told about every pair.

    Returns:
        For every pair and method, with S ("stitched") and without: ring (the outermost sixteenth of the crop's side)
        and shoulders (below both chins), in pixels of 512.
    """
    figures = []
    for pair in counted(pairs, "Border", len(pairs), progress):
        for method in methods:
            values: dict[str, float] = {}
            for name, stitching in (("stitched", True), ("unstitched", False)):
                x_s, x_d = keypoints_of(method, pair, stitching=stitching)
                flow = _flow(method, pair, x_s, x_d)
                if flow is not None:
                    lengths = flow.norm(dim=1) * OUTPUT_SIZE / 2  # (n, S, S)
                    values[f"ring_{name}"] = mean_over(lengths, ring(lengths.shape[-1]))
                    values[f"shoulders_{name}"] = mean_over(lengths, shoulders(lengths.shape[-1], x_s, x_d))
            if values:
                label = f"{pair.sitter.name} <- {pair.driver.name}"
                figures.append(ClipFigures(method.name, label, pair.sitter.clip.identity, values))
    return figures


def ring(cells: int) -> Tensor:
    """The outermost sixteenth on every side, (1, cells, cells) bool."""
    width = max(round(cells * _RING), 1)
    inside = torch.zeros(1, cells, cells, dtype=torch.bool)
    inside[:, width:-width, width:-width] = True
    return ~inside


def shoulders(cells: int, x_s: Tensor, x_d: Tensor) -> Tensor:
    """What lies below the chins of source and result, (n, cells, cells) bool.

    Args:
        cells: along one side.
        x_s: source keypoints, (1, 21, 3).
        x_d: driving keypoints, (n, 21, 3).
    """
    chin = torch.maximum(x_s[:, CHIN, 1], x_d[:, CHIN, 1]).cpu()  # (n,)
    y = (torch.arange(cells) + 0.5) * 2 / cells - 1
    below = y[None] > chin[:, None] + _BELOW  # (n, cells)
    return below[:, :, None].expand(-1, cells, cells)


def mean_over(lengths: Tensor, where: Tensor) -> float:
    """Mean of lengths (n, S, S) over some cells; nan where there are none."""
    return float(lengths.cpu()[where.expand(lengths.shape)].mean())


def _flow(method: Networks, pair: Pair, x_s: Tensor, x_d: Tensor) -> Tensor | None:
    features = method.features(pair.sitter.clip, pair.sitter.frame)
    flows = [out.get("flow") for out in method.outputs(features, x_s, x_d)]
    return torch.cat([flow for flow in flows if flow is not None]) if flows[0] is not None else None
