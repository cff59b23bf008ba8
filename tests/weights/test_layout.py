import pytest
import torch

from src.errors import WeightsError
from src.modules.spade_generator import SPADEDecoder
from src.weights.layout import LIP_EDGE, as_trained, fold_spectral_norm, split_stitching, unfold_spectral_norm
from src.weights.load import load_strict, read_state
from tests.parity import fill
from tests.parity.weights import STITCHING, official_state, wrapped_stitching
from tests.tolerances import FLOAT32


def small(spectral=True):
    network = SPADEDecoder(2, 16, 4, 3, num_down_blocks=1, num_middle=1, spade_hidden=5, spectral=spectral)
    fill.fill_(network.state_dict())
    return network.eval().requires_grad_(False)


FEATURE = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(0))


def assert_official_heads(parts):
    states = official_state(STITCHING)
    assert list(parts) == ["stitching", "lip", "eye"]
    for name, official in (("stitching", "retarget_shoulder"), ("lip", "retarget_mouth"), ("eye", "retarget_eye")):
        assert list(parts[name]) == list(states[official])
        assert all(torch.equal(value, states[official][key]) for key, value in parts[name].items())


@pytest.mark.parametrize(
    ("params", "state"),
    [
        ({"width": 3}, {}),
        ({"dense_motion_params": {"width": 3}}, {}),
        ({"dense_motion_params": {"lip_edge_reach": 0.1}}, {LIP_EDGE: torch.ones(1)}),
    ],
)
def test_a_definition_that_a_file_fits_is_left_alone(params, state):
    assert as_trained(params, state) is params


def test_weights_of_before_the_lips_edge():
    params = {"width": 3, "dense_motion_params": {"lip_edge_reach": 0.1, "height": 4}}
    assert as_trained(params, {"weight": torch.ones(1)}) == {"width": 3, "dense_motion_params": {"height": 4}}
    assert "lip_edge_reach" in params["dense_motion_params"]


def test_weights_of_a_g_with_other_numbers_of_blocks():
    params = {"width": 3, "num_middle": 1, "refine_blocks": 1}
    keys = ["G_middle_0.a", "G_middle_0.b", "G_middle_1.a", "refine.0.weight", "refine.0.bias", "heat_in.weight"]
    state = dict.fromkeys(keys, torch.ones(1))
    assert as_trained(params, state) == {"width": 3, "num_middle": 2, "refine_blocks": 1}
    assert as_trained(params, {key: state[key] for key in keys if "_1" not in key}) == params
    assert as_trained(params, {"heat_in.weight": torch.ones(1)}) == params  # it lost them, which is told later
    assert as_trained(params, {"fc.weight": torch.ones(1)}) == params  # and this is of another network
    assert as_trained({"num_middle": 6}, state) == {"num_middle": 6}  # the official G has these blocks, too


def test_split_with_and_without_the_prefix():
    assert_official_heads(split_stitching(official_state(STITCHING)))
    assert_official_heads(split_stitching(wrapped_stitching()))


def test_split_the_file(official_weights_dir):
    file = official_weights_dir / "liveportrait" / "retargeting_models" / f"{STITCHING}.pth"
    assert_official_heads(split_stitching(read_state(file)))


@pytest.mark.parametrize(
    "names", [{}, {"retarget_shoulder": "stitching", "retarget_mouth": "lip", "retarget_eye": "eye"}]
)
def test_split_flat_layout(names):
    flat = {
        f"{names.get(part, part)}.{key}": value
        for part, state in official_state(STITCHING).items()
        for key, value in state.items()
    }
    assert_official_heads(split_stitching(flat))


def test_split_removes_the_prefix_anywhere():
    parts = {name: {"mlp.module.0.weight": torch.zeros(1)} for name in ("stitching", "lip", "eye")}
    assert list(split_stitching(parts)["lip"]) == ["mlp.0.weight"]


def test_split_names_what_is_missing():
    state = official_state(STITCHING)
    del state["retarget_mouth"]
    with pytest.raises(WeightsError, match=r"without lip.*retarget_shoulder"):
        split_stitching(state)


def test_fold_uses_the_stored_vectors():
    network = small()
    state = {key: value.clone() for key, value in network.state_dict().items()}
    before = network(FEATURE)
    fold_spectral_norm(network)
    torch.testing.assert_close(network(FEATURE), before, rtol=0, atol=1e-6)
    keys = network.state_dict()
    assert not [key for key in keys if key.endswith(("_orig", "_u", "_v"))]
    for stem in ("G_middle_0.conv_0", "up_0.conv_1", "up_1.conv_s"):
        weight = state[f"{stem}.weight_orig"]
        sigma = state[f"{stem}.weight_u"] @ (weight.flatten(1) @ state[f"{stem}.weight_v"])
        torch.testing.assert_close(keys[f"{stem}.weight"], weight / sigma)
        largest = torch.linalg.matrix_norm(weight.flatten(1), ord=2)
        assert (largest / sigma - 1).abs() > 0.05  # so the largest singular value would not do


def test_fold_keeps_the_parameters_frozen_or_not():
    network = small()
    fold_spectral_norm(network)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    network = small().requires_grad_(True)
    fold_spectral_norm(network)
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_fold_leaves_plain_networks_alone():
    network = small(spectral=False)
    before = network.state_dict()
    fold_spectral_norm(network)
    assert list(network.state_dict()) == list(before)


def test_unfold_round_trip():
    folded = small()
    fold_spectral_norm(folded)
    official = unfold_spectral_norm(folded.state_dict())
    back = small()
    assert set(official) == set(back.state_dict())
    load_strict(back, official, what="exported")
    torch.testing.assert_close(back(FEATURE), folded(FEATURE), rtol=0, atol=1e-6)


def test_unfold_a_network_that_never_was_spectral():
    plain, back = small(spectral=False), small()
    load_strict(back, unfold_spectral_norm(plain.state_dict()), what="exported")
    expected = plain(FEATURE)
    assert (back(FEATURE) - expected).abs().max() <= FLOAT32["blocks"].rel * expected.abs().max()


def test_unfold_cannot_represent_zero():
    state = small(spectral=False).state_dict()
    state["up_0.conv_s.weight"] = torch.zeros_like(state["up_0.conv_s.weight"])
    with pytest.raises(WeightsError, match=r"up_0\.conv_s\.weight is all zero"):
        unfold_spectral_norm(state)
