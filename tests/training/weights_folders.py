"""Weights folders to begin with."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from src.config.model_config import load_model_config
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.training.export import export_network
from src.training.stages.initial import initialise
from src.weights.paths import shipped_weights_dir

NETWORKS = ("appearance_feature_extractor", "warping_module", "spade_generator")


def compact_folder(folder: Path, suffix: str = ".safetensors", leave_out: str = "") -> Path:
    """F, W and G of the compact model, without its S and R."""
    (folder / "compact").mkdir(parents=True)
    for name in NETWORKS:
        if name != leave_out:
            state = load_file(shipped_weights_dir() / f"compact/{name}.safetensors")
            path = folder / f"compact/{name}{suffix}"
            if suffix == ".pth":
                torch.save(state, path)
            else:
                path.write_bytes((shipped_weights_dir() / f"compact/{name}.safetensors").read_bytes())
    return folder


def larger_folder(folder: Path, seed: int = 4) -> Path:
    """The same with a G that has one middle and one refining block more than the definition says, and knows nothing."""
    compact_folder(folder)
    params = load_model_config("compact")["spade_generator_params"]
    blocks = {name: params[name] + 1 for name in ("num_middle", "refine_blocks")}
    torch.manual_seed(seed)
    generator = CompactSPADEDecoder(**{**params, **blocks})
    initialise(generator)
    export_network(generator, folder / "compact/spade_generator.safetensors")
    return folder
