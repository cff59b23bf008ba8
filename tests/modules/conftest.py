"""The official networks with weights by the parity rule, each built once for all tests; do not change them."""

from collections.abc import Iterator

import pytest
import torch

from src.config.model_config import load_model_config
from src.modules.appearance_feature_extractor import AppearanceFeatureExtractor
from src.modules.motion_extractor import MotionExtractor
from src.modules.spade_generator import SPADEDecoder
from src.modules.warping_network import WarpingNetwork
from src.weights.load import load_strict
from tests.parity.weights import official_state

CLASSES = {
    "appearance_feature_extractor": AppearanceFeatureExtractor,
    "motion_extractor": MotionExtractor,
    "warping_module": WarpingNetwork,
    "spade_generator": SPADEDecoder,
}


@pytest.fixture(autouse=True)
def _no_grad() -> Iterator[None]:
    with torch.no_grad():
        yield


def _build(name):
    network = CLASSES[name](**load_model_config("base")[f"{name}_params"])
    load_strict(network, official_state(name), what=name)
    return network.eval()


@pytest.fixture(scope="session")
def extractor() -> AppearanceFeatureExtractor:
    return _build("appearance_feature_extractor")


@pytest.fixture(scope="session")
def motion_extractor() -> MotionExtractor:
    return _build("motion_extractor")


@pytest.fixture(scope="session")
def warping() -> WarpingNetwork:
    return _build("warping_module")


@pytest.fixture(scope="session")
def generator() -> SPADEDecoder:
    return _build("spade_generator")
