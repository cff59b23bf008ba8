"""Weights as the product ships them: safetensors in float16."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

_COUNTER = "num_batches_tracked"  # of batch norm; inference does not use it


def export_network(network: nn.Module, path: Path) -> Path:
    """Write the weights of a network, rounded to float16.

    Args:
        network: trained.
        path: of the file, ``<network name>.safetensors``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    state = {key: value for key, value in network.state_dict().items() if not key.endswith(_COUNTER)}
    save_file({key: value.detach().cpu().to(torch.float16).contiguous() for key, value in state.items()}, path)
    return path
