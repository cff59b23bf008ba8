import pytest
import torch
import torch.nn.functional as F

from src.modules.compact.compose import compose, warp_picture


def smooth_picture(size: int) -> torch.Tensor:
    coarse = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return F.interpolate(coarse, size=(size, size), mode="bilinear", align_corners=False)


@pytest.mark.parametrize("size", [128, 384])
def test_no_flow_gives_the_picture(size):
    picture = smooth_picture(size)
    out = warp_picture(picture, torch.zeros(2, 2, 64, 64))
    torch.testing.assert_close(out, picture.expand(2, -1, -1, -1), rtol=0, atol=1e-5)


def test_the_flow_says_where_a_pixel_comes_from():
    picture = smooth_picture(128)
    flow = torch.zeros(1, 2, 64, 64)
    flow[:, 0] = 2 * 16 / 128  # 16 pixels to the right
    out = warp_picture(picture, flow)
    torch.testing.assert_close(out[..., :112], picture[..., 16:], rtol=0, atol=1e-5)
    torch.testing.assert_close(out[..., 112:], picture[..., -1:].expand(-1, -1, -1, 16), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [128, 256, 512, 640])
def test_no_motion_and_no_residual_give_the_picture(x_s, size):
    picture, nothing = smooth_picture(size), torch.zeros(1, 3, 128, 128)
    out = compose(picture, torch.zeros(1, 2, 64, 64), nothing, nothing, x_s, x_s)
    torch.testing.assert_close(out, picture, rtol=0, atol=1e-5)


def test_the_residual_is_added_and_the_paint_is_mixed_in(x_s):
    picture, driving = torch.full((1, 3, 256, 256), 0.5), x_s.clone()
    driving[:, 19, 1] += 0.2  # a wide open mouth
    paint, flow = torch.ones(1, 3, 128, 128), torch.zeros(1, 2, 64, 64)
    out = compose(picture, flow, torch.full_like(paint, 0.1), paint, driving, x_s)
    assert float(out.min()) == pytest.approx(0.6, abs=1e-5)
    assert 0.9 < float(out.max()) <= 1.1


def test_one_picture_for_all_frames_equals_its_copies(x_d, x_s):
    random = torch.Generator().manual_seed(0)
    flow = 0.1 * torch.randn(5, 2, 64, 64, generator=random)
    residual, paint = torch.rand(2, 5, 3, 128, 128, generator=random)
    picture = smooth_picture(256)
    one = compose(picture, flow, residual, paint, x_d, x_s)
    copies = compose(picture.repeat(5, 1, 1, 1), flow, residual, paint, x_d, x_s.repeat(5, 1, 1))
    assert one.shape == (5, 3, 256, 256)
    assert torch.equal(one, copies)
