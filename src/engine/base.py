"""`BaseEngine`: what the engines of both models have in common."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import InputError
from .checkpoints import Checkpoints
from .engine import SourceFeatures
from .heads import Heads
from .networks import Networks
from .steady_batches import SteadyBatches
from .turns import TakesTurns, in_turn

AnyNetworks = TypeVar("AnyNetworks", bound=Networks)
_Result = TypeVar("_Result")


class BaseEngine(TakesTurns, Generic[AnyNetworks]):
    """Draws pictures with networks that are run in one way or another; the heads are the same in all of them.

    Args:
        checkpoints: the model's files and definition, and the device.
        networks: all but the heads.
        batches: fills up batches of compiled networks; None = all are as they come.

    Attributes:
        warps_picture: its source features hold the picture.
    """

    warps_picture: bool

    def __init__(self, checkpoints: Checkpoints, networks: AnyNetworks, batches: SteadyBatches | None = None) -> None:
        super().__init__()
        self.device = checkpoints.device
        self._checkpoints, self._networks, self._batches = checkpoints, networks, batches

    @property
    def networks(self) -> AnyNetworks:
        """The networks by themselves, without turns and checks around them: to measure them."""
        return self._networks

    @property
    @in_turn
    def heads(self) -> Heads:
        """S and R."""
        return self._heads

    @cached_property
    def _heads(self) -> Heads:
        return self._checkpoints.heads()

    @in_turn
    @torch.no_grad()
    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """Pictures ``out`` (B, 3, 512, 512) in 0..1, and what else the model's W computes: see `Engine.warp_decode`."""
        self._check(features)
        results = self._run(self._networks.warp_decode, features, x_s, x_d)
        return {name: value[: len(x_d)] for name, value in results.items()}

    @in_turn
    @torch.no_grad()
    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> NDArray[np.uint8]:
        """The pictures alone, (B, 512, 512, 3): see `Engine.draw`."""
        self._check(features)
        pictures = self._run(self._networks.draw, features, x_s, x_d)
        return pictures[: len(x_d)].cpu().numpy()

    def _run(
        self,
        draw: Callable[[SourceFeatures, Tensor, Tensor], _Result],
        features: SourceFeatures,
        x_s: Tensor,
        x_d: Tensor,
    ) -> _Result:
        return draw(features, x_s, x_d) if self._batches is None else self._batches.run(draw, features, x_s, x_d)

    def _check(self, features: SourceFeatures) -> None:
        if (features.picture is not None) is not self.warps_picture:
            raise InputError("these source features are of another model: make them with the one that uses them")

    def _tensor(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Pictures (B, H, W, 3) uint8 as (B, 3, H, W) in 0..1 on the device."""
        tensor = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device)
        return tensor.permute(0, 3, 1, 2).float().div_(255.0)
