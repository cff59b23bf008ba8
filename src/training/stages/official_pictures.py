"""What is asked of the pictures that the official networks draw: the whole, the face and the lips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from torch import Tensor

from ..critics.region_critics import CriticSize, RegionCritics
from ..losses.alignment import aligned_faces
from ..losses.identity import identity_loss
from ..losses.regions import Region, region_boxes

PARTS: tuple[Region, ...] = ("face", "lips")
_FINE = 512  # side from which on critics look at two scales (vid2vid, appendix)
_ALIGNING = (11, 15, 4, 17, 14)  # keypoints that a face is aligned by: pupils, tip of the nose, corners of the mouth


def part_sizes(side: int) -> dict[str, int]:
    """Side of the crop of each part, for pictures of a side: about as large as it is in the picture (ours)."""
    return {"face": side // 2, "lips": side // 4}


def part_boxes(kp: Tensor) -> dict[str, Tensor]:
    """Boxes (B, 4) of each part, from keypoints (B, 21, 3) of the pictures that are drawn."""
    return {name: region_boxes(kp, name) for name in PARTS}


def region_critics(regions: Iterable[str], channels: Sequence[int], side: int) -> RegionCritics:
    """Critics of the whole picture and of its parts.

    Source: LivePortrait (arXiv 2407.03168), section 3.2, cascaded GAN loss.

    Args:
        regions: that have one.
        channels: of each critic's layers.
        side: of the pictures.
    """
    scales = 2 if side >= _FINE else 1
    sizes = part_sizes(side)
    return RegionCritics({name: CriticSize(channels, scales, sizes.get(name)) for name in regions})


def face_identity(
    network: Callable[[Tensor], Tensor], picture: Tensor, kp: Tensor, source: Tensor, kp_source: Tensor
) -> Tensor:
    """The face identity loss: the person of the source, LivePortrait section 3.2.

    Args:
        network: `IResNet50`, or another that gives descriptors of aligned faces.
        picture: drawn, (B, 3, N, N).
        kp: its keypoints, (B, 21, 3) in crop coordinates.
        source: (B, 3, N, N).
        kp_source: (B, 21, 3).
    """
    faces = (aligned_faces(shown, points[:, list(_ALIGNING)]) for shown, points in ((picture, kp), (source, kp_source)))
    return identity_loss(network, *faces)
