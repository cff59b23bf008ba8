"""`Checkpoints`: a model's definition and files, from which its networks are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import nn

from ..errors import WeightsError
from ..modules.stitching_retargeting_network import StitchingRetargetingNetwork
from ..weights.layout import as_trained, split_stitching
from ..weights.load import load_strict, read_state
from .heads import Heads

Net = TypeVar("Net", bound=nn.Module)

_HEADS = "stitching_retargeting_module"


@dataclass(frozen=True)
class Checkpoints:
    """Builds networks that are ready to run.

    Attributes:
        files: checkpoint path by network name.
        params: the model definition's ``<network name>_params``.
        device: where the networks go.
    """

    files: Mapping[str, Path]
    params: Mapping[str, Any]
    device: torch.device

    def build(self, network: Callable[..., Net], name: str) -> Net:
        """Build a network by its definition, load its file strictly, and fix it for inference.

        Raises:
            WeightsError: the file cannot be read or does not fit.
        """
        state = read_state(self.files[name])
        built = network(**as_trained(self.params[f"{name}_params"], state))
        load_strict(built, state, what=self.files[name].name)
        return self._ready(built)

    def heads(self) -> Heads:
        """S, R_eyes and R_lip, which share one file.

        Raises:
            WeightsError: the file cannot be read or does not fit.
        """
        file = self.files[_HEADS]
        content = read_state(file)
        try:
            states = split_stitching(content)
        except WeightsError as error:
            raise WeightsError(f"{file.name}: {error}") from error
        networks = {}
        for name, sizes in self.params[f"{_HEADS}_params"].items():
            networks[name] = StitchingRetargetingNetwork(**sizes)
            load_strict(networks[name], states[name], what=f"{file.name} ({name})")
            self._ready(networks[name])
        return Heads(**networks)

    def _ready(self, network: Net) -> Net:
        return network.eval().requires_grad_(False).to(self.device)
