import torch

from src.modules.compact.warping_network import CompactWarpingNetwork


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
    assert warping.dense_motion_network.mask.out_channels == 26


def test_no_buffer_beyond_the_weights(params):
    keys = CompactWarpingNetwork(**params["warping_module_params"]).state_dict()
    assert not [key for key in keys if "sigma" in key]


def test_gradients_reach_the_keypoints(warping, volume, x_d, x_s):
    x_d = x_d.clone().requires_grad_()
    with torch.enable_grad():
        feature, flow = warping(volume, x_d, x_s)
        (feature.sum() + flow.sum()).backward()
    assert bool(x_d.grad.isfinite().all())
    assert float(x_d.grad.abs().max()) > 0
