from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from src.config.model_config import load_model_config
from src.modules.appearance_feature_extractor import AppearanceFeatureExtractor
from src.modules.compact.compose import compose, warp_picture
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.modules.compact.warping_network import CompactWarpingNetwork
from src.weights.load import load_strict, read_state

ROOT = Path(__file__).parents[3]
INTERNAL_SIZE = 128

Animate = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def load(module: nn.Module, name: str, prefix: str = "") -> nn.Module:
    """Load shipped weights, or the part of a file under a prefix."""
    state = read_state(ROOT / "pretrained_weights" / "compact" / f"{name}.safetensors")
    state = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
    load_strict(module, state, what=name)
    return module.eval().requires_grad_(False)


@pytest.fixture(scope="session")
def params() -> dict:
    return load_model_config("compact")


@pytest.fixture(scope="session")
def golden() -> dict[str, np.ndarray]:
    with np.load(ROOT / "tests" / "data" / "compact" / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="session")
def appearance(params) -> nn.Module:
    module = AppearanceFeatureExtractor(**params["appearance_feature_extractor_params"])
    return load(module, "appearance_feature_extractor")


@pytest.fixture(scope="session")
def warping(params) -> nn.Module:
    return load(CompactWarpingNetwork(**params["warping_module_params"]), "warping_module")


@pytest.fixture(scope="session")
def generator(params) -> nn.Module:
    return load(CompactSPADEDecoder(**params["spade_generator_params"]), "spade_generator")


@pytest.fixture(scope="session")
def picture(golden) -> Tensor:
    """The source crop, (1, 3, 512, 512) in 0..1."""
    return torch.from_numpy(golden["source"]).permute(2, 0, 1)[None].float() / 255


@pytest.fixture(scope="session")
def volume(appearance, picture) -> Tensor:
    return appearance(F.avg_pool2d(picture, 4))


@pytest.fixture(scope="session")
def x_s(golden) -> Tensor:
    return torch.from_numpy(golden["x_s"])


@pytest.fixture(scope="session")
def x_d(golden) -> Tensor:
    return torch.from_numpy(golden["x_d"])


@pytest.fixture(scope="session")
def animate(warping, generator) -> Animate:
    """The whole way from a picture (1, 3, N, N) and keypoints to pictures (B, 3, N, N)."""

    def run(picture: Tensor, volume: Tensor, x_d: Tensor, x_s: Tensor) -> Tensor:
        small = F.avg_pool2d(picture, picture.shape[-1] // INTERNAL_SIZE)
        feature, flow = warping(volume, x_d, x_s)
        residual, paint = generator(feature, warp_picture(small, flow), x_d, x_s)
        return compose(picture, flow, residual, paint, x_d, x_s)

    return run
