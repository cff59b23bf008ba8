"""From networks to ONNX files."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch

from ...errors import InputError
from ...weights.resolve import ResolvedModel
from ..checkpoints import Checkpoints
from .graphs import Graph, graphs_of
from .record import OPSET, RECORD, write_record

_LARGE = 256 * 2**20  # bytes from which weights lie in a file beside the graph, which ONNX Runtime maps into memory


def export_graphs(model: ResolvedModel, folder: Path) -> Iterator[str]:
    """Write all graphs of a model, and the record of what they are; yields each name when its file is there.

    Args:
        model: files and definition.
        folder: where to; made if need be.

    Raises:
        InputError: the packages onnx and onnxscript are not there, or the networks cannot be exported.
        WeightsError: a file cannot be read or does not fit.
    """
    check_exporter()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)  # while they are written, the graphs are nobody's
    graphs = graphs_of(model.name, Checkpoints(model.files, model.config, torch.device("cpu")))
    for name, build in graphs.items():
        write_graph(build(), folder / f"{name}.onnx")
        yield name
    write_record(folder, model, list(graphs))


def check_exporter() -> None:
    """See that the packages are there that write graphs.

    Raises:
        InputError: they are not.
    """
    missing = [name for name in ("onnx", "onnxscript") if find_spec(name) is None]
    if missing:
        raise InputError(
            f'exporting needs {" and ".join(missing)}: pip install "liveportrait[onnx]" '
            "(in a checkout: pip install onnx onnxscript)"
        )


@torch.no_grad()
def write_graph(graph: Graph, file: Path) -> None:
    """Write one graph in float32, for batches of any size; large weights go into <file>.data."""
    module, inputs = graph.module.eval(), tuple(graph.inputs.values())
    batch = torch.export.Dim("batch", min=1, max=4096)
    shapes = tuple({0: batch} for _ in inputs)
    size = sum(value.numel() * value.element_size() for value in module.state_dict().values())
    for old in (file, file.with_name(f"{file.name}.data")):
        old.unlink(missing_ok=True)
    with _quiet():
        program = torch.export.export(module, inputs, dynamic_shapes=shapes, strict=False)
        torch.onnx.export(
            program,
            inputs,
            file,
            dynamo=True,
            dynamic_shapes=shapes,
            opset_version=OPSET,
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            external_data=size > _LARGE,
            verbose=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks on other packages, and on its own future, to itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
