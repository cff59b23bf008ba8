"""Which tokens become the decoder's queries (spec: xpose, section 7)."""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import Levels
from .reference_points import cell_centres

_SIZE = 0.05  # of the picture: width and height of a proposal on the finest level
_LOWEST, _HIGHEST = 0.01, 0.99


def top_indices(scores: Tensor, k: int) -> Tensor:
    """Places of the k highest scores (N,), best first: (k,)."""
    return scores.topk(k).indices


def proposals(levels: Levels, device: torch.device) -> tuple[Tensor, Tensor]:
    """The box that each token stands for before anything is known of the picture.

    Returns:
        Logits of cx, cy, w, h, (N, 4) float32, +inf for boxes at the border; and whether each is valid, (N,).
    """
    sizes = [torch.full((height * width, 2), _SIZE * 2.0**i) for i, (height, width) in enumerate(levels)]
    boxes = torch.cat([cell_centres(levels, device), torch.cat(sizes).to(device)], dim=1)
    valid = ((boxes > _LOWEST) & (boxes < _HIGHEST)).all(1)
    logits = (boxes / (1 - boxes)).log()
    return logits.masked_fill(~valid[:, None], torch.inf), valid
