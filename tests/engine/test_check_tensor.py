import pytest
import torch

from src.engine.check_tensor import expect
from src.errors import InputError


def test_what_fits_is_passed_on():
    value = torch.zeros(2, 21, 3)
    assert expect(value, "kp", None, 21, 3) is value


@pytest.mark.parametrize(
    ("value", "arrived"),
    [
        (torch.zeros(2, 63), r"\(2, 63\) float32"),
        (torch.zeros(2, 21, 2), r"\(2, 21, 2\) float32"),
        (torch.zeros(2, 21, 3, dtype=torch.uint8), r"\(2, 21, 3\) uint8"),
        ([[0.0]], "list"),
    ],
)
def test_what_does_not_fit_is_shown(value, arrived):
    with pytest.raises(InputError, match=rf"kp must be a .*tensor of shape \(any, 21, 3\), got {arrived}"):
        expect(value, "kp", None, 21, 3)
