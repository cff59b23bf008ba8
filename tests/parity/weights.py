"""The five official checkpoints, filled by the parity rule: as state dicts, and as files in the official layout."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.parity import fill

MANIFESTS = Path(__file__).parents[1] / "data" / "checkpoints"
NETWORKS = ("appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator")
STITCHING = "stitching_retargeting_module"


def manifest(name: str) -> dict[str, Any]:
    """Key -> {"shape", "dtype"} of an official checkpoint (one level deeper for the stitching file)."""
    return json.loads((MANIFESTS / f"{name}.json").read_text())


def official_state(name: str) -> dict[str, Any]:
    """A filled checkpoint as torch tensors, made anew at each call (about a second for the large ones)."""
    filled = fill.fill_(fill.empty_from_manifest(MANIFESTS / f"{name}.json"))
    return _to_torch(filled)


def _to_torch(node: Any) -> Any:
    return {key: _to_torch(value) for key, value in node.items()} if isinstance(node, dict) else torch.from_numpy(node)


def save_official_layout(folder: Path) -> Path:
    """Write all five .pth files where the official download has them; returns the folder.

    The stitching file is as the published one: nested dicts, `module.` before the keys, an unrelated entry.
    """
    return _save(folder, folder / "liveportrait" / "base_models")


def save_animals_layout(folder: Path) -> Path:
    """Write F, M, W and G where the official download has those of animals, and the people's stitching file."""
    return _save(folder, folder / "liveportrait_animals" / "base_models_v1.1")


def _save(folder: Path, networks: Path) -> Path:
    retargeting = folder / "liveportrait" / "retargeting_models"
    networks.mkdir(parents=True)
    retargeting.mkdir(parents=True)
    for name in NETWORKS:
        torch.save(official_state(name), networks / f"{name}.pth")
    torch.save(wrapped_stitching(), retargeting / f"{STITCHING}.pth")
    return folder


def wrapped_stitching() -> dict[str, dict[str, Tensor]]:
    """The stitching checkpoint with the prefixes of distributed training and an entry that no network reads."""
    parts = official_state(STITCHING)
    wrapped = {part: {f"module.{key}": value for key, value in state.items()} for part, state in parts.items()}
    return {**wrapped, "optimizer": {"step": torch.zeros(1)}}
