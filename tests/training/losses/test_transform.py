import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.modules.compact.grid import centre_grid
from src.training.losses.transform import SmoothTransform, random_transform

seeds = st.integers(0, 10_000)


def drawn(seed: int, batch: int = 2, **options: float) -> SmoothTransform:
    return random_transform(batch, torch.Generator().manual_seed(seed), **options)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_pictures_and_points_agree(seed: int):
    """A picture of its own coordinates shows at x what lies at T(x)."""
    transform = drawn(seed, affine_sigma=0.03, spline_sigma=0.03)
    places = centre_grid(48, 48, like=torch.zeros(()))
    moved = transform.pictures(places.permute(2, 0, 1).expand(2, -1, -1, -1)).permute(0, 2, 3, 1)
    expected = transform.points(places.view(1, -1, 2).expand(2, -1, -1)).view(2, 48, 48, 2)
    inside = (expected.abs() < 1 - 1 / 48).all(-1)
    assert inside.float().mean() > 0.6
    torch.testing.assert_close(moved[inside], expected[inside], atol=2e-5, rtol=0)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_a_spot_is_found_where_it_went(seed: int):
    transform = drawn(seed, batch=1, affine_sigma=0.03, spline_sigma=0.03)
    places = centre_grid(96, 96, like=torch.zeros(()))
    spot = torch.tensor([0.2, -0.1])
    picture = torch.exp(-((places - spot) ** 2).sum(-1) / 0.005)[None, None]
    weight = transform.pictures(picture)[0, 0]
    found = (weight[..., None] * places).sum((0, 1)) / weight.sum()
    torch.testing.assert_close(transform.points(found[None, None])[0, 0], spot, atol=0.01, rtol=0)


@settings(deadline=None, max_examples=30)
@given(seeds)
def test_nothing_folds(seed: int):
    transform = drawn(seed, batch=1)
    points = centre_grid(16, 16, like=torch.zeros((), dtype=torch.float64)).view(1, -1, 2).requires_grad_()
    x, y = transform.points(points).unbind(-1)
    (dx,), (dy,) = torch.autograd.grad(x.sum(), points, retain_graph=True), torch.autograd.grad(y.sum(), points)
    assert (dx[..., 0] * dy[..., 1] - dx[..., 1] * dy[..., 0] > 0).all()


def test_the_spline_goes_through_its_control_points():
    """Without an affine part, control points move by the displacements that were drawn."""
    generator = torch.Generator().manual_seed(3)
    transform = random_transform(1, generator, affine_sigma=0, spline_sigma=0.1, n=3)
    generator.manual_seed(3)
    torch.randn(1, 2, 3, generator=generator, dtype=torch.float64)
    displacements = 0.1 * torch.randn(1, 9, 2, generator=generator, dtype=torch.float64)
    axis = [-1.0, 0.0, 1.0]
    control = torch.tensor([[[x, y] for y in axis for x in axis]])
    torch.testing.assert_close(transform.points(control), control + displacements.float(), atol=1e-5, rtol=0)


def test_affine_alone_by_hand():
    affine = torch.tensor([[[0.0, -1.0, 0.1], [1.0, 0.0, 0.0]]])
    turn = SmoothTransform(affine, torch.zeros(1, 12, 2), 3)
    torch.testing.assert_close(turn.points(torch.tensor([[[0.5, 0.25]]])), torch.tensor([[[-0.15, 0.5]]]))


def test_no_deviation_changes_nothing():
    picture, points = torch.rand(2, 3, 16, 16), torch.rand(2, 5, 2)
    still = drawn(0, affine_sigma=0, spline_sigma=0)
    torch.testing.assert_close(still.pictures(picture), picture)
    torch.testing.assert_close(still.points(points), points)


def test_seeds_decide():
    a, b, c = drawn(1), drawn(1), drawn(2)
    assert torch.equal(a.affine, b.affine) and torch.equal(a.spline, b.spline)
    assert not torch.equal(a.affine, c.affine)
    assert not torch.equal(a.affine[0], a.affine[1])


def test_gradients_and_precision():
    transform = drawn(0, batch=1)
    points = torch.rand(1, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(transform.points, points)
    control = torch.tensor([[[0.5, -0.5]]], requires_grad=True)  # the kernel's centre
    transform.points(control).sum().backward()
    assert control.grad is not None and control.grad.isfinite().all()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = transform.points(points.float())
    assert torch.equal(inside, transform.points(points.float()))


def test_wrong_inputs_are_refused():
    with pytest.raises(InputError, match="2 pictures was given 3"):
        drawn(0).pictures(torch.rand(3, 3, 8, 8))
    with pytest.raises(InputError, match=r"\(B, N, 2\)"):
        drawn(0).points(torch.rand(2, 5, 3))
    with pytest.raises(InputError, match="at least 2 control points"):
        drawn(0, n=1)
