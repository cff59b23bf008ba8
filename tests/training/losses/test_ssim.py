import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from src.errors import InputError
from src.training.losses.ssim import ssim, ssim_map


def reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The paper's equation 13 with SciPy's Gaussian of the same radius."""

    def mean(a: np.ndarray) -> np.ndarray:
        return gaussian_filter(a, 1.5, radius=5)[5:-5, 5:-5]

    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    return ((2 * mx * my + 1e-4) * (2 * cov + 9e-4)) / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))


def pair(*shape: int, noise: float = 0.1) -> tuple[torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    a = torch.rand(shape, generator=draws)
    return a, (a + noise * torch.randn(shape, generator=draws)).clamp(0, 1)


def test_like_the_equation():
    a, b = pair(2, 3, 24, 31)
    found = ssim_map(a.double(), b.double())
    assert found.shape == (2, 3, 14, 21)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(
            found[i, j], reference(a[i, j].double().numpy(), b[i, j].double().numpy()), atol=1e-9
        )
    torch.testing.assert_close(ssim(a, b).double(), found.mean(), atol=1e-5, rtol=0)


def test_equal_pictures_and_constants():
    a, _ = pair(1, 3, 16, 16)
    assert ssim(a, a).item() == pytest.approx(1, abs=1e-6)
    dark, light = torch.full_like(a, 0.2), torch.full_like(a, 0.6)
    assert ssim(dark, light).item() == pytest.approx((2 * 0.12 + 1e-4) / (0.04 + 0.36 + 1e-4), rel=1e-4)


def test_symmetric_and_falls_with_noise():
    values = []
    for noise in (0.05, 0.2, 0.5):
        a, b = pair(1, 3, 32, 32, noise=noise)
        torch.testing.assert_close(ssim(a, b), ssim(b, a))
        values.append(ssim(a, b).item())
    assert 1 > values[0] > values[1] > values[2]
    assert ssim(a, 1 - a) < 0


def test_full_precision_under_autocast():
    a, b = pair(1, 3, 16, 16, noise=0.02)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = ssim(a, b)
    assert inside.dtype == torch.float32 and torch.equal(inside, ssim(a, b))


def test_gradients():
    a, b = pair(1, 1, 12, 13)
    assert torch.autograd.gradcheck(ssim, (a.double().requires_grad_(), b.double()))
    flat = torch.full((1, 1, 12, 12), 0.5, requires_grad=True)
    ssim(flat, torch.zeros_like(flat)).backward()
    assert flat.grad is not None and flat.grad.isfinite().all()


def test_small_pictures_are_refused():
    a, _ = pair(1, 3, 10, 16)
    with pytest.raises(InputError, match="at least 11 pixels"):
        ssim(a, a)
    with pytest.raises(InputError, match="same shape"):
        ssim(a, a[..., :8])
