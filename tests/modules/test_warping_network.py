import copy

import pytest
import torch

from src.modules.grid import make_coordinate_grid
from src.modules.warping_network import WarpingNetwork
from tests.parity import check

SMALL_DENSE = {
    "block_expansion": 4,
    "num_blocks": 2,
    "max_features": 8,
    "reshape_depth": 8,
    "compress": 2,
    "mask_kernel": 3,
    "occlusion_kernel": 5,
}
SMALL = {"num_kp": 5, "block_expansion": 4, "max_features": 24, "num_down_blocks": 1, "reshape_channel": 3}


def small(seed=0, dense=None, **changes):
    torch.manual_seed(seed)
    return WarpingNetwork(**{**SMALL, **changes}, dense_motion_params={**SMALL_DENSE, **(dense or {})}).eval()


def small_inputs(batch=2):
    generator = torch.Generator().manual_seed(1)
    feature = torch.randn(batch, 3, 8, 8, 12, generator=generator)
    driving, source = torch.rand(2, batch, 5, 3, generator=generator) - 0.5
    return {"feature_3d": feature, "kp_driving": driving, "kp_source": source}


def test_golden(warping):
    """The results, and from inside: the hourglass's input and output, the mask and the warped volume."""
    npz = check.load("warping_module")
    dense = warping.dense_motion_network
    inside = {}
    hooks = [
        dense.register_forward_hook(lambda module, inputs, output: inside.update(mask=output["mask"])),
        dense.hourglass.register_forward_hook(
            lambda module, inputs, output: inside.update(x=inputs[0], hourglass=output)
        ),
        warping.third.register_forward_pre_hook(lambda module, inputs: inside.update(warped=inputs[0])),
    ]
    with check.assert_stages(npz, warping, "W"):
        result = warping(
            check.example("feature_3d", 1, 32, 16, 64, 64),
            kp_driving=check.example("kp_driving", 1, 21, 3),
            kp_source=check.example("kp_source", 1, 21, 3),
        )
    for hook in hooks:
        hook.remove()
    assert list(result) == ["out", "occlusion_map", "deformation"]
    for name, value in result.items():
        check.assert_golden(npz, name, value, "W")
    tried = inside["x"].unflatten(1, (22, 5))  # (B, 22, heatmap and compressed channels, D, H, W)
    check.assert_golden(npz, "heatmap", tried[:, :, :1], "W")
    check.assert_golden(npz, "deformed_feature", tried[:, :, 1:], "W")
    check.assert_golden(npz, "hourglass", inside["hourglass"], "W")
    check.assert_golden(npz, "mask", inside["mask"], "W")
    check.assert_golden(npz, "warped_feature", inside["warped"].unflatten(1, (32, 16)), "W")


def test_half_size(warping):
    result = warping(
        check.example("feature_3d", 1, 32, 16, 32, 32),
        kp_driving=check.example("kp_driving", 1, 21, 3),
        kp_source=check.example("kp_source", 1, 21, 3),
    )
    assert result["out"].shape == (1, 256, 32, 32)
    assert result["deformation"].shape == (1, 16, 32, 32, 3)


def test_small_variant():
    result = small()(**small_inputs())
    assert result["out"].shape == (2, 8, 8, 12)
    assert result["deformation"].shape == (2, 8, 8, 12, 3)
    assert result["occlusion_map"].shape == (2, 1, 8, 12)


def test_batch_is_a_stack_of_singles():
    network, inputs = small(), small_inputs()
    both = network(**inputs)
    for i in range(2):
        one = network(**{name: value[i : i + 1] for name, value in inputs.items()})
        for name, value in one.items():
            torch.testing.assert_close(value, both[name][i : i + 1])


def test_equal_keypoints_move_nothing():
    inputs = small_inputs()
    inputs["kp_driving"] = inputs["kp_source"]
    grid = make_coordinate_grid((8, 8, 12)).expand(2, -1, -1, -1, -1)
    torch.testing.assert_close(small()(**inputs)["deformation"], grid, rtol=0, atol=1e-6)


def test_one_shift_of_all_keypoints_shifts_the_foreground():
    """Where the mask leaves the background out, a cell comes from driving back to source."""
    inputs = small_inputs()
    inputs["kp_driving"] = inputs["kp_source"] + torch.tensor([0.2, -0.1, 0.05])
    network = small()
    network.dense_motion_network.mask.bias[0] = -1e4
    moved = network(**inputs)["deformation"] - make_coordinate_grid((8, 8, 12))
    torch.testing.assert_close(moved, torch.tensor([-0.2, 0.1, -0.05]).expand_as(moved), rtol=0, atol=1e-6)


def test_without_occlusion_estimate():
    network = small(estimate_occlusion_map=False)
    assert not [key for key in network.state_dict() if "occlusion" in key]
    result = network(**small_inputs())
    assert result["occlusion_map"] is None
    assert result["out"].shape == (2, 8, 8, 12)


def test_occlusion_map_can_be_left_unused():
    used = small()
    unused = copy.deepcopy(used)
    unused.flag_use_occlusion_map = False
    dimmed, plain = used(**small_inputs()), unused(**small_inputs())
    torch.testing.assert_close(plain["occlusion_map"], dimmed["occlusion_map"])
    torch.testing.assert_close(plain["out"] * plain["occlusion_map"], dimmed["out"])


def test_sampling_positions_stay_float32_under_autocast():
    with torch.autocast("cpu", torch.bfloat16):
        result = small()(**small_inputs())
    assert result["deformation"].dtype == torch.float32


@pytest.mark.parametrize(
    ("changes", "dense", "message"),
    [
        ({"max_features": 32}, {}, r"got 32 and 3 \* 8 = 24"),
        ({}, {"mask_kernel": 4}, "mask_kernel must be odd.* got 4"),
        ({}, {"occlusion_kernel": 2}, "occlusion_kernel must be odd.* got 2"),
        ({"third_kernel": 2}, {}, "third_kernel must be odd.* got 2"),
        ({"max_features": 3}, {"reshape_depth": 1}, "reshape_depth must be at least 2.* got 1"),
        ({}, {"num_blocks": 0}, "num_blocks=0"),
    ],
)
def test_constructor_errors(changes, dense, message):
    with pytest.raises(ValueError, match=message):
        small(dense=dense, **changes)
