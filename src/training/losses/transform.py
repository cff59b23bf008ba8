"""Random smooth transforms of the plane, applied to pictures and to points alike.

A transform T maps places of the transformed picture to places of the original one, so the transformed picture shows at
x what the original shows at T(x), and a point found at x in the transformed picture lies at T(x) in the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import InputError
from ...modules.compact.grid import centre_grid
from ..checks import check_pictures, check_points
from ..precision import in_float32

_REACH = 1.0  # the control points span the picture
_TINY = 1e-12


@dataclass(frozen=True)
class SmoothTransform:
    """An affine map plus a thin-plate spline for each of B pictures: ``T(x) = A x + b + spline(x)``.

    Source: Siarohin et al. (FOMM, arXiv 2003.00196) section 3.3 for the kind of transform, which face vid2vid takes
    over (appendix, equivariance loss); Bookstein (1989) for the spline. FOMM draws the spline's weights; here the
    displacements of control points are drawn, whose unit is the picture's (ours).

    Attributes:
        affine: (A | b), (B, 2, 3).
        spline: weights of the control points, then of 1, x and y: (B, n * n + 3, 2).
        n: control points along each axis.
    """

    affine: Tensor
    spline: Tensor
    n: int

    def __len__(self) -> int:
        return len(self.affine)

    @in_float32
    def points(self, points: Tensor) -> Tensor:
        """Places in the original pictures of points in the transformed ones.

        Args:
            points: (B, N, 2) in crop coordinates, x right and y down in -1..1.

        Returns:
            (B, N, 2).

        Raises:
            InputError: another shape, or another number of pictures.
        """
        check_points(points, (2,))
        self._check_batch(len(points))
        affine, spline = self.affine.to(points), self.spline.to(points)
        moved = points @ affine[:, :, :2].transpose(1, 2) + affine[:, None, :, 2]
        return moved + _basis(points, _control_points(self.n).to(points)) @ spline

    @in_float32
    def pictures(self, pictures: Tensor) -> Tensor:
        """The transformed pictures, mirrored beyond the original's edges.

        Args:
            pictures: (B, C, H, W).

        Returns:
            Same shape.

        Raises:
            InputError: another shape, or another number of pictures.
        """
        check_pictures(pictures)
        self._check_batch(len(pictures))
        height, width = pictures.shape[2:]
        places = centre_grid(height, width, like=pictures).view(1, -1, 2).expand(len(self), -1, -1)
        grid = self.points(places).view(len(self), height, width, 2)
        return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False)

    def _check_batch(self, batch: int) -> None:
        if batch != len(self):
            raise InputError(f"a transform of {len(self)} pictures was given {batch}")


def random_transform(
    batch: int,
    generator: torch.Generator,
    affine_sigma: float = 0.05,
    spline_sigma: float = 0.05,
    n: int = 5,
    device: torch.device | str | None = None,
) -> SmoothTransform:
    """Draw one transform a picture.

    Args:
        batch: number of pictures.
        generator: source of the draws, which alone determines them; its own device may differ from `device`.
        affine_sigma: deviation of the six numbers of the affine map from the identity (FOMM: 0.05).
        spline_sigma: deviation of the control points' displacements, in crop coordinates; a tenth of the points'
            distance is safe from folds.
        n: control points along each axis (FOMM: 5).
        device: where the transform is to be; None: the generator's.

    Raises:
        InputError: fewer than two control points along an axis.
    """
    if n < 2:
        raise InputError(f"a thin-plate spline needs at least 2 control points along each axis, got {n}")
    draw = {"generator": generator, "device": generator.device, "dtype": torch.float64}
    noise = torch.randn(batch, 2, 3, **draw)  # type: ignore[call-overload]
    displacements = torch.randn(batch, n * n, 2, **draw)  # type: ignore[call-overload]
    affine = torch.eye(2, 3).to(noise) + affine_sigma * noise
    spline = _interpolation(n).to(noise) @ (spline_sigma * displacements)
    device = generator.device if device is None else device
    return SmoothTransform(affine.to(device, torch.float32), spline.to(device, torch.float32), n)


@cache
def _control_points(n: int) -> Tensor:
    """A square grid over the picture, (n * n, 2) float64."""
    axis = torch.linspace(-_REACH, _REACH, n, dtype=torch.float64)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack([x, y], -1).view(-1, 2)


@cache
def _interpolation(n: int) -> Tensor:
    """From values at the control points to the weights of the spline through them, (n * n + 3, n * n) float64."""
    control = _control_points(n)
    basis = _basis(control[None], control)[0]  # (n * n, n * n + 3)
    sides = torch.cat([basis[:, -3:].T, torch.zeros(3, 3, dtype=basis.dtype)], 1)  # no net pull, no net torque
    system = torch.cat([basis, sides])
    return torch.linalg.inv(system)[:, : n * n]


def _basis(points: Tensor, control: Tensor) -> Tensor:
    """Kernel ``r^2 log r^2`` to each control point, then 1, x, y: (B, N, 2) -> (B, N, n * n + 3)."""
    squared = (points[:, :, None] - control).square().sum(-1)  # (B, N, n * n)
    kernel = squared * squared.clamp_min(_TINY).log()
    return torch.cat([kernel, torch.ones_like(points[..., :1]), points], -1)
