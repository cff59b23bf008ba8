"""What is asked of the pictures that the official networks draw: the whole, the face and the lips."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from ...motion.mesh_points import N_POINTS
from ..critics.objectives import feature_matching, hinge_critic, hinge_generator
from ..critics.region_critics import CriticSize, RegionCritics
from ..losses.alignment import aligned_faces
from ..losses.identity import identity_loss
from ..losses.regions import WHOLE, Region, region_boxes

PARTS: tuple[Region, ...] = ("face", "lips")
_FINE = 512  # side from which on critics look at two scales (vid2vid, appendix)
# Keypoint -> mesh points that stand for it where a face is aligned: pupils, tip of the nose, corners of the mouth.
_ALIGNING = {11: (33, 133), 15: (263, 362), 4: (4,), 17: (61,), 14: (291,)}


def part_sizes(side: int) -> dict[str, int]:
    """Side of the crop of each part, for pictures of a side: about as large as it is in the picture (ours)."""
    return {"face": side // 2, "lips": side // 4}


def part_boxes(kp: Tensor) -> dict[str, Tensor]:
    """Boxes (B, 4) of each part, from keypoints (B, 21, 3) of the pictures that are drawn."""
    return {name: region_boxes(kp, name) for name in PARTS}


def region_critics(channels: Sequence[int], side: int) -> RegionCritics:
    """Critics of the whole picture and of each part.

    Source: LivePortrait (arXiv 2407.03168), section 3.2, cascaded GAN loss.

    Args:
        channels: of each critic's layers.
        side: of the pictures.
    """
    scales = 2 if side >= _FINE else 1
    sizes = {WHOLE: None, **part_sizes(side)}
    return RegionCritics({name: CriticSize(channels, scales, size) for name, size in sizes.items()})


def adversarial_terms(
    critics: nn.Module, picture: Tensor, target: Tensor, boxes: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Terms of the networks and of the critics, without weights.

    Args:
        critics: of `region_critics`.
        picture: (B, 3, N, N).
        target: same shape.
        boxes: of each part.

    Returns:
        ``adversarial_*`` and ``matching_*`` of each region; ``critic_*`` of each.
    """
    critics.requires_grad_(False)
    drawn = critics(picture, boxes)
    critics.requires_grad_(True)
    real, fake = critics(target, boxes), critics(picture.detach(), boxes)
    terms = {f"adversarial_{name}": hinge_generator(verdicts) for name, verdicts in drawn.items()}
    terms |= {f"matching_{name}": feature_matching(verdicts, real[name]) for name, verdicts in drawn.items()}
    return terms, {f"critic_{name}": hinge_critic(real[name], fake[name]) for name in real}


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
    return identity_loss(network, aligned_faces(picture, _meshes(kp)), aligned_faces(source, _meshes(kp_source)))


def _meshes(kp: Tensor) -> Tensor:
    """Meshes in which those points alone are right that faces are aligned by."""
    meshes = kp.new_zeros(len(kp), N_POINTS, 3)
    for keypoint, points in _ALIGNING.items():
        meshes[:, list(points)] = kp[:, keypoint, None]
    return meshes
