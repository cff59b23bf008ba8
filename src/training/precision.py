"""Full precision for losses and single layers, whatever autocast the training runs under."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

P = ParamSpec("P")
T = TypeVar("T")


def in_float32(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function compute in float32 at least: autocast is off in it, and half tensors given to it are raised.

    Small differences between pictures vanish in half precision, and sums over many pixels overflow float16 (ours).
    float64 stays float64. Tensors in lists and tuples of arguments are raised too. On CUDA convolutions, such as those
    of perceptual networks, still take TF32 where torch is set to it, which is its default: see `engine.exact_float32`.
    """

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        given: list[Any] = [_raised(arg) for arg in args]
        named: dict[str, Any] = {name: _raised(arg) for name, arg in kwargs.items()}
        with torch.autocast(_device_type([*given, *named.values()]), enabled=False):
            return function(*given, **named)

    return wrapped


class Float32Conv2d(nn.Conv2d):
    """A convolution that autocast leaves alone."""

    @classmethod
    def like(cls, conv: nn.Conv2d) -> Float32Conv2d:
        """One with the shape and the weights of another, whose padding is of zeros."""
        geometry: Any = conv.kernel_size, conv.stride, conv.padding, conv.dilation
        given = cls(conv.in_channels, conv.out_channels, *geometry)
        given.load_state_dict(conv.state_dict())
        return given

    def forward(self, input: Tensor) -> Tensor:
        """As of the class above, in float32 at least."""
        return _convolved(self, input)


_convolved = in_float32(nn.Conv2d.forward)


def _raised(value: Any) -> Any:
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.to(torch.promote_types(value.dtype, torch.float32))
    if type(value) in (list, tuple):
        return type(value)(_raised(item) for item in value)
    return value


def _device_type(values: Iterable[Any]) -> str:
    for value in values:
        if isinstance(value, Tensor):
            return value.device.type
        if isinstance(value, list | tuple) and value and isinstance(value[0], Tensor):
            return value[0].device.type
    return "cpu"
