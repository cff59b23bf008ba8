import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from src.motion.smooth import smooth
from tests.motion.goldens import FOLDER
from tests.tolerances import FLOAT32

MATH = np.load(FOLDER / "math.npz")


@pytest.mark.parametrize("case", range(7))
def test_golden(case: int) -> None:
    expected = MATH[f"smooth{case}_out"]
    sequence = torch.from_numpy(MATH[f"smooth{case}_in"]).reshape(expected.shape)
    found = smooth(sequence, float(MATH[f"smooth{case}_obs_var"]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=FLOAT32["ratio"].abs)
    assert found.dtype == torch.float32


def test_one_frame_is_returned_unchanged() -> None:
    one = torch.rand(1, 21, 3)
    assert torch.equal(smooth(one, 1e-4), one)


@given(st.integers(2, 30), st.floats(1e-11, 1e-1), st.integers(0, 99))
def test_constant_stays_and_noise_shrinks(n: int, variance: float, seed: int) -> None:
    torch.testing.assert_close(smooth(torch.full((n, 2), 0.3), variance), torch.full((n, 2), 0.3))
    noise = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))
    before = noise.clone()
    found = smooth(noise, variance)
    assert torch.equal(noise, before)
    assert found.diff(dim=0).abs().sum() <= noise.diff(dim=0).abs().sum() * (1 + 1e-5)


def test_larger_variance_is_smoother() -> None:
    noise = torch.randn(50, 1, generator=torch.Generator().manual_seed(0))
    steps = [smooth(noise, variance).diff(dim=0).abs().sum() for variance in (1e-8, 1e-5, 1e-2)]
    assert steps[0] > steps[1] > steps[2]
