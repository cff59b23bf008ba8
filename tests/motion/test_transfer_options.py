from dataclasses import fields
from typing import Any

import pytest

from src.errors import InputError
from src.motion.transfer_options import TransferOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag_stitching", 1),
        ("flag_relative_motion", "yes"),
        ("animation_region", "nose"),
        ("driving_option", "friendly"),
        ("driving_multiplier", float("nan")),
        ("driving_multiplier", True),
        ("eyes_retargeting_ratio", -0.1),
        ("eyes_retargeting_ratio", 2.1),
        ("lip_retargeting_ratio", float("inf")),
        ("driving_smooth_observation_variance", 0.0),
        ("retargeting_mode", "add"),
        ("driving_eye", "right"),
        ("expression_scale", "real"),
    ],
)
def test_bad_values_are_named(name: str, value: object) -> None:
    with pytest.raises(InputError, match=name):
        TransferOptions(**{name: value})


def test_official_defaults() -> None:
    options = TransferOptions()
    assert options.flag_relative_motion and options.flag_stitching and not options.retargets
    assert not options.flag_normalize_lip and options.driving_option == "expression-friendly"
    assert options.driving_smooth_observation_variance == 3e-7
    assert len(fields(options)) == 17


@pytest.mark.parametrize(
    ("options", "replaces"),
    [
        ({}, False),
        ({"flag_eye_retargeting": True}, True),
        ({"flag_lip_retargeting": True}, True),
        ({"flag_lip_retargeting": True, "flag_relative_motion": False}, False),
        ({"flag_lip_retargeting": True, "retargeting_mode": "additive"}, False),
    ],
)
def test_when_retargeting_replaces_the_driven_motion(options: dict[str, Any], replaces: bool) -> None:
    assert TransferOptions(**options).replaces_motion is replaces
