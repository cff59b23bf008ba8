import pytest
import torch

from src.config.model_config import load_model_config
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.weights.layout import split_stitching
from src.weights.load import load_strict
from tests.parity import check
from tests.parity.weights import wrapped_stitching


@pytest.fixture(scope="module")
def heads():
    states = split_stitching(wrapped_stitching())
    networks = {}
    for name, sizes in load_model_config("base")["stitching_retargeting_module_params"].items():
        networks[name] = StitchingRetargetingNetwork(**sizes)
        load_strict(networks[name], states[name], what=name)
    return networks


def test_golden(heads):
    npz = check.load("stitching_retargeting_module")
    source, driving = check.example("kp_source", 3, 21, 3), check.example("kp_driving", 3, 21, 3)
    delta = heads["stitching"](torch.cat([source.flatten(1), driving.flatten(1)], dim=1))
    check.assert_golden(npz, "stitch_delta", delta, "SR")
    for name, ratios in (("eye", 3), ("lip", 2)):
        ratio = check.example(f"ratio_{name}", 3, ratios)
        moved = heads[name](torch.cat([source.flatten(1), ratio], dim=1)).reshape(3, 21, 3)
        check.assert_golden(npz, f"{name}_delta", moved, "SR")


def test_layers():
    network = StitchingRetargetingNetwork(4, [5, 6], 2)
    assert [key for key in network.state_dict() if key.endswith("weight")] == [f"mlp.{i}.weight" for i in (0, 2, 4)]
    assert (network(torch.randn(100, 4)) < 0).any()  # no activation at the end


def test_no_hidden_layer_is_linear():
    network = StitchingRetargetingNetwork(4, [], 2)
    x = torch.randn(3, 4)
    torch.testing.assert_close(network(2 * x) - network(x), network(x) - network(0 * x))
