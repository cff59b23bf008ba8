import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from src.engine.fused import fourier_conv
from src.engine.fused.fourier_conv import FourierConv3d
from tests.engine.fused.compared import assert_same, normal
from tests.tolerances import FLOAT32


def case(batch, kernel, *size):
    return normal(batch, 5, *size), normal(3, 5, kernel, kernel, kernel), normal(3)


def assert_convolves(x, weight, bias):
    expected = F.conv3d(x, weight, bias, padding=weight.shape[-1] // 2)
    assert_same(FourierConv3d(weight, bias)(x), expected)


@pytest.mark.parametrize("kernel", [1, 3, 7])
@pytest.mark.parametrize("size", [(4, 8, 8), (1, 35, 9), (9, 34, 69)])
def test_sizes(kernel, size):
    assert_convolves(*case(2, kernel, *size))


@settings(deadline=None, max_examples=50)
@given(kernel=st.sampled_from([3, 5, 7]), size=st.tuples(st.integers(1, 9), st.integers(1, 19), st.integers(1, 19)))
def test_many_tiles(kernel, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fourier_conv, "_TILE", 10)
        assert_convolves(*case(2, kernel, *size))


def test_channels_last_as_well():
    x, weight, bias = case(2, 3, 4, 6, 5)
    assert_same(
        FourierConv3d(weight, bias)(x.contiguous(memory_format=torch.channels_last_3d)),
        F.conv3d(x, weight, bias, padding=1),
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_on_a_gpu():
    """Its weights are made on the processor, in twice the precision."""
    x, weight, bias = normal(2, 5, 4, 20, 20), normal(3, 5, 7, 7, 7) / 40, normal(3)
    exact = F.conv3d(x, weight, bias, padding=3)
    x, weight, bias = x.float(), weight.float(), bias.float()
    convolution = FourierConv3d(weight.cuda(), bias.cuda())
    assert torch.equal(convolution.weight.cpu(), FourierConv3d(weight, bias).weight)
    error = (convolution(x.cuda()).cpu() - exact).abs().max()
    assert error <= FLOAT32["frequency"].rel * exact.abs().max()


def test_float32_errs_as_little_as_a_plain_convolution():
    x, weight, bias = normal(1, 64, 5, 40, 40), normal(8, 64, 7, 7, 7) / 148, normal(8)
    exact = F.conv3d(x, weight, bias, padding=3)
    x, weight, bias = x.float(), weight.float(), bias.float()
    actual, plain = FourierConv3d(weight, bias)(x), F.conv3d(x, weight, bias, padding=3)
    assert actual.dtype == torch.float32
    assert (actual - exact).square().mean().sqrt() <= 2 * (plain - exact).square().mean().sqrt()
