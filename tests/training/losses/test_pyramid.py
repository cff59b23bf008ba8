import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.training.losses.pyramid import expanded, laplacian_l1, laplacian_pyramid

sides = st.integers(12, 40)


@settings(deadline=None, max_examples=30)
@given(sides, sides, st.integers(1, 4))
def test_a_pyramid_adds_up_to_its_picture(height: int, width: int, levels: int):
    picture = torch.rand(1, 2, height, width, dtype=torch.float64)
    *bands, whole = laplacian_pyramid(picture, levels)
    assert len(bands) == levels - 1
    for band in reversed(bands):
        whole = band + expanded(whole, band.shape[2:])
    torch.testing.assert_close(whole, picture)


@settings(deadline=None, max_examples=30)
@given(sides, sides)
def test_a_constant_is_in_the_rest_alone(height: int, width: int):
    picture = torch.full((1, 1, height, width), 0.7, dtype=torch.float64)
    *bands, rest = laplacian_pyramid(picture, 3)
    for band in bands:
        torch.testing.assert_close(band, torch.zeros_like(band))
    torch.testing.assert_close(rest, torch.full_like(rest, 0.7))


def test_a_ramp_has_no_bands_inside():
    ramp = torch.arange(32.0).expand(1, 1, 32, 32)
    band = laplacian_pyramid(ramp, 2)[0]
    torch.testing.assert_close(band[..., 4:-4], torch.zeros(1, 1, 32, 24), atol=1e-5, rtol=0)


def test_one_spike_by_hand():
    spike = torch.zeros(1, 1, 16, 16)
    spike[..., 8, 8] = 1
    band, rest = laplacian_pyramid(spike, 2)
    row = torch.tensor([1.0, 6.0, 1.0]) / 16
    torch.testing.assert_close(rest[0, 0, 3:6, 3:6], row[:, None] * row)
    # back at the spike's place: (1 * 1/16 + 6 * 6/16 + 1 * 1/16) / 8 along each axis
    assert band[0, 0, 8, 8].item() == pytest.approx(1 - ((1 + 36 + 1) / 128) ** 2)


def test_the_distance_of_constants_and_of_one_level():
    a, b = torch.rand(2, 3, 32, 32), torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(laplacian_l1(a, b, levels=1), (a - b).abs().mean())
    assert laplacian_l1(a + 0.25, a).item() == pytest.approx(0.25, abs=1e-5)
    assert laplacian_l1(a, a) == 0
    torch.testing.assert_close(laplacian_l1(a, b), laplacian_l1(b, a))


def test_coarse_faults_weigh_more_than_fine_ones():
    stripes = torch.arange(32) % 2 * 0.2
    steps = (torch.arange(32) >= 16) * 0.2
    zero = torch.zeros(1, 1, 32, 32)
    assert laplacian_l1(steps.expand(1, 1, 32, 32) - 0.1, zero) > laplacian_l1(stripes.expand_as(zero) - 0.1, zero)


def test_gradients():
    a, b = (torch.rand(1, 1, 12, 13, dtype=torch.float64) for _ in range(2))
    assert torch.autograd.gradcheck(lambda x: laplacian_l1(x, b, levels=3), a.requires_grad_())


def test_pictures_that_are_too_small_are_refused():
    a = torch.rand(1, 3, 11, 16)
    with pytest.raises(InputError, match="at least 12 pixels"):
        laplacian_l1(a, a, levels=4)
    with pytest.raises(InputError, match="at least one level"):
        laplacian_l1(a, a, levels=0)
    with pytest.raises(InputError, match="same shape"):
        laplacian_l1(a, a[:, :1])
