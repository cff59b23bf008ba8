import pytest
import torch

from src.modules.compact.face_ellipse import face_mask


def value_at(mask: torch.Tensor, point: torch.Tensor) -> float:
    x, y = ((point[:2] + 1) / 2 * mask.shape[-1]).long().tolist()
    return float(mask[0, 0, y, x])


def test_inside_and_outside(x_s):
    mask = face_mask(x_s, 64)
    assert mask.shape == (1, 1, 64, 64)
    assert value_at(mask, x_s[0, 4]) > 0.98  # nose
    assert max(float(mask[0, 0, y, x]) for y in (0, -1) for x in (0, -1)) < 1e-3


@pytest.mark.parametrize("keypoint", [5, 8, 9, 10])
def test_the_edge_passes_near_chin_sides_and_forehead(x_s, keypoint):
    assert 0.3 < value_at(face_mask(x_s, 128), x_s[0, keypoint]) < 0.98


def test_coinciding_points_stay_finite():
    assert bool(face_mask(torch.zeros(2, 21, 3), 16).isfinite().all())
