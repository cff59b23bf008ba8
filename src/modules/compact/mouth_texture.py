"""What lies between open lips, as a small picture in the mouth's own frame.

G remembers the teeth of the people it was trained on, and guesses badly for others. This sees no picture, only how the
mouth is shaped and four colours of the face, so that it learns what mouths have in common; a mean of both is closer
to the truth than either.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .ellipses import across_eyes, mouth_ellipse
from .grid import along

_COLOURS = 3
_NOSE = 4
_POINTS = [6, 12, 14, 17, 19, 20, 5, 8, 9, 10]  # lips, chin, sides of the face, forehead
_COLOURED = [4, 5, 6, 7, 12]  # nose, chin, left half of the lower lip, cheek, right half
_BLUR = 4  # pixels that make one, before colours are read
REACH = 1.15  # of the texture, in half axes of the ellipse: its edge is soft
_DROPOUT = 0.3


class MouthTexture(nn.Module):
    """Paints the inside of the mouth from keypoints and colours.

    Args:
        hidden: width of its two layers.
        rows: of the texture.
        columns: of the texture.
        share: of the texture in what is painted, 0 to 1; the rest is G's.
    """

    def __init__(self, hidden: int, rows: int, columns: int, share: float) -> None:
        super().__init__()
        inputs = 3 * len(_POINTS) + _COLOURS * (len(_COLOURED) - 1)
        self.rows, self.columns, self.share = rows, columns, share
        self.norm = nn.BatchNorm1d(inputs, affine=False, momentum=0.05)
        self.mlp = nn.Sequential(
            *(nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(_DROPOUT)),
            *(nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(_DROPOUT)),
            nn.Linear(hidden, _COLOURS * rows * columns),
        )

    def forward(self, colours: Tensor, kp_driving: Tensor) -> Tensor:
        """The textures of B frames.

        Args:
            colours: of the face, (B, 12) as `face_colours` reads them.
            kp_driving: (B, 21, 3) in crop coordinates.

        Returns:
            (B, 3, rows, columns), RGB in 0..1.
        """
        known = torch.cat([_shape(kp_driving), colours.to(kp_driving)], 1)
        texture = self.mlp(self.norm(known)).to(kp_driving)
        return texture.unflatten(1, (_COLOURS, self.rows, self.columns)).clamp(0, 1)

    def over(self, paint: Tensor, warped: Tensor, kp_driving: Tensor) -> Tensor:
        """G's paint (B, 3, N, N) with the texture mixed in; `warped` is the warped picture (B, 3, n, n)."""
        drawn, mouth = lay(self(face_colours(warped, kp_driving), kp_driving), kp_driving, paint.shape[-1])
        return torch.lerp(paint, drawn.to(paint), (self.share * mouth).to(paint))


def lay(texture: Tensor, kp: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Lay textures (B, 3, rows, columns) on the mouths of keypoints (B, 21, 3).

    Returns:
        Pictures (B, 3, size, size), and where the mouth is in them (B, 1, size, size) in 0..1; how far it is open does
        not count there.
    """
    ellipse = mouth_ellipse(kp)
    right, down = ellipse.axes.unbind(1)  # (B, 2)
    centre = ellipse.centres[:, 0]
    position = torch.stack([along(right, centre, size), along(down, centre, size)], -1)  # (B, size, size, 2)
    drawn = F.grid_sample(texture, position / REACH, padding_mode="border", align_corners=True)
    mouth = torch.sigmoid((ellipse.edge - position.square().sum(-1)) * ellipse.steepness)
    return drawn, mouth[:, None]


def _shape(kp: Tensor) -> Tensor:
    """Where the mouth's keypoints are, seen from the nose of an upright face, in tenths of the eyes' distance."""
    right, down, distance = across_eyes(kp)
    points = kp[:, _POINTS] - kp[:, _NOSE, None]  # (B, n, 3)
    # no matrix product: autocast would compute that in half precision
    flat = [(points[..., :2] * axis[:, None]).sum(-1, keepdim=True) for axis in (right, down)]
    return (torch.cat([*flat, points[..., 2:]], -1) * (10 / distance)[:, None]).flatten(1)


def face_colours(picture: Tensor, kp: Tensor) -> Tensor:
    """Colours of nose, chin, cheek and lower lip of a picture (B, 3, N, N) with keypoints (B, 21, 3): (B, 12)."""
    soft = F.avg_pool2d(picture, _BLUR).to(kp)
    seen = F.grid_sample(soft, kp[:, None, _COLOURED, :2], padding_mode="border", align_corners=False)
    nose, chin, left, cheek, right = seen[:, :, 0].unbind(-1)  # (B, 3)
    return torch.cat([nose, chin, cheek, (left + right) / 2], 1)
