import pytest
from torch import nn

from src.engine.fused.fold import fold_batch_norm, parameters
from tests.engine.fused.compared import assert_same, normal, random_weights


@pytest.mark.parametrize(
    ("network", "size"),
    [
        (nn.Sequential(nn.Conv2d(5, 7, 3), nn.BatchNorm2d(7)), (6, 5)),
        (nn.Sequential(nn.Conv3d(5, 7, 3), nn.BatchNorm3d(7, eps=0.1)), (4, 6, 5)),
    ],
)
def test_a_norm_goes_into_the_convolution_before_it(network, size):
    conv, norm = random_weights(network)
    x = normal(2, 5, *size)
    expected = norm(conv(x))
    before = conv.weight.clone()
    weight, bias = fold_batch_norm(conv, norm)
    assert (conv.weight == before).all()  # the network is left as it was
    conv.weight.copy_(weight)
    conv.bias.copy_(bias)
    assert_same(conv(x), expected)


def test_parameters_are_those_of_a_convolution_with_a_bias():
    conv = nn.Conv2d(2, 3, 1)
    assert parameters(conv) == (conv.weight, conv.bias)
    for other in (nn.Conv2d(2, 3, 1, bias=False), nn.Linear(2, 3)):
        with pytest.raises(AssertionError):
            parameters(other)
