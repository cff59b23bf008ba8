"""Weights in the official layout, made on the fly: speed does not depend on what their values are."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..config.model_config import load_model_config
from ..modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ..modules.motion_extractor import MotionExtractor
from ..modules.spade_generator import SPADEDecoder
from ..modules.stitching_retargeting_network import StitchingRetargetingNetwork
from ..modules.warping_network import WarpingNetwork
from ..weights.catalogue import MODELS
from ..weights.resolve import ResolvedModel

NETWORKS: dict[str, type[nn.Module]] = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingNetwork,
    "spade_generator": SPADEDecoder,
}
HEADS = "stitching_retargeting_module"
# By the end of a key, the first that fits: masks that choose, pictures with contrast, residual sums that stay bounded.
_GAINS = {
    "mask.weight": 4.0,
    "occlusion.weight": 3.0,
    "mlp_gamma.weight": 0.7,
    "mlp_beta.weight": 0.7,
    "pwconv2.weight": 0.7,
    "conv2.weight": 0.5,
    "conv_img.0.weight": 1.2,
    "fc_exp.weight": 0.05,
    "fc_t.weight": 0.1,
    "fc_scale.weight": 0.1,
    "fc_kp.weight": 0.3,
}
_GAIN = math.sqrt(2)


def write_random_model(name: str, folder: Path, seed: int = 0) -> ResolvedModel:
    """Write a model's five files with weights that depend on the seed alone.

    Their scale keeps signals in bounds, so that pictures show grey levels between black and white.

    Args:
        name: "base" or "animals", which have one layout.
        folder: the weights folder to be: the files, half a gigabyte, go where the official ones would lie.
        seed: of the random numbers.
    """
    entry = MODELS[name]
    config = load_model_config(entry.config or name)
    generator = torch.Generator().manual_seed(seed)
    files = {role: (folder / file.path).with_suffix(".safetensors") for role, file in entry.files.items()}
    for network, build in NETWORKS.items():
        with torch.device("meta"):
            empty = build(**config[f"{network}_params"]).state_dict()
        _write(_filled(empty, generator), files[network])
    heads: dict[str, Tensor] = {}
    for head, sizes in config[f"{HEADS}_params"].items():
        state = _filled(StitchingRetargetingNetwork(**sizes).state_dict(), generator)
        heads |= {f"{head}.{key}": value for key, value in state.items()}
    _write(heads, files[HEADS])
    return ResolvedModel(name, folder, files, config)


def _write(state: dict[str, Tensor], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(state, path)


def _filled(state: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
    filled = {key: _value(key, value.shape, generator) for key, value in state.items()}
    for key in [key for key in filled if key.endswith("weight_orig")]:
        stem, weight = key.removesuffix("orig"), filled[key].flatten(1)
        u, v = filled[f"{stem}u"], filled[f"{stem}v"]
        for _ in range(3):  # towards the largest singular value, as training does
            v = nn.functional.normalize(weight.T @ u, dim=0)
            u = nn.functional.normalize(weight @ v, dim=0)
        filled[f"{stem}u"], filled[f"{stem}v"] = u, v
    return filled


def _value(key: str, shape: torch.Size, generator: torch.Generator) -> Tensor:
    last = key.rpartition(".")[2]
    if last == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    uniform = torch.rand(shape, generator=generator)
    noise = (uniform - 0.5) * math.sqrt(12)  # variance 1, no outliers
    if last == "running_var":
        return 0.5 + uniform
    if last == "running_mean":
        return 0.1 * noise
    if last in ("weight_u", "weight_v"):
        return nn.functional.normalize(noise, dim=0)
    if last in ("gamma", "beta", "bias"):
        return 0.1 * noise + (1.2 if key.endswith("fc_scale.bias") else 0.0)
    if len(shape) == 1:  # the scale of a norm
        return 1 + 0.2 * noise
    gain = next((gain for end, gain in _GAINS.items() if key.endswith(end)), _GAIN)
    return noise * (gain / math.sqrt(math.prod(shape[1:])))
