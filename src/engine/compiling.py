"""Networks through `torch.compile`, where that is possible."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Network = Callable[..., Any]
Compile = Callable[[nn.Module], Network]

logger = logging.getLogger(__name__)


def uncompiled(network: nn.Module) -> Network:
    """The network as it is."""
    return network


class Compiler:
    """Compiles the networks of one engine at their first use; the first failure ends that for all of them.

    Where a network cannot be compiled (no C++ compiler or Triton, a version of Python that torch does not know), it
    serves as it is, which is what the original's `suppress_errors` is for (spec: pipeline, section 3); torch's own
    settings are left alone. Networks are compiled for the exact shapes that they are called with, which `SteadyBatches`
    keeps few.

    Args:
        device: where the networks live.

    Attributes:
        works: whether no network has failed yet.
    """

    def __init__(self, device: torch.device) -> None:
        # "max-autotune" alone adds CUDA graphs, whose next run overwrites what the last one has returned.
        self._mode = "max-autotune-no-cudagraphs" if device.type == "cuda" else None
        self.works = True

    def __call__(self, network: nn.Module) -> Network:
        """The network, to be called as before."""
        compiled: Network | None = None

        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal compiled
            if not self.works:
                return network(*args, **kwargs)
            try:
                if compiled is None:
                    logger.info("compiling %s: its first pictures take a while", type(network).__name__)
                    compiled = torch.compile(network, mode=self._mode, dynamic=False)
                return compiled(*args, **kwargs)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:
                result = network(*args, **kwargs)  # fails in the same way if compiling is not to blame
                self._give_up(error)
                return result

        return run

    def _give_up(self, error: Exception) -> None:
        self.works = False
        reason = " ".join(str(error).split())[:200]
        logger.warning("the networks run uncompiled, since torch.compile failed: %s", reason)
        logger.debug("torch.compile", exc_info=error)
