"""The compact networks together: what any source and any motion must give."""

import copy

import torch
import torch.nn.functional as F

from src.modules.compact.compose import compose, warp_picture


def test_a_batch_equals_single_frames(animate, picture, volume, x_d, x_s):
    small = F.avg_pool2d(picture, 2)
    batch = animate(small, volume, x_d, x_s)
    singles = torch.cat([animate(small, volume, x[None], x_s) for x in x_d])
    torch.testing.assert_close(batch, singles, rtol=0, atol=2e-5)


def test_no_motion_gives_nearly_the_source(animate, picture, volume, x_s):
    out = animate(picture, volume, x_s, x_s)
    assert float((out - picture).abs().mean()) < 0.005
    assert float((out - picture).abs().max()) < 0.2


def test_motion_changes_the_face_and_not_the_border(animate, picture, volume, x_d, x_s):
    change = (animate(picture, volume, x_d, x_s) - picture).abs().mean(1)  # (5, 512, 512)
    assert float(change[:, 150:400, 150:400].mean()) > 0.01
    assert float(change[:, :4].max()) < 0.05


def test_coinciding_keypoints_stay_finite(animate, picture, volume, x_s):
    points = torch.zeros_like(x_s)
    small = F.avg_pool2d(picture, 4)
    for driving, source in ((points, points), (points, x_s), (x_s, points)):
        assert bool(animate(small, volume, driving, source).isfinite().all())


def run(warping, generator, picture, volume, x_d, x_s):
    feature, flow = warping(volume, x_d, x_s)
    residual, paint = generator(feature, warp_picture(F.avg_pool2d(picture, 4), flow), x_d, x_s)
    return compose(picture, flow, residual, paint, x_d, x_s)


def test_double_precision_agrees(warping, generator, picture, volume, x_d, x_s):
    modules, tensors = [warping, generator], [picture, volume, x_d[:1], x_s]
    single = run(*modules, *tensors)
    double = run(*(copy.deepcopy(m).double() for m in modules), *(t.double() for t in tensors))
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, rtol=0, atol=5e-5)


def test_everything_is_made_on_the_inputs_device(warping, generator, picture, volume, x_d, x_s):
    modules = [copy.deepcopy(module).to("meta") for module in (warping, generator)]
    out = run(*modules, *(tensor.to("meta") for tensor in (picture, volume, x_d, x_s)))
    assert out.device.type == "meta"
    assert out.shape == (5, 3, 512, 512)
