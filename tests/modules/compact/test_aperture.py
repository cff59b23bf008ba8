import pytest
import torch
from torch import Tensor

from src.modules.compact.aperture import aperture_maps, paint_map


def with_mouth(kp: Tensor, gap: float) -> Tensor:
    """The same face with its inner lips `gap` apart."""
    kp = kp.clone()
    kp[:, 19, :2] = kp[:, 20, :2]
    kp[:, 19, 1] += gap
    return kp


def with_eyes_shut(kp: Tensor) -> Tensor:
    kp = kp.clone()
    kp[:, [13, 16], 1] += 0.05
    return kp


def strongest(mask: Tensor) -> Tensor:
    """Position of the largest value of (S, S) in crop coordinates."""
    size = mask.shape[-1]
    row, column = divmod(int(mask.argmax()), size)
    return (2 * torch.tensor([column, row]) + 1) / size - 1


def test_shapes_and_ranges(x_s, x_d):
    maps = aperture_maps(x_d, x_s.expand_as(x_d), 32)
    assert maps.shape == (5, 4, 32, 32)
    assert bool(((maps[:, :3] >= 0) & (maps[:, :3] <= 1.01)).all())
    assert float(maps[:, 3].abs().max()) <= 1.51


def test_paint_map_is_the_second_of_the_maps(x_s, x_d):
    x_s = x_s.expand_as(x_d)
    assert torch.equal(paint_map(x_d, x_s, 48), aperture_maps(x_d, x_s, 48)[:, 1:2])


def test_nothing_to_paint_without_motion(x_s):
    assert float(paint_map(x_s, x_s, 64).max()) < 1e-6


def test_an_opening_mouth_is_painted_where_it_is(x_s):
    driving = with_mouth(x_s, 0.15)
    paint = paint_map(driving, with_mouth(x_s, 0.0), 128)[0, 0]
    assert float(paint.max()) > 0.9
    middle = (driving[0, 19, :2] + driving[0, 20, :2]) / 2
    assert float((strongest(paint) - middle).abs().max()) < 0.05
    assert float(paint[:40].max()) < 1e-3


def test_a_mouth_that_was_open_keeps_its_teeth(x_s):
    mouth, paint, _, _ = aperture_maps(with_mouth(x_s, 0.12), with_mouth(x_s, 0.15), 64)[0]
    assert float(mouth.max()) > 0.9
    assert float(paint.max()) < 1e-6


def test_closing_eyes_are_painted_and_opening_ones_are_not(x_s):
    _, paint, eyes, closing = aperture_maps(with_eyes_shut(x_s), x_s, 128)[0]
    assert float(paint.max()) > 0.5
    assert float((strongest(eyes) - x_s[0, [11, 15], :2]).norm(dim=-1).min()) < 0.03
    assert float(closing.min()) >= 0
    _, paint, _, closing = aperture_maps(x_s, with_eyes_shut(x_s), 128)[0]
    assert float(paint.max()) < 1e-6
    assert float(closing.max()) <= 0


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_coinciding_points_stay_finite(value):
    points = torch.full((1, 21, 3), value)
    assert bool(aperture_maps(points, points, 16).isfinite().all())
