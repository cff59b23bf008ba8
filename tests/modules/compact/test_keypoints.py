import math

import torch

from src.modules.compact.keypoints import fit_affine, lip_edge_weights, with_outline
from src.motion.mesh_points import mirror_order


def rotation(degrees: float) -> torch.Tensor:
    angle = math.radians(degrees)
    return torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def test_same_keypoints_give_the_identity(x_s):
    torch.testing.assert_close(fit_affine(x_s, x_s), torch.eye(2)[None])


def test_an_affine_of_the_face_is_found(x_s):
    affine = 1.3 * rotation(25)
    source = torch.cat([x_s[..., :2] @ affine.T + 0.1, x_s[..., 2:]], -1)
    torch.testing.assert_close(fit_affine(x_s, source, pull=0.0)[0], affine, rtol=0, atol=1e-4)


def test_the_pull_shrinks_towards_the_identity(x_s):
    affine = 1.3 * torch.eye(2)
    source = torch.cat([x_s[..., :2] @ affine, x_s[..., 2:]], -1)
    scale = fit_affine(x_s, source, pull=0.5)[0].diagonal()
    assert bool(((scale > 1.1) & (scale < 1.3)).all())


def test_coinciding_points_give_the_identity():
    points = torch.full((2, 21, 3), 0.3)
    torch.testing.assert_close(fit_affine(points, points), torch.eye(2).expand(2, 2, 2))


def test_a_closed_mouth_or_eye_does_not_matter(x_s):
    moved = x_s.clone()
    moved[:, [6, 11, 12, 13, 14, 15, 16, 17, 19, 20]] += 0.1
    assert torch.equal(fit_affine(moved, x_s), fit_affine(x_s, x_s))


def test_outline_follows_the_pose(x_s):
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0))).Q
    moved = with_outline(1.2 * x_s @ turn + 0.1)
    assert moved.shape == (1, 25, 3)
    torch.testing.assert_close(moved, 1.2 * with_outline(x_s) @ turn + 0.1, rtol=0, atol=1e-5)


def test_outline_lies_around_the_head(x_s):
    outline = with_outline(x_s)[0, 21:]
    assert bool((outline[:2, 1] < x_s[0, 10, 1]).all())  # temples above the forehead's point
    assert bool((outline[2:, 1] < outline[:2, 1]).all())  # crown above the temples
    assert outline[0, 0] < x_s[0, 10, 0] < outline[1, 0]


def test_the_lips_edge_follows_the_pose(x_s):
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(0))).Q
    weights = lip_edge_weights()
    assert weights.shape == (10, 21)
    torch.testing.assert_close(
        weights @ (1.2 * x_s @ turn + 0.1), 1.2 * (weights @ x_s) @ turn + 0.1, rtol=0, atol=1e-5
    )


def test_the_lips_edge_lies_around_the_mouth(x_s):
    """Above and below the keypoints of the opening, and between the corners."""
    edge = (lip_edge_weights() @ x_s)[0]
    upper, lower, left, right = x_s[0, 20], x_s[0, 19], x_s[0, 17], x_s[0, 14]
    assert bool((edge[:5, 1] < upper[1]).all())
    assert bool((edge[5:, 1] > lower[1]).all())
    assert bool(((edge[:, 0] > left[0]) & (edge[:, 0] < right[0])).all())
    assert bool((edge[[1, 3, 6, 8], 0] < edge[[2, 4, 7, 9], 0]).all())  # left, right


def test_the_lips_edge_of_a_mirrored_face_is_mirrored(x_s):
    flip = torch.tensor([-1.0, 1.0, 1.0])
    edge, mirrored = (lip_edge_weights() @ kp for kp in (x_s, (x_s * flip)[:, mirror_order()]))
    torch.testing.assert_close(mirrored, (edge * flip)[:, [0, 2, 1, 4, 3, 5, 7, 6, 9, 8]], rtol=0, atol=1e-5)
