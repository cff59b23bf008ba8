"""`Rule`: what one combination of source, driver and options does to a face."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .keypoints import EYES, LIP, NUM_KP, keypoint_mask, selection_mask
from .motion import Motion
from .transfer_options import TransferOptions


@dataclass(frozen=True)
class Rule:
    """How one combination of source, driver and options moves a face.

    Attributes:
        base_exp: the driver's expression that counts as none, (21, 3) or (1, 21, 3).
        weight: how far each coordinate follows the target expression, (21, 3).
        moves_pose: the driver turns the head.
        shifts: the driver translates the head.
        scales: the driver's change of size is transferred.
        friendly: displacements are scaled by the ratio of the faces' volumes.
    """

    base_exp: Tensor
    weight: Tensor
    moves_pose: bool
    shifts: bool
    scales: bool
    friendly: bool


def animal_options(options: TransferOptions) -> TransferOptions:
    """The options that animals know; the rest is fixed (spec: pipeline, section 14)."""
    return TransferOptions(
        flag_relative_motion=False,
        flag_stitching=options.flag_stitching,
        driving_multiplier=options.driving_multiplier,
    )


def make_rule(
    options: TransferOptions,
    first: Motion,
    neutral: Tensor,
    *,
    source_is_video: bool,
    driving_is_video: bool,
    animal: bool,
) -> Rule:
    """The rule of one combination (spec: pipeline, sections 9.1, 9.2, 9.4 and 14).

    Args:
        options: what the user chose; of an animal, those of `animal_options`.
        first: the driver's first frame.
        neutral: expression of relaxed, closed lips, (21, 3).
        source_is_video: it keeps its own position and size, and follows in the selected coordinates only.
        driving_is_video: its first frame counts as no expression; for a still driver the neutral lips do.
        animal: the whole face follows.
    """
    relative, region = options.flag_relative_motion, options.animation_region
    from_picture = relative and not source_is_video
    pose = region in ("pose", "all")
    if driving_is_video:
        base = first.exp
    else:  # of a picture's eyes nothing is subtracted: official, harmless inconsistency
        base = torch.zeros_like(neutral) if region == "eyes" and from_picture else neutral
    whole_face = animal or from_picture
    return Rule(
        base_exp=base.to(first.exp),
        weight=_weight(options, whole_face).to(first.exp),
        moves_pose=pose,
        shifts=pose and (from_picture or not relative),
        scales=region == "all" and from_picture,
        friendly=animal or (from_picture and driving_is_video and options.driving_option == "expression-friendly"),
    )


def _weight(options: TransferOptions, whole_face: bool) -> Tensor:
    """How far each coordinate follows the driver's expression, (21, 3)."""
    expression = torch.ones(NUM_KP, 3) if whole_face else selection_mask()
    regions = {"lip": keypoint_mask(LIP), "eyes": keypoint_mask(EYES), "pose": torch.zeros(NUM_KP, 3)}
    weight = regions.get(options.animation_region, expression)
    if not options.flag_eye_retargeting:
        weight = torch.where(keypoint_mask(EYES) > 0, weight * options.eyes_retargeting_ratio, weight)
    if not options.flag_lip_retargeting:
        weight = torch.where(keypoint_mask(LIP) > 0, weight * options.lip_retargeting_ratio, weight)
    return weight
