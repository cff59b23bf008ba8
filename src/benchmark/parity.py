"""Whether a fast engine still makes the same pictures: every variant against eager float32."""

from __future__ import annotations

import gc
import logging
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import Tensor

from ..engine.compact import CompactEngine
from ..engine.engine import Engine
from ..engine.exact_float32 import exact_float32
from ..weights.resolve import ResolvedModel
from .distances import TOLERANCE, Distances, judged, largest, worst
from .float64 import float64_engine
from .inputs import Inputs
from .variants import Variant

MIN_PSNR = 45.0  # dB, of lower precisions
REFERENCE = Variant("eager", "float32")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ParityFigure:
    """One variant against the reference.

    Attributes:
        variant: how the networks were run.
        picture: largest difference of pictures in 0..1.
        psnr: of the pictures, in dB; infinite where they are equal.
        levels: largest difference of the finished pictures, 0 to 255.
        volume: largest difference of F's volume.
        heads: largest difference of M's raw heads, on source and driving crops, each as a share of its own range; None
            without M.
        distances: of the worst picture from eager float32 and, where that is too far, from float64; None for lower
            precisions.
        heads_distances: likewise of the worst head; None for lower precisions and without M.
        limit: what is asked of it, in words.
        passes: whether it does that.
    """

    variant: str
    picture: float
    psnr: float
    levels: int
    volume: float
    heads: float | None
    distances: Distances | None
    heads_distances: Distances | None
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


class Parity:
    """Compares variants with the reference, TF32 switched off.

    Args:
        model: files and definition.
        device: where to run.
        inputs: what they are given.
    """

    def __init__(self, model: ResolvedModel, device: torch.device, inputs: Inputs) -> None:
        self._model, self._device, self._inputs = model, device, inputs
        self._exact: dict[int, Tensor] = {}

    def compare(self, variant: Variant) -> ParityFigure:
        """One variant beside the reference, which runs once for all of them.

        Raises:
            InputError: the device cannot do the variant.
        """
        engine = variant.create(self._model, self._device)  # says first if it cannot be done
        with torch.no_grad(), exact_float32(self._device):
            reference = self._reference
            outputs = _outputs(engine, self._inputs)
            del engine
            gc.collect()  # two engines at a time are enough
            return self._compared(variant, outputs, reference)

    @cached_property
    def _reference(self) -> _Outputs:
        return _outputs(REFERENCE.create(self._model, self._device), self._inputs)

    @cached_property
    def _float64(self) -> Engine:
        return float64_engine(self._model, self._device)

    def _exact_picture(self, number: int) -> Tensor:
        """The picture of one pose in float64, (3, N, N)."""
        if number not in self._exact:
            _log.info("computing a picture in float64, as a judge of rounding: %d of %d", number + 1, self._poses)
            pose = replace(self._inputs, x_d=self._inputs.x_d[[number]])
            (self._exact[number],) = _pictures(self._float64, pose)
        return self._exact[number]

    @cached_property
    def _exact_heads(self) -> dict[str, Tensor]:
        _log.info("computing M in float64, as a judge of rounding")
        return _heads(self._float64, self._inputs)

    @property
    def _poses(self) -> int:
        return len(self._inputs.x_d)

    def _judged(self, pictures: Tensor, reference: Tensor) -> Distances:
        """Those of the picture that is worst."""
        each = [judged(_apart, pictures[i], reference[i], partial(self._exact_picture, i)) for i in range(self._poses)]
        return worst(each)

    def _judged_heads(self, heads: dict[str, Tensor], reference: dict[str, Tensor]) -> Distances | None:
        """Those of the head that is worst, as shares of its range; None without M."""
        each = [
            judged(_share, heads[name], eager, partial(self._exact_head, name)) for name, eager in reference.items()
        ]
        return worst(each) if each else None

    def _exact_head(self, name: str) -> Tensor:
        return self._exact_heads[name]

    def _compared(self, variant: Variant, outputs: _Outputs, reference: _Outputs) -> ParityFigure:
        error = (outputs.pictures.double() - reference.pictures.double()).square().mean().item()
        psnr = math.inf if error == 0 else -10 * math.log10(error)
        levels = int(_apart(outputs.levels, reference.levels))
        shares = [_share(outputs.heads[name], value) for name, value in reference.heads.items()]
        distances = heads_distances = None
        limit, passes = f"PSNR >= {MIN_PSNR:g} dB{', heads not limited' if shares else ''}", psnr >= MIN_PSNR
        if variant.precision == "float32":
            distances = self._judged(outputs.pictures, reference.pictures)
            heads_distances = self._judged_heads(outputs.heads, reference.heads)
            limit = f"max <= {TOLERANCE:g}, levels <= 1"
            passes = distances.passes and levels <= 1 and (heads_distances is None or heads_distances.passes)
        return ParityFigure(
            variant=str(variant),
            picture=_apart(outputs.pictures, reference.pictures),
            psnr=psnr,
            levels=levels,
            volume=_apart(outputs.volume, reference.volume),
            heads=largest(shares) if shares else None,
            distances=distances,
            heads_distances=heads_distances,
            limit=limit,
            passes=passes,
        )


def _outputs(engine: Engine, inputs: Inputs) -> _Outputs:
    features = engine.encode_source(inputs.source)
    return _Outputs(
        _pictures(engine, inputs),
        torch.from_numpy(engine.draw(features, inputs.x_s, inputs.x_d)),
        features.volume.cpu(),
        _heads(engine, inputs),
    )


def _heads(engine: Engine, inputs: Inputs) -> dict[str, Tensor]:
    """What M makes of source and driving crops; nothing where a model has no M."""
    if isinstance(engine, CompactEngine):
        return {}
    heads = engine.get_kp_info(torch.cat([inputs.source, inputs.driving]), refine=False)
    return {name: value.cpu() for name, value in heads.items()}


def _pictures(engine: Engine, inputs: Inputs) -> Tensor:
    """What an engine makes of each pose, one at a time, (B, 3, N, N)."""
    features = engine.encode_source(inputs.source)
    return torch.cat([engine.warp_decode(features, inputs.x_s, x_d[None])["out"].cpu() for x_d in inputs.x_d])


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return (ours.double() - theirs.double()).abs().max().item()


def _share(ours: Tensor, theirs: Tensor) -> float:
    """Largest difference, as a share of the largest value of `theirs`."""
    return _apart(ours, theirs) / (theirs.abs().max().item() or 1.0)
