"""From a model's files to the engine that runs it."""

from __future__ import annotations

from functools import cache

import torch

from ..config.compatibility import check_compatible
from ..face.face import Points, Rgb
from ..face.face_mesh import FaceMesh, mesh_of_crop
from ..weights.resolve import ResolvedModel, resolve_face_model
from .checkpoints import Checkpoints
from .compact import CompactEngine, MeshOfCrop
from .compiling import Compiler, uncompiled
from .engine import Engine
from .official import OfficialEngine


def create_engine(
    model: ResolvedModel, device: torch.device, half: bool = True, compile_networks: bool = False
) -> Engine:
    """An engine for a model whose files are there; networks are read when first used.

    Args:
        model: what `resolve_model` found.
        device: where to run.
        half: float16 where the device profits from it.
        compile_networks: send W and G through `torch.compile`: a slow start, and faster frames after it.
    """
    checkpoints = Checkpoints(model.files, model.config, device)
    compiler = Compiler(device) if compile_networks else uncompiled
    if model.name == "compact":
        return CompactEngine(checkpoints, _mesh_finder(str(device)), compiler)
    check_compatible(model.config)
    return OfficialEngine(model.name, checkpoints, half, compiler)


def _mesh_finder(device: str) -> MeshOfCrop:
    """Finds the mesh in a crop; the network is read at the first call."""

    @cache
    def face_mesh() -> FaceMesh:
        return FaceMesh.open(resolve_face_model("mediapipe")["mesh"].parent, device)

    def find(crop: Rgb) -> Points | None:
        return mesh_of_crop(face_mesh(), crop)

    return find
