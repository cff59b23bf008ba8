"""Networks that help to train others and are not trained themselves."""

from __future__ import annotations

from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class Helper(Generic[Network]):
    """A frozen network that is taken to the device of the batches, once: going through its weights takes time.

    Args:
        network: stays as it is, and in evaluation mode.
    """

    def __init__(self, network: Network) -> None:
        self._network = network.eval().requires_grad_(False)
        self._device: torch.device | None = None

    def on(self, device: torch.device) -> Network:
        """The network, on a device."""
        if device != self._device:
            self._network.to(device)
            self._device = device
        return self._network
