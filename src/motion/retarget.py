"""Eye and lip retargeting: the small networks' conditions, and a video whose lips are opened, closed or silenced."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ..errors import InputError
from .keypoints import EYES, LIP_ARRAY, keypoint_mask, transform_keypoint
from .motion import Motion
from .smooth import smooth


class KeypointNetworks(Protocol):
    """The three networks that move keypoints; every tensor has the batch axis B."""

    def stitch(self, x_s: Tensor, x_d: Tensor) -> Tensor:
        """Source and driving keypoints, (B, 21, 3) each, to stitched driving keypoints, (B, 21, 3)."""
        ...

    def retarget_eye(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        """Source keypoints and [left eye, right eye, target] (B, 3) to keypoint deltas, (B, 21, 3)."""
        ...

    def retarget_lip(self, x_s: Tensor, ratios: Tensor) -> Tensor:
        """Source keypoints and [lips, target] (B, 2) to keypoint deltas, (B, 21, 3)."""
        ...


def combine_ratio(source_ratio: Tensor, target: Tensor | float) -> Tensor:
    """Condition of a retargeting network: the source's ratios followed by the target.

    Args:
        source_ratio: (B, 2) for eyes, (B, 1) for lips.
        target: (B, 1), (1, 1) or one number: 0 is closed.

    Returns:
        (B, 3) for eyes, (B, 2) for lips.
    """
    column = torch.as_tensor(target).to(source_ratio).reshape(-1, 1)
    return torch.cat([source_ratio, column.expand(len(source_ratio), 1)], dim=1)


def eye_delta(networks: KeypointNetworks, source: Motion, x_s: Tensor, target: Tensor | float) -> Tensor:
    """What opens or closes the source's eyes to the target, (B, 21, 3).

    Raises:
        InputError: if the source's eyes were not measured.
    """
    return networks.retarget_eye(x_s, combine_ratio(measured(source.eye_ratio, "eye", "source"), target))


def lip_delta(networks: KeypointNetworks, source: Motion, x_s: Tensor, target: Tensor | float) -> Tensor:
    """What opens or closes the source's lips to the target, (B, 21, 3).

    Raises:
        InputError: if the source's lips were not measured.
    """
    return networks.retarget_lip(x_s, combine_ratio(measured(source.lip_ratio, "lip", "source"), target))


def measured(ratio: Tensor | None, part: str, whose: str) -> Tensor:
    """The ratio itself.

    Raises:
        InputError: if it was not measured.
    """
    if ratio is None:
        raise InputError(f"{part} retargeting needs the {part} opening of the {whose}, which was not measured there")
    return ratio


def retarget_lip_video(
    source: Motion, ratio: float, networks: KeypointNetworks, observation_variance: float = 3e-6
) -> Tensor:
    """Driving keypoints that give all frames of a video the same lip opening (spec: pipeline, section 16.3).

    Args:
        source: the whole clip, n frames, with lip ratios.
        ratio: target lip opening, 0 (closed) to 0.8.
        networks: stitching and lip retargeting.
        observation_variance: strength of the smoothing of the change over time, > 0.

    Returns:
        (n, 21, 3).
    """
    x_s = transform_keypoint(source)
    return networks.stitch(x_s, x_s + smooth(lip_delta(networks, source, x_s, ratio), observation_variance))


def silence_lip_video(source: Motion, networks: KeypointNetworks, neutral: Tensor = LIP_ARRAY) -> Tensor:
    """Driving keypoints of a video with a neutral face of which only the eyes move (spec: pipeline, section 16.3).

    Args:
        source: n frames.
        networks: stitching.
        neutral: expression of relaxed, closed lips in the source model's keypoints, (21, 3).

    Returns:
        (n, 21, 3).
    """
    eyes = keypoint_mask(EYES).to(source.exp)
    exp = torch.lerp(neutral.to(source.exp).expand_as(source.exp), source.exp, eyes)
    return networks.stitch(transform_keypoint(source), transform_in_space(source, source.R, exp))


def transform_in_space(source: Motion, R: Tensor, exp: Tensor) -> Tensor:
    """``x = scale * (kp @ R + exp) + t``, z of t included, as the official editors have it.

    Args:
        source: B frames: kp, scale and t.
        R: rotation matrices, (B, 3, 3).
        exp: expression, (B, 21, 3).
    """
    return source.scale[:, None] * (source.kp @ R + exp) + source.t[:, None]  # (B, 21, 3)
