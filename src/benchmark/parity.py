"""Whether a fast engine still makes the same pictures: every variant against eager float32."""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from ..engine.compact import CompactEngine
from ..engine.engine import Engine
from ..weights.resolve import ResolvedModel
from .inputs import Inputs
from .variants import Variant

MOST_APART = 1e-4  # float32: the picture, 0..1
LEAST_PSNR = 45.0  # dB, of lower precisions
REFERENCE = Variant("eager", "float32")


@dataclass(frozen=True)
class ParityFigure:
    """One variant against the reference.

    Attributes:
        variant: how the networks were run.
        picture: largest difference of pictures in 0..1.
        psnr: of the pictures, in dB; infinite where they are equal.
        levels: largest difference of the finished pictures, 0 to 255.
        volume: largest difference of F's volume.
        heads: largest difference of M's raw heads, each as a share of its own range; None without M.
        limit: what is asked of it, in words.
        passes: whether it does that.
    """

    variant: str
    picture: float
    psnr: float
    levels: int
    volume: float
    heads: float | None
    limit: str
    passes: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which knows no infinity."""
        return {**asdict(self), "psnr": self.psnr if math.isfinite(self.psnr) else None}


@dataclass(frozen=True)
class _Outputs:
    pictures: Tensor  # (B, 3, N, N)
    levels: Tensor  # (B, N, N, 3) uint8
    volume: Tensor
    heads: dict[str, Tensor]


@torch.no_grad()
def measure_parity(
    model: ResolvedModel, device: torch.device, variants: Sequence[Variant], inputs: Inputs
) -> Iterator[ParityFigure]:
    """Compare variants with the reference, TF32 switched off.

    Args:
        model: files and definition.
        device: where to run.
        variants: ways to run it.
        inputs: what they are given.

    Raises:
        InputError: the device cannot do a variant.
    """
    with without_tf32(device):
        reference = _outputs(REFERENCE.create(model, device), inputs)
        for variant in variants:
            outputs = _outputs(variant.create(model, device), inputs)
            gc.collect()  # two engines at a time are enough
            yield _compared(variant, outputs, reference)


@contextmanager
def without_tf32(device: torch.device) -> Iterator[None]:
    """Products and convolutions of a GPU in true float32 while the block lasts."""
    if device.type != "cuda":
        yield
        return
    matmul, conv = torch.backends.cuda.matmul, torch.backends.cudnn
    with _tf32_off(matmul), _tf32_off(conv):
        yield


@contextmanager
def _tf32_off(owner: Any) -> Iterator[None]:
    """TF32 of one of torch's backends off while the block lasts."""
    before = owner.allow_tf32
    owner.allow_tf32 = False
    try:
        yield
    finally:
        owner.allow_tf32 = before


def _outputs(engine: Engine, inputs: Inputs) -> _Outputs:
    features = engine.encode_source(inputs.source)
    heads = {} if isinstance(engine, CompactEngine) else engine.get_kp_info(inputs.driving, refine=False)
    pictures = [engine.warp_decode(features, inputs.x_s, x_d[None])["out"].float().cpu() for x_d in inputs.x_d]
    levels = torch.from_numpy(engine.draw(features, inputs.x_s, inputs.x_d))
    return _Outputs(
        torch.cat(pictures), levels, features.volume.cpu(), {name: value.cpu() for name, value in heads.items()}
    )


def _compared(variant: Variant, outputs: _Outputs, reference: _Outputs) -> ParityFigure:
    picture = _apart(outputs.pictures, reference.pictures)
    error = (outputs.pictures.double() - reference.pictures.double()).square().mean().item()
    psnr = math.inf if error == 0 else -10 * math.log10(error)
    levels = int(_apart(outputs.levels.int(), reference.levels.int()))
    exact = variant.precision == "float32"
    shares = [_apart(outputs.heads[name], value) / _range(value) for name, value in reference.heads.items()]
    return ParityFigure(
        variant=str(variant),
        picture=picture,
        psnr=psnr,
        levels=levels,
        volume=_apart(outputs.volume, reference.volume),
        heads=max(shares) if shares else None,
        limit=f"max <= {MOST_APART:g}" if exact else f"PSNR >= {LEAST_PSNR:g} dB",
        passes=picture <= MOST_APART and levels <= 1 if exact else psnr >= LEAST_PSNR,
    )


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return (ours - theirs).abs().max().item()


def _range(values: Tensor) -> float:
    return values.abs().max().item() or 1.0
