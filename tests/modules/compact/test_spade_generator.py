import pytest
import torch
import torch.nn.functional as F

from src.modules.compact import spade_generator
from src.modules.compact.compose import warp_picture
from src.modules.compact.face_ellipse import face_mask
from src.modules.compact.spade_generator import CompactSPADE


def test_spade_at_the_labels_size_is_the_plain_one():
    spade = CompactSPADE(6, 4, hidden=8)
    x, label = torch.rand(2, 6, 8, 8), torch.rand(2, 4, 8, 8)
    shared = spade.mlp_shared(label)
    wanted = F.instance_norm(x) * (1 + spade.mlp_gamma(shared)) + spade.mlp_beta(shared)
    torch.testing.assert_close(spade(x, label), wanted)


def test_spade_takes_a_smaller_label():
    assert CompactSPADE(6, 4, hidden=8)(torch.rand(2, 6, 16, 16), torch.rand(2, 4, 8, 8)).shape == (2, 6, 16, 16)


@pytest.fixture
def inputs(warping, volume, picture, x_d, x_s):
    feature, flow = warping(volume, x_d, x_s)
    return feature, warp_picture(F.avg_pool2d(picture, 4), flow)


def test_outputs(generator, inputs, x_d, x_s):
    residual, paint = generator(*inputs, x_d, x_s)
    assert residual.shape == paint.shape == (5, 3, 128, 128)
    assert float(paint.min()) >= 0
    assert float(paint.max()) <= 1


def test_the_residual_ends_with_the_face(generator, inputs, x_d, x_s, monkeypatch):
    residual, _ = generator(*inputs, x_d, x_s)
    monkeypatch.setattr(spade_generator, "face_mask", lambda kp, size: torch.ones(1))
    everywhere, _ = generator(*inputs, x_d, x_s)
    mask = face_mask(x_d, 128)
    assert float(mask.min()) < 1e-3
    assert float(residual.abs().max()) > 0.01
    torch.testing.assert_close(residual, everywhere * mask, rtol=1e-5, atol=1e-7)


def test_a_frame_does_not_depend_on_its_batch(generator, inputs, x_d, x_s):
    feature, warped = inputs
    batch = generator(feature, warped, x_d, x_s)
    single = generator(feature[2:3], warped[2:3], x_d[2:3], x_s)
    for part, whole in zip(single, batch, strict=True):
        torch.testing.assert_close(part, whole[2:3], rtol=0, atol=1e-5)
