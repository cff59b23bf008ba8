"""The official X-Pose checkpoint, filled by the parity rule: as a state dict, and as a file in the official layout."""

from pathlib import Path

import torch
from torch import Tensor

from tests.parity import fill, fill_xpose
from tests.parity.weights import MANIFESTS


def official_xpose_state(salt: int = 1, *, tie_queries: bool) -> dict[str, Tensor]:
    """All 863 official entries, filled; made anew at each call (some seconds)."""
    filled = fill_xpose.fill_xpose(fill.empty_from_manifest(MANIFESTS / "xpose.json"), salt, tie_queries)
    return {key: torch.from_numpy(array) for key, array in filled.items()}


def save_official_xpose(folder: Path, salt: int = 1) -> Path:
    """Write liveportrait_animals/xpose.pth (260 MB) below a weights folder, as published; returns the folder."""
    place = folder / "liveportrait_animals"
    place.mkdir(parents=True, exist_ok=True)
    torch.save({"model": official_xpose_state(salt, tie_queries=True)}, place / "xpose.pth")
    return folder
