import pytest
import torch
import torch.nn.functional as F

from src.engine.onnx.fourier_products import FourierProducts
from tests.tolerances import FLOAT32


@pytest.mark.parametrize("size", [(4, 8, 8), (3, 6, 10), (2, 2, 2), (5, 7, 5)])
@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_convolution(size, kernel):
    torch.manual_seed(0)
    weight = torch.randn(5, 7, *[kernel] * 3, dtype=torch.float64)
    bias, x = torch.randn(5, dtype=torch.float64), torch.randn(2, 7, *size, dtype=torch.float64)
    wanted = F.conv3d(x, weight, bias, padding=kernel // 2)
    found = FourierProducts(weight, bias, size)(x.movedim(1, -1).float()).movedim(-1, 1)
    assert (found - wanted).abs().max() <= FLOAT32["frequency"].rel * wanted.abs().max()
