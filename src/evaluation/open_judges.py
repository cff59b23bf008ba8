"""The judges of a run, with what they need opened, and why one of them is missing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from ..errors import MissingFileError
from ..face.face_mesh import FaceMesh
from ..weights.resolve import resolve_face_model
from .identity import Identity
from .identity_weights import load_identity_network
from .judges import Judges
from .landmarks import MeshFinder
from .perceptual import Perceptual


def open_judges(
    identity_weights: Path | None, lpips: Sequence[Path], device: torch.device
) -> tuple[Judges, dict[str, str]]:
    """What looks at the pictures.

    Args:
        identity_weights: the face recognition network's package or folder; None for the one that was fetched.
        lpips: files of VGG-16 and of the linear layers of LPIPS; none = not measured.
        device: where the networks run.

    Returns:
        The judges, and name of what is missing -> why.

    Raises:
        InputError: another number of files for LPIPS.
        MissingFileError: weights that were named are not there.
        WeightsError: weights that cannot be used.
    """
    missing = {}
    identity, perceptual = None, None
    try:
        identity = Identity(load_identity_network(identity_weights).to(device))
    except MissingFileError as error:
        if identity_weights is not None:
            raise
        missing["identity"] = str(error)
    if lpips:
        perceptual = Perceptual.from_files(lpips, device)
    else:
        missing["lpips"] = "no --lpips was given"
    mesh = FaceMesh.open(resolve_face_model("mediapipe")["mesh"].parent, str(device))
    return Judges(MeshFinder(mesh), identity, perceptual), missing
