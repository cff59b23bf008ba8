import torch
import torch.nn.functional as F

from src.modules.compact.keypoints import lip_edge_weights, with_lip_edge
from src.modules.compact.warping_network import CompactWarpingNetwork
from src.weights.layout import LIP_EDGE
from src.weights.load import load_strict
from tests.tolerances import FLOAT32


def test_shapes(warping, volume, x_d, x_s):
    feature, flow = warping(volume, x_d, x_s)
    assert feature.shape == (5, 96, 16, 16)
    assert flow.shape == (5, 2, 64, 64)


def test_one_source_equals_its_copies_and_single_frames(warping, volume, x_d, x_s):
    feature, flow = warping(volume, x_d, x_s)
    copies = warping(volume.expand(5, -1, -1, -1, -1).contiguous(), x_d, x_s.expand(5, -1, -1).contiguous())
    singles = [torch.cat(parts) for parts in zip(*(warping(volume, x[None], x_s) for x in x_d), strict=True)]
    for other in (copies, singles):
        torch.testing.assert_close(other[0], feature, rtol=0, atol=1e-5)
        torch.testing.assert_close(other[1], flow, rtol=0, atol=1e-6)


def test_without_motion_the_picture_rests(warping, volume, x_s):
    _, flow = warping(volume, x_s, x_s)
    assert float(flow.abs().max()) < 1e-4


def test_coinciding_keypoints_stay_finite(warping, volume, x_s):
    points = torch.full_like(x_s, 0.2)
    for driving, source in ((points, points), (points, x_s), (x_s, points)):
        assert all(bool(part.isfinite().all()) for part in warping(volume, driving, source))


def test_the_outline_needs_no_keypoints_of_its_own(params, warping):
    assert params["warping_module_params"]["num_kp"] == 21
    assert warping.dense_motion_network.sigma.shape == (25,)
    assert warping.dense_motion_network.splat_sigma.shape == (35,)
    assert warping.dense_motion_network.mask.out_channels == 26


def test_no_buffer_beyond_the_weights(params):
    network = CompactWarpingNetwork(**params["warping_module_params"])
    buffers = set(network.state_dict()) - {name for name, _ in network.named_parameters()}
    statistics = {name for name in buffers if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}
    assert buffers - statistics == {LIP_EDGE}


def without_lip_edge(params, warping):
    """The same weights as a file of before the lips' edge holds them."""
    dense = {**params["warping_module_params"]["dense_motion_params"], "lip_edge_reach": None}
    without = CompactWarpingNetwork(**{**params["warping_module_params"], "dense_motion_params": dense})
    load_strict(without, {key: value for key, value in warping.state_dict().items() if key != LIP_EDGE}, what="W")
    return without.eval().requires_grad_(False)


def test_weights_of_before_the_lips_edge_give_their_numbers(params, golden, warping, volume, x_d, x_s):
    _, flow = without_lip_edge(params, warping)(volume, x_d, x_s)
    wanted = torch.from_numpy(golden["flow_without_lip_edge"])
    assert float((flow - wanted).abs().max()) <= FLOAT32["compact_network"].abs
    assert float((wanted - torch.from_numpy(golden["flow"])).abs().max()) > 1e-3


def test_at_the_lips_edge_the_flow_misses_less(params, warping, volume, x_d, x_s):
    driving, source = (lip_edge_weights() @ kp for kp in (x_d, x_s))

    def missed(network):
        _, flow = network(volume, x_d, x_s)
        found = F.grid_sample(flow, driving[:, None, :, :2], align_corners=False)[:, :, 0].mT  # (5, 10, 2)
        return float((source - driving - F.pad(found, (0, 1)))[..., :2].norm(dim=-1).mean())

    assert missed(warping) < 0.5 * missed(without_lip_edge(params, warping))


def test_autocast_leaves_the_lips_edge_where_it_is(warping, x_d):
    weights = warping.dense_motion_network.lip_edge
    with torch.autocast("cpu", torch.bfloat16):
        points = with_lip_edge(x_d, weights)
    torch.testing.assert_close(points, with_lip_edge(x_d, weights), rtol=0, atol=1e-6)
    assert points.dtype == torch.float32


def test_gradients_reach_the_keypoints(warping, volume, x_d, x_s):
    x_d = x_d.clone().requires_grad_()
    with torch.enable_grad():
        feature, flow = warping(volume, x_d, x_s)
        (feature.sum() + flow.sum()).backward()
    assert bool(x_d.grad.isfinite().all())
    assert float(x_d.grad.abs().max()) > 0
