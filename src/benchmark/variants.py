"""The ways in which a model's networks are run, and models whose files need not be there."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch

from ..config.options import EngineName, Precision
from ..engine.backend import has_compiled_form, resolve_backend
from ..engine.compact import CompactEngine
from ..engine.create import create_engine
from ..engine.engine import Engine
from ..engine.networks import Networks
from ..engine.official import OfficialEngine
from ..engine.precision import resolve_precision
from ..errors import InputError
from ..weights.catalogue import MODELS
from ..weights.paths import default_weights_dir
from ..weights.resolve import ResolvedModel, face_model_present, resolve_model
from .random_weights import write_random_model


@dataclass(frozen=True)
class Variant:
    """One way to run the networks.

    Attributes:
        engine: the backend.
        precision: of the official networks.
        compiled: whether they go through `torch.compile`.
    """

    engine: EngineName
    precision: Precision
    compiled: bool = False

    def __str__(self) -> str:
        return f"{self.engine} {self.precision}{' compiled' if self.compiled else ''}"

    def create(self, model: ResolvedModel, device: torch.device) -> Engine:
        """The engine of this variant; its networks are read when first used.

        Raises:
            InputError: the device cannot do it.
        """
        return create_engine(
            model, device, self.engine, precision=self.precision, half=False, compile_networks=self.compiled
        )


def variants_of(
    engines: Sequence[EngineName],
    precisions: Sequence[Precision],
    device: torch.device,
    *,
    compiled: bool = False,
    model: str = "base",
) -> list[Variant]:
    """The baseline first (eager, in the precision that is default on the device), then all that was asked for.

    Raises:
        InputError: the device cannot do a precision.
    """
    asked = asked_variants(engines, precisions, device, compiled=compiled, model=model)
    return list(dict.fromkeys([baseline(device, model), *asked]))


def asked_variants(
    engines: Sequence[EngineName],
    precisions: Sequence[Precision],
    device: torch.device,
    *,
    compiled: bool = False,
    model: str = "base",
) -> list[Variant]:
    """What was asked for, each once.

    Raises:
        InputError: the device cannot do a precision.
    """
    asked = []
    for engine, precision in product(engines, precisions):
        name = resolve_backend(engine, model, device)
        form = _precision_name(precision, device, model, name)
        asked.append(Variant(name, form, compiled and has_compiled_form(model, name)))
    return list(dict.fromkeys(asked))


def baseline(device: torch.device, model: str = "base") -> Variant:
    """What all others are compared with."""
    return Variant("eager", _precision_name("auto", device, model))


def _precision_name(precision: Precision, device: torch.device, model: str, engine: EngineName = "eager") -> Precision:
    """What it stands for: the compact networks are float32 in any case, and graphs by default."""
    dtype = resolve_precision(precision, device)  # also says so where the device cannot do it
    if model == "compact":
        return "float32"
    if precision != "auto":
        return precision
    return "float16" if dtype == torch.float16 and engine != "onnx" else "float32"


@dataclass(frozen=True)
class OpenedModel:
    """A model that can be measured.

    Attributes:
        files: its files and definition.
        note: in words which weights it has.
        is_random: whether these are random numbers.
    """

    files: ResolvedModel
    note: str
    is_random: bool


@contextmanager
def opened_model(name: str, weights_dir: Path | None = None) -> Iterator[OpenedModel]:
    """A model; nothing is fetched: official files that are not there are random ones while the block lasts.

    Raises:
        InputError: there is no such model.
    """
    if name not in MODELS:
        raise InputError(f"there is no model {name!r} to measure: choose one of {', '.join(MODELS)}")
    folder = weights_dir or default_weights_dir()
    if face_model_present(name, folder, catalogue=MODELS):
        note = "its own weights" if name == "compact" else f"the weights in '{folder}'"
        yield OpenedModel(resolve_model(name, folder), note, is_random=False)
        return
    with tempfile.TemporaryDirectory(prefix="liveportrait-", ignore_cleanup_errors=True) as temporary:
        note = "random weights, since the official files are not there: times are the same"
        yield OpenedModel(write_random_model(name, Path(temporary)), note, is_random=True)


def networks_of(engine: Engine) -> Networks:
    """The networks behind an engine: measured without the copies and locks around them."""
    assert isinstance(engine, OfficialEngine | CompactEngine), "an engine of `create_engine`"
    return engine.networks
