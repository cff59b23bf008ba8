import pytest
import torch

from src.errors import InputError
from src.training.losses.flow import total_variation


def test_by_hand():
    flow = torch.tensor([[0.0, 1.0, 1.0], [0.0, 3.0, 0.0]]).view(1, 1, 2, 3)
    assert total_variation(flow).item() == pytest.approx((1 + 0 + 3 + 3) / 4 + (0 + 2 + 1) / 3)


def test_constant_and_ramp():
    assert total_variation(torch.full((2, 2, 8, 8), 0.3)) == 0
    ramp = torch.arange(8.0).expand(1, 2, 8, 8) / 4
    assert total_variation(ramp).item() == pytest.approx(0.25)
    assert total_variation(ramp.transpose(2, 3) + 5).item() == pytest.approx(0.25)


def test_gradients_and_precision():
    flow = torch.randn(1, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(total_variation, flow)
    assert total_variation(flow.half()).dtype == torch.float32


@pytest.mark.parametrize("shape", [(2, 8, 8), (1, 2, 1, 8)])
def test_other_shapes_are_refused(shape: tuple[int, ...]):
    with pytest.raises(InputError, match="flow must be"):
        total_variation(torch.zeros(shape))
