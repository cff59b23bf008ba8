"""The steps at full size against the plain ones."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from src.engine.fused.compact_compose import compose, truncated
from src.engine.fused.compact_openings import Openings
from src.modules.compact.aperture import paint_map
from tests.tolerances import FLOAT32

SIZE = 128


def rows(pictures: torch.Tensor) -> np.ndarray:
    return F.pad(pictures, (0, 0, 0, 0, 0, 1)).permute(0, 2, 3, 1).contiguous().numpy()


def planes(picture: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(picture[..., :3]).permute(2, 0, 1)


def face(opening: float, lids: float) -> torch.Tensor:
    """Keypoints whose mouth and eyes are open so far, (1, 21, 3)."""
    kp = torch.zeros(1, 21, 3)
    places = {17: (-0.2, 0.3), 14: (0.2, 0.32), 20: (0, 0.3), 11: (-0.2, -0.2), 15: (0.22, -0.18), 18: (0, -0.12)}
    places |= {19: (0, 0.3 + opening), 13: (-0.2, -0.2 - lids), 16: (0.22, -0.2 - lids)}
    for index, place in places.items():
        kp[0, index, :2] = torch.tensor(place)
    return kp


@pytest.mark.parametrize(
    ("opening", "lids", "far"),
    [(0.2, 0.0, 0), (0.0, 0.1, 0), (0.3, 0.05, 0), (0.2, 0.0, 0.9), (0, 0.2, 0), (0.2, 0, 9)],
)
def test_the_share_of_paint(opening, lids, far):
    source, driving = face(0.0, 0.2), face(opening, lids) + far
    wanted = paint_map(driving, source, SIZE)[0, 0].numpy()
    drawn = np.zeros_like(wanted)
    (aperture,) = Openings(driving.numpy(), source.numpy()).apertures
    centres = ((2 * np.arange(SIZE) + 1) / SIZE - 1).astype(np.float32)
    if cells := aperture.window(SIZE):
        drawn[cells] = aperture.share(centres[cells[1]], centres[cells[0]])
    np.testing.assert_allclose(drawn, wanted, rtol=0, atol=FLOAT32["compact_paint"].abs)


@pytest.mark.parametrize("place", [None, (0, 0), (10, 20), (26, 26), (0, 12)])
@pytest.mark.parametrize("opening", [0.0, 0.3])
def test_compose(place, opening):
    torch.manual_seed(0)
    source, driving = face(0.0, 0.0), face(opening, 0.0)
    small = SIZE // 4
    picture, paint = torch.rand(1, 3, SIZE, SIZE) * 255, torch.rand(1, 3, small, small) * 255
    residual = torch.zeros(1, 3, small, small)
    if place is not None:
        residual[..., place[0] : place[0] + 6, place[1] : place[1] + 6] = torch.randn(1, 3, 6, 6) * 100
    large = [F.interpolate(y, size=(SIZE, SIZE), mode="bicubic", align_corners=False) for y in (residual, paint)]
    wanted = torch.lerp(picture, large[1], paint_map(driving, source, SIZE)) + large[0]
    composed = rows(picture)[0]
    compose(composed, rows(residual)[0], rows(paint)[0], *Openings(driving.numpy(), source.numpy()).apertures)
    torch.testing.assert_close(planes(composed), wanted[0].clamp(0, 255), rtol=0, atol=FLOAT32["compact_composed"].abs)


def test_bytes_are_truncated():
    values = np.array([0, 0.3, 0.99, 1, 1.5, 2.4, 2.9998, 2.99999, 3, 254.6, 255], np.float32)
    picture = np.repeat(values[None, :, None], 4, axis=2)
    assert truncated(picture)[0, :, 0].tolist() == [0, 0, 0, 1, 1, 2, 2, 3, 3, 254, 255]
    assert truncated(picture).shape == (1, 11, 3)
