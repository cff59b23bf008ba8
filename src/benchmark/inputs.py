"""Inputs for the networks: random ones of the right kind, the same at every run."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..engine.compact_sizes import OUTPUT_SIZE, shrunk
from ..engine.engine import Engine
from ..motion.mesh import neutral_expression
from ..motion.mesh_points import mean_keypoints


@dataclass(frozen=True)
class Inputs:
    """What the networks of one engine are called with; all on its device.

    Attributes:
        source: one prepared source crop, (1, 3, N, N) in 0..1.
        driving: prepared driving crops, (B, 3, N, N).
        x_s: source keypoints, (1, 21, 3).
        x_d: driving keypoints, (B, 21, 3).
    """

    source: Tensor
    driving: Tensor
    x_s: Tensor
    x_d: Tensor

    @property
    def network_pictures(self) -> Tensor:
        """The driving crops as F takes them: of the compact model shrunk."""
        return shrunk(self.driving) if self.driving.shape[-1] == OUTPUT_SIZE else self.driving


def random_inputs(engine: Engine, batch_size: int, seed: int = 0) -> Inputs:
    """Smooth pictures, and keypoints that move by some pixels.

    For a model that reads meshes they are those of a face that opens its mouth, in every frame alike: of a shut one
    nothing would be painted.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    coarse = uniform(1 + batch_size, 3, 16, 16)
    pictures = F.interpolate(coarse, size=engine.crop_size, mode="bicubic").clamp(0, 1)
    if engine.reads_meshes:
        face = torch.tensor(mean_keypoints(), dtype=torch.float32)[None]
        x_s = face + neutral_expression()
        x_d = face + 0.1 * uniform(batch_size, 1, 3) - 0.05
    else:
        x_s = 1.2 * uniform(1, 21, 3) - 0.6
        x_d = x_s + 0.1 * uniform(batch_size, 21, 3) - 0.05
    source, driving, x_s, x_d = (value.to(engine.device) for value in (pictures[:1], pictures[1:], x_s, x_d))
    return Inputs(source, driving, x_s, x_d)
