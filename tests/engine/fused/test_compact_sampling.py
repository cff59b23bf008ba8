"""Pictures sampled by OpenCV against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from src.engine.fused import compact_sampling
from src.engine.fused.compact_sampling import centres, sampled, warp
from src.modules.compact.compose import warp_picture
from src.modules.compact.grid import cell_centres
from tests.tolerances import FLOAT32

SIZE = 128
_original = compact_sampling._samples_exactly


@pytest.fixture(params=[True, False], ids=["as OpenCV does it", "by torch"])
def exact(request, monkeypatch):
    monkeypatch.setattr(compact_sampling, "_samples_exactly", lambda: request.param and _original())


def rows(pictures: torch.Tensor) -> np.ndarray:
    return F.pad(pictures, (0, 0, 0, 0, 0, 1)).permute(0, 2, 3, 1).contiguous().numpy()


def test_warp(exact):
    torch.manual_seed(0)
    picture, flow = torch.rand(1, 3, SIZE, SIZE) * 255, 0.3 * torch.randn(1, 2, 16, 16)
    warped = warp(rows(picture)[0], flow[0].permute(1, 2, 0).contiguous().numpy())
    found = torch.from_numpy(warped[..., :3]).permute(2, 0, 1)
    torch.testing.assert_close(found, warp_picture(picture, flow)[0], rtol=0, atol=FLOAT32["compact_warp"].abs)


def test_samples_of_a_picture_that_is_no_square(exact):
    picture = np.arange(3 * 5 * 4, dtype=np.float32).reshape(3, 5, 4)
    places = np.array([[[0, 0], [4, 2], [1.25, 0], [0, 1.5], [-3, 9]]], np.float32)  # x, y
    wanted = np.stack([picture[0, 0], picture[2, 4], picture[0, 0] + 5, picture[0, 0] + 30, picture[2, 0]])
    np.testing.assert_allclose(sampled(picture, places)[0], wanted, atol=1e-4)


def test_centres():
    np.testing.assert_allclose(centres(64), cell_centres(64, torch.zeros(1)).numpy(), rtol=0, atol=1e-7)
