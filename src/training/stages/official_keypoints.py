"""What M says of the pictures of a batch, and what is asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...engine.exact_float32 import exact_float32
from ...motion.keypoints import refine_kp_info, transform_keypoint
from ...motion.pose import degrees
from ..data.batches import Batch
from ..losses.equivariance import equivariance_loss
from ..losses.keypoints import deformation_prior, depth_loss, head_pose_loss, spread_loss
from ..losses.landmarks import landmark_guided_loss
from ..losses.transform import SmoothTransform

# The ten keypoints that landmarks guide: pupils, upper lids; corners of the mouth, inner lips, halves of the lower lip.
GUIDED = (11, 13, 15, 16, 14, 17, 19, 20, 6, 12)
# vid2vid has 0.33. The poses that M learns turn faces about their middle, so that is where the depth must be 0 (ours).
_MEAN_DEPTH = 0.0
_ANGLES = ("pitch", "yaw", "roll")


class Seen(NamedTuple):
    """What M sees in P pictures.

    Attributes:
        x: keypoints in the picture, (P, K, 3).
        angles: pitch, yaw and roll in degrees, (P, 3).
        exp: expression deltas, (P, K, 3).
    """

    x: Tensor
    angles: Tensor
    exp: Tensor

    def part(self, begin: int, end: int) -> Seen:
        """What it sees in some of the pictures."""
        return Seen(*(value[begin:end] for value in self))


def see(network: nn.Module, source: Tensor, *others: Tensor) -> tuple[Seen, ...]:
    """Run M on sources and on other pictures of the same people.

    Canonical keypoints are those of the source for all of them; scale, pose, expression and place are each picture's
    own: ``x = s (x_c R + exp) + t``. Source: LivePortrait (arXiv 2407.03168), section 3.2, scalable motion.

    Args:
        network: M.
        source: (S, 3, N, N) in 0..1.
        others: (S * D, 3, N, N) each, D pictures of each source, one source after the other.

    Returns:
        What it sees in the sources, and in each of the others.
    """
    sources = len(source)
    owners = [torch.arange(sources).repeat_interleave(len(pictures) // sources) for pictures in (source, *others)]
    info = motion_of(network, torch.cat([source, *others]))
    x = keypoints_of({**info, "kp": info["kp"][torch.cat(owners).to(source.device)]})
    seen = Seen(x, torch.cat([info[name] for name in _ANGLES], 1), info["exp"])
    ends = torch.tensor([len(owner) for owner in owners]).cumsum(0).tolist()
    return tuple(seen.part(begin, end) for begin, end in zip([0, *ends], ends, strict=False))


def motion_of(network: nn.Module, pictures: Tensor) -> dict[str, Tensor]:
    """What M says of pictures, by the official names.

    It runs in float32, on CUDA without TF32, as in inference: in less keypoints would tremble. Its gradients come from
    a backward pass outside of that, which may use TF32.

    Args:
        network: M.
        pictures: (P, 3, N, N) in 0..1.
    """
    with torch.autocast(pictures.device.type, enabled=False), exact_float32(pictures.device):
        found: dict[str, Tensor] = refine_kp_info(network(pictures.float()))
    return found


def keypoints_of(info: Mapping[str, Tensor]) -> Tensor:
    """Keypoints in the picture, (P, K, 3) float32, of what `motion_of` returns."""
    with torch.autocast(info["kp"].device.type, enabled=False):
        return transform_keypoint(info)


def keypoint_terms(
    source: Seen, driving: Seen, transformed: Seen, transform: SmoothTransform, batch: Batch
) -> dict[str, Tensor]:
    """Terms of M alone, without weights.

    Sources: LivePortrait, section 3.2; all but the landmarks are from face vid2vid (arXiv 2011.15126), appendix.

    Args:
        source: S pictures.
        driving: B pictures.
        transformed: the same after the transform.
        transform: of the driving pictures.
        batch: its keypoints and poses are the labels.
    """
    kp_source, kp_driving = batch["kp_source"], batch["kp_driving"].flatten(0, 1)  # (S, 21, 3), (B, 21, 3)
    labels = torch.stack(degrees(torch.cat([batch["R_source"], batch["R_driving"].flatten(0, 1)])), 1)  # (S + B, 3)
    guided = [
        landmark_guided_loss(seen.x, kp[:, list(GUIDED), :2], GUIDED)
        for seen, kp in ((source, kp_source), (driving, kp_driving))
    ]
    return {
        "equivariance": equivariance_loss(driving.x, transformed.x, transform),
        "prior": _spread(driving.x) + depth_loss(driving.x, _MEAN_DEPTH),
        "head_pose": head_pose_loss(torch.cat([source.angles, driving.angles]), labels),
        "deformation": deformation_prior(torch.cat([source.exp, driving.exp])),
        "landmarks": torch.stack(guided).mean(),
    }


def _spread(x: Tensor) -> Tensor:
    """The keypoint prior without pairs of guided ones: lids and lips are nearer to each other than it allows."""
    return spread_loss(x) - spread_loss(x[:, list(GUIDED)])
