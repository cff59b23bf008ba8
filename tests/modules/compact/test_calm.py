import torch

from src.modules.compact.calm import calm
from src.modules.compact.face_ellipse import face_mask


def test_the_border_rests(x_s):
    flow = calm(torch.ones(1, 2, 64, 64), x_s)
    border = torch.cat([flow[..., 0, :], flow[..., -1, :], flow[..., :, 0], flow[..., :, -1]], -1)
    assert float(border.abs().max()) < 0.03
    assert float(flow.amax()) > 0.99


def test_the_face_is_left_alone(x_s):
    flow = torch.randn(1, 2, 64, 64, generator=torch.Generator().manual_seed(0))
    inside = (face_mask(x_s, 64) > 0.99).expand_as(flow)
    assert bool(inside.any())
    assert float((calm(flow, x_s) - flow)[inside].abs().max()) < 0.05


def test_the_surroundings_are_smoothed(x_s):
    flow = torch.randn(1, 2, 64, 64, generator=torch.Generator().manual_seed(0))
    outside = (face_mask(x_s, 64) < 0.01).expand_as(flow)
    assert float(calm(flow, x_s)[outside].std()) < 0.2 * float(flow[outside].std())
