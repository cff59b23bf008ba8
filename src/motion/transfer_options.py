"""`TransferOptions`: what the user may choose about the transfer of motion, under the official option names."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from ..errors import InputError

Region = Literal["exp", "pose", "lip", "eyes", "all"]
DrivingOption = Literal["expression-friendly", "pose-friendly"]
RetargetingMode = Literal["official", "additive"]
DrivingEye = Literal["left", "mean"]
ExpressionScale = Literal["official", "true"]


@dataclass(frozen=True)
class TransferOptions:
    """Options of the motion transfer (spec: pipeline, sections 1, 2 and 9; brief's command line, section 2).

    Attributes:
        flag_relative_motion: add the driver's change since its first frame, instead of its absolute motion.
        animation_region: what the driver moves.
        driving_option: expression-friendly scales relative motion so that both faces span the same volume.
        driving_multiplier: scales the final displacement from the source keypoints, whatever the other options.
        flag_stitching: let the network S join the moved face to neck and shoulders.
        flag_eye_retargeting: give the source the driver's eye opening.
        flag_lip_retargeting: give the source the driver's lip opening.
        flag_normalize_lip: close the source's lips before animating; relative motion without retargeting only.
        flag_source_video_eye_retargeting: open the eyes of a source video evenly; without retargeting only.
        lip_normalize_threshold: lips opened less than this count as closed.
        source_video_eye_retargeting_threshold: a first frame whose eyes are opened less than this is no measure.
        eyes_retargeting_ratio: strength of eye motion, 0 (source) to 2; 1 is the official result.
        lip_retargeting_ratio: strength of lip motion, likewise.
        driving_smooth_observation_variance: strength of the smoothing for a source video, > 0.
        retargeting_mode: with relative motion, eye and lip retargeting replace the driven motion (official, the
            paper's algorithm) or are added to it (additive).
        driving_eye: which of the driver's eyes is followed: the left one of the picture (official) or both.
        expression_scale: whose volume expression-friendly compares with the source's: that of the first driven
            keypoints (official, which makes it 1 for people) or of the driver's own (true).
    """

    flag_relative_motion: bool = True
    animation_region: Region = "all"
    driving_option: DrivingOption = "expression-friendly"
    driving_multiplier: float = 1.0
    flag_stitching: bool = True
    flag_eye_retargeting: bool = False
    flag_lip_retargeting: bool = False
    flag_normalize_lip: bool = False
    flag_source_video_eye_retargeting: bool = False
    lip_normalize_threshold: float = 0.03
    source_video_eye_retargeting_threshold: float = 0.18
    eyes_retargeting_ratio: float = 1.0
    lip_retargeting_ratio: float = 1.0
    driving_smooth_observation_variance: float = 3e-7
    retargeting_mode: RetargetingMode = "official"
    driving_eye: DrivingEye = "left"
    expression_scale: ExpressionScale = "official"

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: naming the option, the value and what is allowed.
        """
        hints = get_type_hints(type(self))
        for field in fields(self):
            _check_type(field.name, getattr(self, field.name), hints[field.name])
        if self.driving_smooth_observation_variance <= 0:
            raise InputError(
                f"driving_smooth_observation_variance must be > 0, got {self.driving_smooth_observation_variance}"
            )
        _check_strength("eyes_retargeting_ratio", self.eyes_retargeting_ratio)
        _check_strength("lip_retargeting_ratio", self.lip_retargeting_ratio)

    @property
    def retargets(self) -> bool:
        """Whether eye or lip retargeting is on."""
        return self.flag_eye_retargeting or self.flag_lip_retargeting

    @property
    def replaces_motion(self) -> bool:
        """Whether retargeting discards the driven motion: the paper's algorithm, the official default."""
        return self.retargets and self.flag_relative_motion and self.retargeting_mode == "official"


def _check_type(name: str, value: Any, hint: Any) -> None:
    if hint is bool and not isinstance(value, bool):
        raise InputError(f"{name} must be True or False, got {value!r}")
    if hint is float and (isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value)):
        raise InputError(f"{name} must be a finite number, got {value!r}")
    if (choices := get_args(hint)) and value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _check_strength(name: str, value: float) -> None:
    if not 0 <= value <= 2:
        raise InputError(f"{name} must lie between 0 and 2, got {value}")
