"""Whether exported graphs compute what the networks do, and how fast they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor

from ..engine.engine import Engine, SourceFeatures
from ..engine.heads import Heads
from ..engine.networks import Networks
from ..engine.onnx.graphs import APPEARANCE, MOTION, RETARGET_EYE, RETARGET_LIP, STITCHING, WARP_DECODE
from ..engine.onnx.sessions import GraphFolder
from ..errors import InputError, WeightsError
from ..weights.resolve import ResolvedModel
from .distances import Distances, judged, largest
from .float64 import float64_engine
from .inputs import Inputs
from .timing import measure_in_turns, synchronizer
from .variants import Variant, networks_of

BATCHES = (1, 3)
_DRIVING_BATCH = 8  # at which M is measured, too
_CPU = torch.device("cpu")
_log = logging.getLogger(__name__)

Values = dict[str, Tensor]
Runner = Callable[[Values], Values]


@dataclass(frozen=True)
class GraphDifference:
    """One graph against the plain network.

    Attributes:
        graph: its name.
        inputs: in words.
        batch_size: of them.
        distances: largest differences; as shares of the output's largest value where that is above 1.
    """

    graph: str
    inputs: str
    batch_size: int
    distances: Distances


@dataclass(frozen=True)
class GraphTime:
    """Times of one network, in milliseconds a batch.

    Attributes:
        graph: its name.
        batch_size: pictures at once.
        ms: median by engine: onnx, eager, and fused where that engine has the network in a form of its own.
        size: of the files, in bytes.
    """

    graph: str
    batch_size: int
    ms: Mapping[str, float]
    size: int


def check_runtime() -> None:
    """See that the package is there that runs graphs.

    Raises:
        InputError: it is not.
    """
    if find_spec("onnxruntime") is None:
        raise InputError(
            'comparing graphs needs onnxruntime: pip install "liveportrait[cpu]" '
            "(in a checkout: pip install -r requirements.txt)"
        )


@torch.no_grad()
def compare_graphs(
    model: ResolvedModel, folder: Path, cases: Mapping[str, Inputs], batches: tuple[int, ...] = BATCHES
) -> Iterator[GraphDifference]:
    """Compare every graph in a folder with eager float32, on the processor.

    Args:
        model: files and definition.
        folder: with the graphs.
        cases: inputs by a word for them.
        batches: sizes of the batches.

    Raises:
        MissingFileError: there are no graphs.
        WeightsError: they are of other weights, or one cannot be opened.
    """
    graphs, engine = GraphFolder(model, _CPU, folder), _engine(model, "eager")
    runners = _runners(networks_of(engine), engine.heads)

    @cache
    def exact_runners() -> dict[str, Runner]:
        exact = float64_engine(model, _CPU)
        return _runners(networks_of(exact), exact.heads)

    def exact(name: str, values: Values) -> Values:
        _log.info("computing %s in float64, as a judge of rounding", name)
        return _one_by_one(exact_runners()[name], values)

    for words, inputs in cases.items():
        for batch_size in batches:
            calls = _calls(engine, inputs, batch_size)
            for name in graphs.names:
                given = calls[name]
                distances = judged(
                    partial(_apart, name), graphs.run(name, given), runners[name](given), partial(exact, name, given)
                )
                yield GraphDifference(name, words, batch_size, distances)


@torch.no_grad()
def time_graphs(model: ResolvedModel, folder: Path, inputs: Inputs, runs: int = 3) -> Iterator[GraphTime]:
    """Time every graph in a folder, and the networks as the other engines run them, in turns.

    Args:
        model: files and definition.
        folder: with the graphs.
        inputs: what they are given.
        runs: of each.

    Raises:
        MissingFileError: there are no graphs.
        WeightsError: they are of other weights.
    """
    graphs = GraphFolder(model, _CPU, folder)
    engines = {name: _engine(model, name) for name in ("eager", "fused")}
    runners = {name: _runners(networks_of(engine), engine.heads) for name, engine in engines.items()}
    for graph in graphs.names:
        for batch_size in (1, _DRIVING_BATCH) if graph == MOTION else (1,):
            values = _calls(engines["eager"], inputs, batch_size)[graph]
            ways = ("eager", "fused") if graph == WARP_DECODE else ("eager",)
            calls: dict[str, Callable[[], object]] = {"onnx": lambda g=graph, v=values: graphs.run(g, v)}  # type: ignore[misc]
            for way in ways:
                calls[way] = lambda run=runners[way][graph], v=values: run(v)  # type: ignore[misc]
            times = measure_in_turns(calls, 1, runs, synchronizer(_CPU))
            yield GraphTime(
                graph, batch_size, {way: time.median * 1e3 for way, time in times.items()}, _size(graphs.file(graph))
            )


def _engine(model: ResolvedModel, name: str) -> Engine:
    return Variant("fused" if name == "fused" else "eager", "float32").create(model, _CPU)


def _runners(networks: Networks, heads: Heads) -> dict[str, Runner]:
    """The networks by graph, called as the graphs are."""

    def warp_decode(values: Values) -> Values:
        features = SourceFeatures(values["volume"], values.get("picture"), values.get("is_grey"))
        return networks.warp_decode(features, values["x_s"], values["x_d"])

    runners: dict[str, Runner] = {
        APPEARANCE: lambda values: {"volume": networks.appearance(values["picture"])},
        WARP_DECODE: warp_decode,
        STITCHING: lambda values: {"delta": heads.stitching(values["keypoints"])},
        RETARGET_EYE: lambda values: {"delta": heads.eye(values["keypoints"])},
        RETARGET_LIP: lambda values: {"delta": heads.lip(values["keypoints"])},
    }
    if hasattr(networks, "motion"):
        runners[MOTION] = lambda values: networks.motion(values["picture"])
    return runners


def _calls(engine: Engine, inputs: Inputs, n: int) -> dict[str, Values]:
    """What each graph is given: n pictures, or n poses."""
    features = engine.encode_source(inputs.source)[[0] * n]
    pictures, x_d = _cycled(inputs.network_pictures, n), _cycled(inputs.x_d, n)
    x_s = inputs.x_s.expand_as(x_d).contiguous()
    warp = {"volume": features.volume, "x_s": x_s, "x_d": x_d}
    if features.picture is not None:
        is_grey = torch.arange(n) % 2 == 1  # as if every other source had no colours
        warp |= {"picture": features.picture, "is_grey": is_grey}
    flat, ratios = x_s.flatten(1), torch.linspace(0.1, 0.5, 3).expand(n, 3)
    return {
        APPEARANCE: {"picture": pictures},
        MOTION: {"picture": pictures},
        WARP_DECODE: warp,
        STITCHING: {"keypoints": torch.cat([flat, x_d.flatten(1)], dim=1)},
        RETARGET_EYE: {"keypoints": torch.cat([flat, ratios], dim=1)},
        RETARGET_LIP: {"keypoints": torch.cat([flat, ratios[:, :2]], dim=1)},
    }


def _cycled(values: Tensor, n: int) -> Tensor:
    """The first n values, over and over if there are not as many."""
    return values[torch.arange(n) % len(values)]


def _one_by_one(run: Runner, values: Values) -> Values:
    """What a network in float64 makes of a batch, one entry at a time: each needs gigabytes."""
    values = {key: value.double() if value.is_floating_point() else value for key, value in values.items()}
    n = len(next(iter(values.values())))
    results = [run({key: value[[i]] for key, value in values.items()}) for i in range(n)]
    return {key: torch.cat([result[key] for result in results]) for key in results[0]}


def _apart(name: str, found: Values, wanted: Values) -> float:
    """Largest difference; every output that the network has must be there."""
    if found.keys() != wanted.keys():
        raise WeightsError(f"the graph {name!r} gives {', '.join(found)} and should give {', '.join(wanted)}")
    shares = [
        (found[key].double() - value.double()).abs().max().item() / max(value.abs().max().item(), 1.0)
        if found[key].shape == value.shape
        else float("inf")
        for key, value in wanted.items()
    ]
    return largest(shares)


def _size(file: Path) -> int:
    beside = file.with_name(f"{file.name}.data")
    return file.stat().st_size + (beside.stat().st_size if beside.is_file() else 0)
