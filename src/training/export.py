"""Weights as the product ships them: safetensors in float16."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from ..errors import InputError, WeightsError
from ..media.output_file import temporary_beside, usual_rights

_COUNTER = "num_batches_tracked"  # of batch norm; inference does not use it


def export_network(network: nn.Module, path: Path) -> Path:
    """Write the weights of a network, rounded to float16; the file appears whole or not at all.

    Args:
        network: trained.
        path: of the file, ``<network name>.safetensors``.

    Raises:
        WeightsError: weights that are no numbers, or too large for float16.
        InputError: the file cannot be written.
    """
    state = {
        key: value.detach().cpu().to(torch.float16).contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith(_COUNTER)
    }
    broken = [key for key, value in state.items() if not value.isfinite().all()]
    if broken:
        raise WeightsError(
            f"{len(broken)} of {len(state)} weights for '{path.name}' are no numbers or too large for float16 "
            f"({', '.join(broken[:3])}, ...): the training went astray; lower --lr"
        )
    part = temporary_beside(path)
    try:
        with usual_rights(part):
            save_file(state, part)
        part.replace(path)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        raise InputError(f"'{path}' cannot be written: {error}") from error
    return path
