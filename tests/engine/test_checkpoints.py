from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from src.config.model_config import load_model_config
from src.engine.checkpoints import Checkpoints
from src.errors import WeightsError
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.modules.compact.warping_network import CompactWarpingNetwork
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.weights.layout import LIP_EDGE

HEADS = {
    "stitching": {"input_size": 126, "hidden_sizes": [8], "output_size": 65},
    "lip": {"input_size": 65, "hidden_sizes": [8], "output_size": 63},
    "eye": {"input_size": 66, "hidden_sizes": [8], "output_size": 63},
}
PARAMS = {"stitching_retargeting_module_params": HEADS, "some_params": {"in_features": 2, "out_features": 3}}
OFFICIAL = {"stitching": "retarget_shoulder", "lip": "retarget_mouth", "eye": "retarget_eye"}


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    return {"some": tmp_path / "some.safetensors", "stitching_retargeting_module": tmp_path / "heads.pth"}


@pytest.fixture
def checkpoints(files) -> Checkpoints:
    return Checkpoints(files, PARAMS, torch.device("cpu"))


def head_states() -> dict[str, dict[str, torch.Tensor]]:
    return {OFFICIAL[name]: StitchingRetargetingNetwork(**sizes).state_dict() for name, sizes in HEADS.items()}


def test_build(checkpoints, files):
    state = {"weight": torch.arange(6.0).reshape(3, 2).half(), "bias": torch.ones(3)}
    save_file(state, files["some"])
    network = checkpoints.build(nn.Linear, "some")
    assert torch.equal(network.weight, state["weight"].float()) and network.weight.dtype == torch.float32
    assert not network.training and not any(parameter.requires_grad for parameter in network.parameters())


def test_build_on_another_device(files):
    save_file({"weight": torch.ones(3, 2), "bias": torch.ones(3)}, files["some"])
    network = Checkpoints(files, PARAMS, torch.device("meta")).build(nn.Linear, "some")
    assert network.weight.device.type == "meta"


@pytest.mark.parametrize("with_edge", [True, False])
def test_weights_of_before_the_lips_edge_work_without_it(tmp_path, with_edge):
    file, params = tmp_path / "warping_module.safetensors", load_model_config("compact")
    state = CompactWarpingNetwork(**params["warping_module_params"]).state_dict()
    save_file({key: value for key, value in state.items() if with_edge or key != LIP_EDGE}, file)
    built = Checkpoints({"warping_module": file}, params, torch.device("cpu")).build(
        CompactWarpingNetwork, "warping_module"
    )
    assert (built.dense_motion_network.lip_edge is not None) == with_edge
    assert built.dense_motion_network.splat_sigma.shape == (35 if with_edge else 25,)


@pytest.mark.parametrize("with_texture", [True, False])
def test_weights_without_the_texture_of_the_mouth_work_without_it(tmp_path, with_texture):
    file, params = tmp_path / "spade_generator.safetensors", load_model_config("compact")
    state = CompactSPADEDecoder(**params["spade_generator_params"]).state_dict()
    save_file({key: value for key, value in state.items() if with_texture or "mouth_texture" not in key}, file)
    checkpoints = Checkpoints({"spade_generator": file}, params, torch.device("cpu"))
    built = checkpoints.build(CompactSPADEDecoder, "spade_generator")
    assert (built.mouth_texture is not None) == with_texture


def generator_of(folder, params, middle, refining):
    """Of a file of so many blocks what is built."""
    file, group = folder / "spade_generator.safetensors", params["spade_generator_params"]
    state = CompactSPADEDecoder(**{**group, "num_middle": middle, "refine_blocks": refining}).state_dict()
    save_file(state, file)
    built = Checkpoints({file.stem: file}, params, torch.device("cpu")).build(CompactSPADEDecoder, file.stem)
    assert built.state_dict().keys() == state.keys()
    return built


@pytest.mark.parametrize(("middle", "refining"), [(1, 1), (2, 2), (1, 3)])
def test_a_g_is_as_large_as_its_file(tmp_path, middle, refining):
    built = generator_of(tmp_path, load_model_config("compact"), middle, refining)
    assert (built.num_middle, len(built.refine)) == (middle, refining)


@pytest.mark.parametrize(("middle", "refining", "lost"), [(0, 2, "G_middle_0"), (1, 0, r"refine\.0")])
def test_a_g_that_lost_its_blocks_is_refused_unless_it_never_had_any(tmp_path, middle, refining, lost):
    params = load_model_config("compact")
    with pytest.raises(WeightsError, match=rf"does not fit CompactSPADEDecoder.*missing: {lost}"):
        generator_of(tmp_path, params, middle, refining)
    params["spade_generator_params"] |= {"num_middle": middle, "refine_blocks": refining}
    built = generator_of(tmp_path, params, middle, refining)
    assert (built.num_middle, len(built.refine)) == (middle, refining)


def test_a_texture_in_part_is_no_texture(tmp_path):
    file, params = tmp_path / "spade_generator.safetensors", load_model_config("compact")
    state = CompactSPADEDecoder(**params["spade_generator_params"]).state_dict()
    save_file({key: value for key, value in state.items() if key != "mouth_texture.mlp.0.bias"}, file)
    with pytest.raises(WeightsError, match=r"mouth_texture\.mlp\.0\.bias"):
        Checkpoints({"spade_generator": file}, params, torch.device("cpu")).build(
            CompactSPADEDecoder, "spade_generator"
        )


def test_a_file_of_another_shape_is_named(checkpoints, files):
    save_file({"weight": torch.ones(2, 3), "bias": torch.ones(3)}, files["some"])
    with pytest.raises(WeightsError, match=r"some\.safetensors does not fit.*weight \(2, 3\) instead of \(3, 2\)"):
        checkpoints.build(nn.Linear, "some")


def test_a_file_that_went_away_is_named(checkpoints):
    with pytest.raises(WeightsError, match=r"some\.safetensors' cannot be read"):
        checkpoints.build(nn.Linear, "some")


def test_heads(checkpoints, files):
    states = head_states()
    torch.save(states, files["stitching_retargeting_module"])
    heads = checkpoints.heads()
    for name, official in OFFICIAL.items():
        network = getattr(heads, name)
        assert not network.training and not any(parameter.requires_grad for parameter in network.parameters())
        assert all(torch.equal(value, states[official][key]) for key, value in network.state_dict().items())


def test_heads_of_another_shape_are_named(checkpoints, files):
    states = head_states()
    states["retarget_mouth"]["mlp.0.weight"] = torch.ones(8, 66)
    torch.save(states, files["stitching_retargeting_module"])
    with pytest.raises(WeightsError, match=r"heads\.pth \(lip\) does not fit.*mlp\.0\.weight \(8, 66\)"):
        checkpoints.heads()


def test_the_file_that_lacks_a_head_is_named(checkpoints, files):
    torch.save({"retarget_mouth": head_states()["retarget_mouth"]}, files["stitching_retargeting_module"])
    with pytest.raises(WeightsError, match=r"heads\.pth: stitching weights without stitching, eye"):
        checkpoints.heads()
