"""What lies between open lips, as a small picture in the mouth's own frame.

G remembers the teeth of the people it was trained on, and guesses badly for others. This sees no picture, only how the
mouth is shaped and four colours of the face, so that it learns what mouths have in common. Its share in what is painted
is a weight of its own: docs/training.md says why G keeps a part.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .aperture import mouth_strength, newly_open
from .ellipses import across_eyes, mouth_ellipse
from .grid import along

FARTHEST = 4.0  # spreads from the mean that an input may have: in a profile the eyes' distance vanishes
REACH = 1.15  # of the texture, in half axes of the ellipse: its edge is soft
NOSE = 4
POINTS = [6, 12, 14, 17, 19, 20, 5, 8, 9, 10]  # lips, chin, sides of the face, forehead
COLOURED = [4, 5, 6, 7, 12]  # nose, chin, left half of the lower lip, cheek, right half
AROUND = 0.023  # crop units to either side of a keypoint that its colour is the mean of
PLACES = 4  # a side, at which it is read there

_COLOURS = 3
_DROPOUT = 0.3


class MouthTexture(nn.Module):
    """Paints the inside of the mouth from keypoints and colours.

    Args:
        hidden: width of its two layers.
        rows: of the texture.
        columns: of the texture.
        share: of the texture in what is painted, 0 to 1; the rest is G's. It goes with the weights.
    """

    share: Tensor

    def __init__(self, hidden: int, rows: int, columns: int, share: float) -> None:
        super().__init__()
        inputs = 3 * len(POINTS) + _COLOURS * (len(COLOURED) - 1)
        self.rows, self.columns = rows, columns
        self.register_buffer("share", torch.tensor(share))
        self.norm = nn.BatchNorm1d(inputs, affine=False, momentum=None)  # statistics of all batches
        self.mlp = nn.Sequential(
            *(nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(_DROPOUT)),
            *(nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(_DROPOUT)),
            nn.Linear(hidden, _COLOURS * rows * columns),
        )

    def forward(self, colours: Tensor, kp_driving: Tensor) -> Tensor:
        """The textures of B frames.

        Args:
            colours: of the face, (B, 12) in 0..1 as `face_colours` reads them.
            kp_driving: (B, 21, 3) in crop coordinates.

        Returns:
            (B, 3, rows, columns), RGB in 0..1.
        """
        x = self.norm(known(colours, kp_driving))
        texture = self.mlp(x.clamp(-FARTHEST, FARTHEST)).to(kp_driving)
        return texture.unflatten(1, (_COLOURS, self.rows, self.columns)).clamp(0, 1)

    def over(self, paint: Tensor, warped: Tensor, kp_driving: Tensor, kp_source: Tensor) -> Tensor:
        """Mix the texture into G's paint where a mouth opens.

        Args:
            paint: (B, 3, N, N) in 0..1.
            warped: the warped picture, (B, 3, n, n) RGB in 0..1.
            kp_driving: (B, 21, 3) in crop coordinates.
            kp_source: the same shape.

        Returns:
            (B, 3, N, N) in 0..1, `paint` outside of the mouth, and where it opens no farther than the source's.
        """
        drawn, mouth = draw_texture(self(face_colours(warped, kp_driving), kp_driving), kp_driving, paint.shape[-1])
        opens = mouth_strength(kp_driving) * newly_open(kp_driving, kp_source) > 0  # (B, 1)
        return torch.lerp(paint, drawn, self.share * mouth * opens[..., None, None])


def draw_texture(texture: Tensor, kp: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Draw textures where the mouths are.

    Args:
        texture: (B, 3, rows, columns).
        kp: (B, 21, 3) in crop coordinates.
        size: side of the pictures.

    Returns:
        Pictures (B, 3, size, size), and where the mouth is in them (B, 1, size, size) in 0..1; how far it is open does
        not count there.
    """
    ellipse = mouth_ellipse(kp)
    right, down = ellipse.axes.unbind(1)  # (B, 2)
    centre = ellipse.centres[:, 0]
    position = torch.stack([along(right, centre, size), along(down, centre, size)], -1)  # (B, size, size, 2)
    return sample_texture(texture, position), ellipse.draw(size)


def sample_texture(texture: Tensor, position: Tensor) -> Tensor:
    """Textures (B, 3, rows, columns) at positions (B, H, W, 2) in half axes of the mouth's ellipse: (B, 3, H, W)."""
    return F.grid_sample(texture, position / REACH, padding_mode="border", align_corners=True)


def face_colours(picture: Tensor, kp: Tensor) -> Tensor:
    """Colours of nose, chin, cheek and lower lip.

    Args:
        picture: (B, 3, N, N), in any unit: colours are means of its pixels.
        kp: keypoints of that picture, (B, 21, 3) in crop coordinates.

    Returns:
        (B, 12), in the unit of the picture.
    """
    offset = torch.linspace(-AROUND, AROUND, PLACES, dtype=kp.dtype, device=kp.device)
    around = torch.stack(torch.meshgrid(offset, offset, indexing="ij"), -1).flatten(0, 1)  # (16, 2)
    position = kp[:, COLOURED, None, :2] + around  # (B, 5, 16, 2)
    seen = F.grid_sample(picture.to(kp), position, padding_mode="border", align_corners=False)
    nose, chin, left, cheek, right = seen.mean(-1).unbind(-1)  # (B, 3)
    return torch.cat([nose, chin, cheek, (left + right) / 2], 1)


def known(colours: Tensor, kp: Tensor) -> Tensor:
    """What a texture is made of, (B, 42): the mouth's shape of keypoints (B, 21, 3), and colours (B, 12)."""
    return torch.cat([_shape(kp), colours.to(kp)], 1)


def _shape(kp: Tensor) -> Tensor:
    """Where the mouth is, seen from the nose of an upright face, in tenths of the eyes' distance, (B, 30)."""
    right, down, distance = across_eyes(kp)
    points = kp[:, POINTS] - kp[:, NOSE, None]  # (B, n, 3)
    # no matrix product: autocast would compute that in half precision
    flat = [(points[..., :2] * axis[:, None]).sum(-1, keepdim=True) for axis in (right, down)]
    return (torch.cat([*flat, points[..., 2:]], -1) * (10 / distance)[:, None]).flatten(1)
