import torch
from torch import Tensor, nn

from src.training.precision import Float32Conv2d, in_float32


@in_float32
def product(a: Tensor, b: Tensor) -> Tensor:
    return a @ b


@in_float32
def first_type(tensors: list[Tensor], scale: int = 1) -> torch.dtype:
    return (tensors[0] * scale).dtype


def test_autocast_is_off_inside():
    a = torch.randn(8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert (a @ a).dtype == torch.bfloat16
        result = product(a, b=a)
    assert torch.equal(result, a @ a)


def test_half_is_raised_and_double_kept():
    a = torch.randn(4, 4)
    assert product(a.half(), a.bfloat16()).dtype == torch.float32
    assert product(a.double(), a.double()).dtype == torch.float64
    assert first_type([a.half()]) == torch.float32
    assert first_type((a.double(),), scale=2) == torch.float64


def test_gradients_come_back_in_the_given_precision():
    a = torch.randn(4, 4).half().requires_grad_()
    product(a, a).sum().backward()
    assert a.grad is not None and a.grad.dtype == torch.float16


def test_a_convolution_that_autocast_leaves_alone():
    conv, x = nn.Conv2d(3, 2, (3, 5), stride=2, padding=(1, 2), dilation=2), torch.randn(1, 3, 16, 16)
    exact, raised = conv(x), Float32Conv2d.like(conv)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert conv(x).dtype == torch.bfloat16
        result = raised(x)
    assert torch.equal(result, exact)
    result.sum().backward()
    assert raised.weight.grad is not None and raised.weight.grad.dtype == torch.float32
    assert raised.state_dict().keys() == conv.state_dict().keys()
