import pytest
import torch
import torch.nn.functional as F

from src.errors import WeightsError
from src.modules.compact.compose import warp_picture
from src.modules.compact.face_ellipse import face_mask
from src.modules.compact.spade_generator import CompactSPADE, CompactSPADEDecoder
from src.weights.load import load_strict


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
    outside = (face_mask(x_d, 128) < 1e-3).expand_as(residual)
    assert bool(outside.any())
    assert float(residual[outside].abs().max()) < 1e-3 < float(residual.abs().max())


def test_a_frame_does_not_depend_on_its_batch(generator, inputs, x_d, x_s):
    feature, warped = inputs
    batch = generator(feature, warped, x_d, x_s)
    single = generator(feature[2:3], warped[2:3], x_d[2:3], x_s)
    for part, whole in zip(single, batch, strict=True):
        torch.testing.assert_close(part, whole[2:3], rtol=0, atol=1e-5)


def test_weights_from_before_the_mouths_coordinates(params, inputs, x_d, x_s):
    """They load, and draw as if what is new to them counted nothing."""
    torch.manual_seed(0)
    wanted = CompactSPADEDecoder(**params["spade_generator_params"]).eval()
    state = {name: value.clone() for name, value in wanted.state_dict().items()}
    state["skip_in.weight"] = state["skip_in.weight"][:, :-4]
    loaded = CompactSPADEDecoder(**params["spade_generator_params"]).eval()
    load_strict(loaded, state, "old weights")
    with torch.no_grad():
        assert not torch.equal(loaded(*inputs, x_d, x_s)[0], wanted(*inputs, x_d, x_s)[0])
        wanted.skip_in.weight[:, -4:] = 0
        for part, same in zip(loaded(*inputs, x_d, x_s), wanted(*inputs, x_d, x_s), strict=True):
            assert torch.equal(part, same)


@pytest.mark.parametrize("weight", [torch.zeros(32, 15, 3, 3), torch.zeros(32), [1.0]])
def test_other_weights_are_refused(params, generator, weight):
    with pytest.raises(WeightsError, match=r"skip_in\.weight .* instead of \(32, 20, 3, 3\)"):
        load_strict(
            CompactSPADEDecoder(**params["spade_generator_params"]),
            generator.state_dict() | {"skip_in.weight": weight},
            "other weights",
        )
