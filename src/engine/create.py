"""From a model's files to the engine that runs it."""

from __future__ import annotations

import logging
from functools import cache

import torch

from ..config.compatibility import check_compatible
from ..config.options import EngineName, Precision
from ..errors import InputError
from ..face.face import Points, Rgb
from ..face.face_mesh import FaceMesh, mesh_of_crop
from ..weights.resolve import ResolvedModel, resolve_face_model
from .backend import has_compiled_form, resolve_backend
from .checkpoints import Checkpoints
from .compact import CompactEngine, MeshOfCrop
from .compiling import Compiler, uncompiled
from .eager.compact import EagerCompact
from .eager.official import EagerOfficial
from .engine import Engine
from .fused.compact import FusedCompact
from .fused.official import FusedOfficial
from .official import OfficialEngine
from .onnx.compact import OnnxCompact
from .onnx.official import OnnxOfficial
from .onnx.sessions import GraphFolder
from .precision import resolve_precision
from .steady_batches import SteadyBatches

logger = logging.getLogger(__name__)


def create_engine(
    model: ResolvedModel,
    device: torch.device,
    backend: EngineName = "auto",
    *,
    precision: Precision = "auto",
    half: bool = True,
    compile_networks: bool = False,
) -> Engine:
    """An engine for a model whose files are there; networks are read when first used.

    Args:
        model: what `resolve_model` found.
        device: where to run.
        backend: how the networks are run, see `resolve_backend`; the graphs of onnx must be there.
        precision: of the official networks, see `resolve_precision`.
        half: whether precision "auto" may be float16.
        compile_networks: send W and G through `torch.compile`: a slow start, and faster frames after it.

    Raises:
        InputError: a precision that the device cannot do, or networks that do not fit together.
        MissingFileError: there are no ONNX graphs of the model.
        WeightsError: they are of other weights.
    """
    checkpoints = Checkpoints(model.files, model.config, device)
    backend = resolve_backend(backend, model.name, device)
    if backend == "onnx":
        return _onnx_engine(model, checkpoints, precision, compile_networks)
    if compile_networks and not has_compiled_form(model.name, backend):
        logger.warning(
            "--flag_do_torch_compile has no effect: the fused compact networks are faster (--engine eager compiles)"
        )
        compile_networks = False
    compiler, batches = uncompiled, None
    if compile_networks:
        compiler = Compiler(device)
        batches = SteadyBatches(compiler)
    if model.name == "compact":
        if precision not in ("auto", "float32"):
            logger.warning("--precision %s has no effect: the compact networks are float32", precision)
        networks = EagerCompact(checkpoints, compiler) if backend == "eager" else FusedCompact(checkpoints)
        return CompactEngine(checkpoints, _mesh_finder(str(device)), networks, batches)
    check_compatible(model.config)
    dtype = resolve_precision(precision, device, half)
    kind = EagerOfficial if backend == "eager" else FusedOfficial
    return OfficialEngine(model.name, checkpoints, kind(checkpoints, dtype, compiler), batches)


def _onnx_engine(model: ResolvedModel, checkpoints: Checkpoints, precision: Precision, compiled: bool) -> Engine:
    if precision not in ("auto", "float32") or compiled:
        what = "--flag_do_torch_compile" if compiled else f"--precision {precision}"
        why = "which runs finished graphs" if compiled else "whose graphs are float32"
        raise InputError(f"{what} does nothing for --engine onnx, {why}: leave it out")
    graphs = GraphFolder(model, checkpoints.device)
    if model.name == "compact":
        return CompactEngine(checkpoints, _mesh_finder(str(checkpoints.device)), OnnxCompact(graphs))
    check_compatible(model.config)
    return OfficialEngine(model.name, checkpoints, OnnxOfficial(graphs))


def _mesh_finder(device: str) -> MeshOfCrop:
    """Finds the mesh in a crop; the network is read at the first call."""

    @cache
    def face_mesh() -> FaceMesh:
        return FaceMesh.open(resolve_face_model("mediapipe")["mesh"].parent, device)

    def find(crop: Rgb) -> Points | None:
        return mesh_of_crop(face_mesh(), crop)

    return find
