import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.modules.compact.grid import centre_grid
from src.motion.mesh_points import mean_face
from src.training.losses.alignment import aligned_faces

# Eyes by their corners, tip of the nose, corners of the mouth.
FACE = torch.tensor(mean_face(), dtype=torch.float32)
MEAN = torch.stack([FACE[list(group), :2].mean(0) for group in ((33, 133), (263, 362), (4,), (61,), (291,))])
NOSE = 2


def turned(degrees: float, scale: float, x: float, y: float) -> torch.Tensor:
    a = math.radians(degrees)
    turn = torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    return (scale * MEAN @ turn + torch.tensor([x, y]))[None]


def shown(points: torch.Tensor) -> torch.Tensor:
    """Places of the picture that an aligned face shows, (112, 112, 2)."""
    places = centre_grid(256, 256, like=points).permute(2, 0, 1)[None]
    return aligned_faces(places, points)[0].permute(1, 2, 0)


def test_the_five_points_lie_near_where_they_should():
    face = shown(0.6 * MEAN[None])
    for number, (x, y) in {0: (38.3, 51.7), 1: (73.5, 51.5), 3: (41.5, 92.4)}.items():
        point = 0.6 * MEAN[number]
        row, column = divmod(int((face - point).norm(dim=-1).argmin()), 112)
        assert math.dist((column, row), (x, y)) < 5


@settings(deadline=None, max_examples=30)
@given(st.floats(-40, 40), st.floats(0.25, 0.4), st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_turns_sizes_and_places_are_taken_out(degrees: float, scale: float, x: float, y: float):
    """What is shown of a turned face is the upright face's, turned with it."""
    a = math.radians(degrees)
    turn = torch.tensor([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    expected = scale / 0.3 * shown(turned(0, 0.3, 0, 0)) @ turn + torch.tensor([x, y])
    inside = (expected.abs() < 0.99).all(-1)
    found = shown(turned(degrees, scale, x, y))
    torch.testing.assert_close(found[inside], expected[inside], atol=1e-4, rtol=0)


def test_gradients():
    picture = torch.rand(1, 3, 16, 16, requires_grad=True)
    points = turned(10, 0.3, 0, 0).requires_grad_()
    aligned_faces(picture, points).square().sum().backward()
    assert picture.grad is not None and picture.grad.any()
    assert points.grad is not None and points.grad.isfinite().all() and points.grad[0, NOSE].any()


def test_wrong_shapes_are_refused():
    with pytest.raises(InputError, match="2 pictures need 5 points"):
        aligned_faces(torch.rand(2, 3, 8, 8), torch.zeros(1, 5, 3))
    with pytest.raises(InputError, match=r"got \(1, 68, 2\)"):
        aligned_faces(torch.rand(1, 3, 8, 8), torch.zeros(1, 68, 2))
