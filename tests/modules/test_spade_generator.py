import pytest
import torch

from src.modules.spade_generator import SPADEDecoder
from tests.parity import check, fill

SMALL = {
    "max_features": 16,
    "block_expansion": 4,
    "out_channels": 3,
    "num_down_blocks": 1,
    "num_middle": 2,
    "spade_hidden": 5,
}


def small(**changes):
    network = SPADEDecoder(**{**SMALL, **changes})
    fill.fill_(network.state_dict())
    return network.eval()


@pytest.mark.slow
def test_golden(generator):
    npz = check.load("spade_generator")
    with check.assert_stages(npz, generator, "G", skip=("up_",)):  # those are large, and the picture covers them
        image = generator(check.example("feature_2d", 1, 256, 64, 64))
    check.assert_golden(npz, "image", image, "G")


@pytest.mark.parametrize(
    ("upscale", "side", "key"), [(2, 64, "conv_img.0.weight"), (3, 64, "conv_img.0.weight"), (1, 32, "conv_img.weight")]
)
def test_upscale_doubles_or_does_not(upscale, side, key):
    network = small(upscale=upscale)
    assert key in network.state_dict()
    image = network(torch.randn(2, 8, 8, 8))
    assert image.shape == (2, 3, side, side)
    assert image.min() > 0
    assert image.max() < 1


def test_no_upscale_is_one_convolution():
    assert small(upscale=None).state_dict()["conv_img.weight"].shape == (3, 3, 3, 3)


def test_widths():
    network = small()
    assert network.fc.weight.shape == (16, 8, 3, 3)
    assert (network.up_0.conv_1.out_channels, network.up_1.conv_1.out_channels) == (8, 3)
    other = small(middle_channels=6, up_channels=(7, 5), kernel_size=5, shuffle_factor=4, image_channel=1, upscale=4)
    assert other.fc.weight.shape == (6, 8, 5, 5)
    assert [other.get_submodule(f"up_{i}").conv_1.out_channels for i in range(3)] == [7, 5, 3]
    assert other(torch.randn(1, 8, 4, 6)).shape == (1, 1, 4 * 8 * 4, 6 * 8 * 4)


def test_without_spectral_norm():
    keys = small(spectral=False).state_dict()
    assert "up_0.conv_s.weight" in keys
    assert not [key for key in keys if key.endswith("weight_orig")]


def test_even_kernel():
    with pytest.raises(ValueError, match=r"kernel_size must be odd.* got 4"):
        small(kernel_size=4)
