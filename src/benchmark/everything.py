"""All measurements in one call, each guarded: what fails is reported, and the rest goes on."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import torch

from ..config.options import ModelName
from .footprint import measure_footprints
from .inputs import random_inputs
from .modules import measure_modules
from .parity import REFERENCE, Parity
from .peak import measure_peak
from .record import Figure, as_dicts
from .variants import OpenedModel, Variant, baseline, networks_of, opened_model

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scope:
    """How much is measured.

    Attributes:
        models: which models.
        batch_sizes: of the single networks.
        runs: of the single networks.
        warmup: runs of the single networks that do not count.
        frames: of the clip.
        clip_runs: of the clip.
        compiled: also what `torch.compile` makes of the networks, which takes minutes.
        peak_side: of the matrices whose product is the peak; None = what suits the device.
        weights_dir: where official weights are looked for; None = the default place.
    """

    models: Sequence[ModelName]
    batch_sizes: Sequence[int]
    runs: int
    warmup: int
    frames: int
    clip_runs: int
    compiled: bool
    peak_side: int | None = None
    weights_dir: Path | None = None


@dataclass
class Part:
    """What one measurement gave.

    Attributes:
        name: "peak", or the measurement and the model.
        kind: "peak", "parity", "footprint", "modules" or "clip".
        figures: as many as there are, also of a part that failed later on.
        seconds: that it took.
        errors: what failed, in words.
    """

    name: str
    kind: str
    figures: list[Figure] = field(default_factory=list)
    seconds: float = 0.0
    errors: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "seconds": self.seconds,
            "errors": self.errors,
            "figures": as_dicts(self.figures),
        }


def measure_everything(device: torch.device, scope: Scope, source: Path, driving: Path) -> Iterator[Part]:
    """Measure peak, parity, memory, single networks and whole runs; what takes longest comes last.

    Args:
        device: where to run.
        scope: how much is measured.
        source: portrait of the whole runs.
        driving: their clip.
    """
    precisions = ("float32", "bfloat16", "float16") if device.type == "cuda" else ("float32", "bfloat16")
    peak = Part("peak", "peak")
    yield _guarded(peak, lambda: measure_peak(device, precisions, runs=20, warmup=3, side=scope.peak_side))
    for name in scope.models:
        with opened_model(name, scope.weights_dir) as model:
            _log.info("%s: %s", name, model.note)
            yield from _of_model(name, model, device, scope, source, driving)
    for name in scope.models if scope.compiled else ():
        with opened_model(name, scope.weights_dir) as model:
            yield from _compiled(name, model, device, scope)


def _of_model(
    name: str, model: OpenedModel, device: torch.device, scope: Scope, source: Path, driving: Path
) -> Iterator[Part]:
    files = model.files
    parity = Part(f"parity, {name}", "parity")
    variants = [variant for variant in wanted_variants(device, name) if _works(variant, model, device, parity)]
    first = baseline(device, name)
    fast = [variant for variant in variants if variant.engine != "eager"]

    def compare() -> Iterable[Figure]:
        if model.is_random:
            inputs = random_inputs(REFERENCE.create(files, device), 1)
        else:
            from .recorded import recorded_inputs  # a machine without libraries for media measures the rest

            inputs = recorded_inputs(files, str(device), source, driving, n_frames=min(scope.frames, 8))
        return map(Parity(files, device, inputs).compare, [variant for variant in variants if variant != REFERENCE])

    def modules() -> Iterable[Figure]:
        return measure_modules(files, device, variants, scope.batch_sizes, runs=scope.runs, warmup=scope.warmup)

    def run_whole() -> Iterable[Figure]:
        from .clip import ClipTask, measure_clip  # likewise

        task = ClipTask(source, driving, scope.frames, size=512, driving_size=512)
        return measure_clip(files, str(device), [first, *fast], task, runs=scope.clip_runs)

    yield _guarded(parity, compare)
    yield _guarded(Part(f"memory, {name}", "footprint"), lambda: measure_footprints(files, device, variants, [1]))
    yield _guarded(Part(f"networks, {name}", "modules"), modules)
    yield _guarded(Part(f"clip, {name}", "clip"), run_whole)


def _compiled(name: str, model: OpenedModel, device: torch.device, scope: Scope) -> Iterator[Part]:
    """W+G through `torch.compile`, which takes minutes each time: a part each, so that time running out costs one."""
    first = baseline(device, name)
    forms = [first, replace(first, engine="fused")] if name != "compact" else [first]
    for size, form in product(sorted({min(scope.batch_sizes), max(scope.batch_sizes)}), forms):
        ways = [first, replace(form, compiled=True)]
        part = Part(f"networks compiled, {name}, {ways[1]}, batch {size}", "modules")
        measure = partial(measure_modules, runs=scope.runs, warmup=scope.warmup, modules=["W+G"])
        yield _guarded(part, partial(measure, model.files, device, ways, [size]))


def wanted_variants(device: torch.device, model: str) -> list[Variant]:
    """The ways to run a model that tell something on a device, the baseline first."""
    first = baseline(device, model)
    if model == "compact":
        return [first, Variant("fused", "float32")][: 2 if device.type == "cpu" else 1]
    if device.type == "cuda":
        return [
            first,
            Variant("eager", "float32"),
            Variant("fused", "float32"),
            Variant("fused", "float16"),
            Variant("fused", "bfloat16"),
        ]
    return [first, Variant("fused", "float32"), Variant("fused", "bfloat16")]


def _works(variant: Variant, model: OpenedModel, device: torch.device, part: Part) -> bool:
    """Whether a variant makes a picture; if not, the part says why."""
    try:
        engine = variant.create(model.files, device)
        inputs = random_inputs(engine, 1)
        with torch.no_grad():
            networks_of(engine).draw(engine.encode_source(inputs.source), inputs.x_s, inputs.x_d)
    except Exception as error:
        part.errors.append(f"{variant}: {_in_a_line(error)}")
        return False
    return True


def _guarded(part: Part, measure: Callable[[], Iterable[Figure]]) -> Part:
    """Run a measurement; its failure becomes a line of the part."""
    begin = time.perf_counter()
    try:
        for figure in measure():
            part.figures.append(figure)  # what was measured before a failure stays
    except Exception as error:
        _log.debug("%s", part.name, exc_info=error)
        part.errors.append(_in_a_line(error))
    part.seconds = time.perf_counter() - begin
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return part


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
