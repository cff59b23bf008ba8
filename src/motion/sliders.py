"""Editing a portrait by sliders: their table as data, and the edited keypoints (spec: pipeline, section 16.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..errors import InputError
from .keypoints import NUM_KP, transform_keypoint
from .motion import Motion
from .pose import degrees, get_rotation_matrix
from .retarget import KeypointNetworks, eye_delta, lip_delta, transform_in_space

Terms = tuple[tuple[int, str, float], ...]  # keypoint, axis, shift per unit of the slider


@dataclass(frozen=True)
class Slider:
    """One slider and what it does to the expression.

    Attributes:
        label: what the user reads.
        low: smallest value.
        high: largest value.
        step: distance of two values.
        terms: shifts of the expression per unit, for all values or, beside `negative`, for values above 0.
        negative: the shifts for values up to 0 where they differ.
        default: the value that changes nothing.
    """

    label: str
    low: float
    high: float
    step: float
    terms: Terms = ()
    negative: Terms | None = None
    default: float = 0.0

    def shifts(self, value: float) -> Terms:
        """The terms that hold at a value."""
        return self.terms if value > 0 or self.negative is None else self.negative


SLIDERS: dict[str, Slider] = {
    "input_head_pitch_variation": Slider("relative pitch", -15, 15, 1),
    "input_head_yaw_variation": Slider("relative yaw", -25, 25, 1),
    "input_head_roll_variation": Slider("relative roll", -15, 15, 1),
    "mov_x": Slider("x-axis movement", -0.19, 0.19, 0.01, ((5, "x", -1),)),
    "mov_y": Slider("y-axis movement", -0.19, 0.19, 0.01, ((5, "y", 1),)),
    "mov_z": Slider("z-axis movement", 0.9, 1.2, 0.01, default=1.0),
    "lip_variation_zero": Slider("pouting", -0.09, 0.09, 0.01, ((19, "x", 1),)),
    "lip_variation_one": Slider(
        "pursing", -20, 15, 0.01, ((14, "y", 0.001), (3, "y", -0.0005), (7, "y", -0.0005), (17, "z", -0.0005))
    ),
    "lip_variation_two": Slider("grin", 0, 15, 0.01, ((20, "z", -0.001), (20, "y", -0.001), (14, "y", -0.001))),
    "lip_variation_three": Slider(
        "lip close <-> open", -90, 120, 1, ((19, "y", 0.001), (19, "z", 0.0001), (17, "y", -0.0001))
    ),
    "smile": Slider(
        "smile",
        -0.3,
        1.3,
        0.01,
        (
            *((20, "y", -0.01), (14, "y", -0.02), (17, "y", 0.0065), (17, "z", 0.003)),
            *((13, "y", -0.00275), (16, "y", -0.00275), (3, "y", -0.0035), (7, "y", -0.0035)),
        ),
    ),
    "wink": Slider(
        "wink",
        0,
        39,
        0.01,
        ((11, "y", 0.001), (13, "y", -0.0003), (17, "x", 0.0003), (17, "y", 0.0003), (3, "y", -0.0003)),
    ),
    "eyebrow": Slider(
        "eyebrow",
        -30,
        30,
        0.01,
        ((1, "y", 0.001), (2, "y", -0.001)),
        negative=((1, "x", -0.001), (2, "x", 0.001), (1, "y", 0.0003), (2, "y", -0.0003)),
    ),
    "eyeball_direction_x": Slider(
        "eye gaze (horizontal)",
        -30,
        30,
        0.01,
        ((11, "x", 0.0007), (15, "x", 0.001)),
        negative=((11, "x", 0.001), (15, "x", 0.0007)),
    ),
    "eyeball_direction_y": Slider(
        "eye gaze (vertical)",
        -63,
        63,
        0.01,
        ((11, "y", -0.0005), (15, "y", -0.0005), (13, "y", -0.00015), (16, "y", -0.00015)),
    ),
}


def slider_delta(values: Mapping[str, float]) -> Tensor:
    """Change of the expression by slider values.

    Args:
        values: slider name to value; sliders that are missing stay at their default.

    Returns:
        (21, 3) float64.

    Raises:
        InputError: for an unknown slider or a value that is no number.
    """
    delta = torch.zeros(NUM_KP, 3, dtype=torch.float64)
    for name, value in values.items():
        if name not in SLIDERS:
            raise InputError(f"unknown slider {name!r}; known are {', '.join(SLIDERS)}")
        if not math.isfinite(value):
            raise InputError(f"slider {name} must be a finite number, got {value}")
        for keypoint, axis, shift in SLIDERS[name].shifts(value):
            delta[keypoint, "xyz".index(axis)] += shift * value
    return delta


def edited_motion(
    source: Motion,
    values: Mapping[str, float],
    networks: KeypointNetworks,
    *,
    eye_target: float | None = None,
    lip_target: float | None = None,
    strength: float = 1.0,
) -> Motion:
    """The motion of an edited portrait; what retargeting adds is part of its expression, and its openings go along.

    Args:
        source: the portrait, one frame.
        values: slider name to value (`SLIDERS`).
        networks: eye and lip retargeting.
        eye_target: eye opening, 0 to 0.8; None: the portrait's own.
        lip_target: lip opening, 0 to 0.8; None: the portrait's own.
        strength: share of all changes, 0 (the portrait as it is) to 1.

    Raises:
        InputError: for an unknown slider, or a target where the portrait's own opening was not measured.
    """
    turns = (strength * values.get(f"input_head_{angle}_variation", 0.0) for angle in ("pitch", "yaw", "roll"))
    R = get_rotation_matrix(*(angle + turn for angle, turn in zip(degrees(source.R), turns, strict=True)))
    scale = source.scale * (1 + strength * (values.get("mov_z", SLIDERS["mov_z"].default) - 1))
    change = slider_delta(values).to(source.exp)
    x_s = transform_keypoint(source)
    if eye_target is not None:
        change = change + eye_delta(networks, source, x_s, eye_target) / scale[:, None]
    if lip_target is not None:
        change = change + lip_delta(networks, source, x_s, lip_target) / scale[:, None]
    return replace(
        source,
        exp=source.exp + strength * change,
        R=R,
        scale=scale,
        eye_ratio=_toward(source.eye_ratio, eye_target, strength),
        lip_ratio=_toward(source.lip_ratio, lip_target, strength),
    )


def _toward(ratio: Tensor | None, target: float | None, strength: float) -> Tensor | None:
    """An opening on its way to a target."""
    return ratio if ratio is None or target is None else ratio + strength * (target - ratio)


def edit_portrait(
    source: Motion,
    values: Mapping[str, float],
    networks: KeypointNetworks,
    *,
    eye_target: float | None = None,
    lip_target: float | None = None,
    flag_stitching: bool = True,
) -> Tensor:
    """Driving keypoints of an edited portrait.

    The z of the translation enters the result here, unlike everywhere else, as in the official editor.

    Args:
        source: the portrait, one frame.
        values: slider name to value (`SLIDERS`).
        networks: stitching and retargeting.
        eye_target: eye opening, 0 to 0.8; None: the portrait's own.
        lip_target: lip opening, 0 to 0.8; None: the portrait's own.
        flag_stitching: whether to stitch.

    Returns:
        (1, 21, 3).

    Raises:
        InputError: for an unknown slider, or a target where the portrait's own opening was not measured.
    """
    edited = edited_motion(source, values, networks, eye_target=eye_target, lip_target=lip_target)
    x = transform_in_space(edited, edited.R, edited.exp)
    return networks.stitch(transform_keypoint(source), x) if flag_stitching else x
