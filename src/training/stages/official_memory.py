"""Heavy parts of networks computed a second time in the backward pass, instead of keeping what is inside of them.

Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (arXiv 1604.06174).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.utils.checkpoint import checkpoint

from ...modules.blocks import Hourglass, ResBlock3d, SPADEResnetBlock

_HEAVY = (Hourglass, ResBlock3d, SPADEResnetBlock)


@contextmanager
def saving_memory(networks: nn.Module) -> Iterator[None]:
    """Within, blocks of F, W and G that are run keep their inputs alone; gradients are the same.

    It costs about one more forward pass. Only one forward pass may come before its backward pass.

    Args:
        networks: what holds the blocks.
    """
    blocks = [module for module in networks.modules() if isinstance(module, _HEAVY)]
    for block in blocks:
        vars(block)["forward"] = partial(_checkpointed, block)  # hides the class's own
    try:
        yield
    finally:
        for block in blocks:
            del vars(block)["forward"]


def _checkpointed(block: nn.Module, *inputs: Any) -> Any:
    def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), _replaying(block)

    return checkpoint(
        type(block).forward, block, *inputs, use_reentrant=False, preserve_rng_state=False, context_fn=contexts
    )


@contextmanager
def _replaying(block: nn.Module) -> Iterator[None]:
    """Within, a forward pass leaves batch statistics and the vectors of spectral norms as the first one left them."""
    norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]
    spectral = [
        hook
        for module in block.modules()
        for hook in module._forward_pre_hooks.values()
        if isinstance(hook, SpectralNorm)
    ]
    momenta, powers = [norm.momentum for norm in norms], [hook.n_power_iterations for hook in spectral]
    for norm in norms:
        norm.momentum = 0.0
    for hook in spectral:
        hook.n_power_iterations = 0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for hook, power in zip(spectral, powers, strict=True):
            hook.n_power_iterations = power
