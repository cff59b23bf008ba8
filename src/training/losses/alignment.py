"""Faces turned, scaled and shifted to where ArcFace networks want them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ...modules.compact.grid import centre_grid
from ..checks import check_pictures, check_points
from ..precision import in_float32

FACE_SIZE = 112
# Left and right eye, tip of the nose, left and right corner of the mouth in pixels of the aligned face.
_TEMPLATE = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
_TINY = 1e-8


@in_float32
def aligned_faces(pictures: Tensor, points: Tensor) -> Tensor:
    """Faces as ArcFace networks were trained with them; differentiable in pictures and points.

    Source: Deng et al. (arXiv 1801.07698) section 3.1: five points, a similarity, 112 x 112 pixels. The similarity is
    the least-squares one (Umeyama 1991, in closed form in the plane).

    Args:
        pictures: (B, C, H, H).
        points: left and right eye, tip of the nose, left and right corner of the mouth (left in the picture), (B, 5, 2)
            or (B, 5, 3) in crop coordinates; z is not used.

    Returns:
        (B, C, 112, 112), the nearest edge pixel beyond the picture.

    Raises:
        InputError: other shapes.
    """
    check_pictures(pictures)
    check_points(points)
    if points.shape[:2] != (len(pictures), len(_TEMPLATE)):
        raise InputError(f"{len(pictures)} pictures need {len(_TEMPLATE)} points each, got {tuple(points.shape)}")
    points = points[..., :2]
    template = (points.new_tensor(_TEMPLATE) + 0.5) / (FACE_SIZE / 2) - 1  # pixel centres to crop coordinates
    places = centre_grid(FACE_SIZE, FACE_SIZE, like=points).reshape(-1, 2)
    grid = _similarity(template, points, places).view(-1, FACE_SIZE, FACE_SIZE, 2)
    return F.grid_sample(pictures, grid.to(pictures), mode="bilinear", padding_mode="border", align_corners=False)


def _similarity(start: Tensor, end: Tensor, places: Tensor) -> Tensor:
    """Places (N, 2) moved by the similarities that bring points (5, 2) nearest to points (B, 5, 2): (B, N, 2)."""
    origin, centre = start.mean(0), end.mean(1, keepdim=True)  # (2,), (B, 1, 2)
    a, b = start - origin, end - centre
    size = a.square().sum().clamp_min(_TINY)
    cosine = (a * b).sum((1, 2)) / size  # (B,)
    sine = (a[:, 0] * b[..., 1] - a[:, 1] * b[..., 0]).sum(1) / size
    turn = torch.stack([cosine, sine, -sine, cosine], -1).view(-1, 2, 2)  # for row vectors
    return (places - origin) @ turn + centre
