from dataclasses import asdict, fields
from pathlib import Path

import pytest

from src.config import options
from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig

GROUPS = [value for name, value in vars(options).items() if name.endswith("Options")]

# Names and defaults of the official command line (spec: pipeline, section 1), as far as pictures as a source need them.
OFFICIAL = {
    "flag_use_half_precision": True,
    "flag_crop_driving_video": False,
    "device_id": 0,
    "flag_force_cpu": False,
    "flag_normalize_lip": False,
    "flag_eye_retargeting": False,
    "flag_lip_retargeting": False,
    "flag_stitching": True,
    "flag_relative_motion": True,
    "flag_pasteback": True,
    "flag_do_crop": True,
    "driving_option": "expression-friendly",
    "driving_multiplier": 1.0,
    "animation_region": "all",
    "det_thresh": 0.15,
    "scale": 2.3,
    "vx_ratio": 0,
    "vy_ratio": -0.125,
    "flag_do_rot": True,
    "source_max_dim": 1280,
    "source_division": 2,
    "scale_crop_driving_video": 2.2,
    "vx_ratio_crop_driving_video": 0.0,
    "vy_ratio_crop_driving_video": -0.1,
}


def test_all_groups_are_in_the_arguments_and_no_name_is_in_two():
    names = [field.name for group in GROUPS for field in fields(group)]
    assert len(GROUPS) == 7
    assert sorted(names) == sorted(field.name for field in fields(ArgumentConfig))


def test_official_names_and_defaults():
    assert {name: getattr(ArgumentConfig(), name) for name in OFFICIAL} == OFFICIAL


def test_what_is_not_given_can_be_told_from_a_default():
    args = ArgumentConfig()
    assert args.source is None and args.driving is None and args.output is None and args.output_dir is None


@pytest.mark.parametrize("config", [InferenceConfig, CropConfig])
def test_configs_have_the_defaults_of_the_command_line(config):
    """Quirk Q3: the official ones differ from their command line."""
    args = ArgumentConfig()
    assert asdict(config()) == {field.name: getattr(args, field.name) for field in fields(config)}


def test_which_config_holds_what():
    inference = {field.name for field in fields(InferenceConfig)}
    crop = {field.name for field in fields(CropConfig)}
    assert {"device", "flag_use_half_precision", "flag_stitching", "driving_multiplier", "flag_do_crop"} <= inference
    assert {"det_thresh", "scale", "vx_ratio", "vy_ratio", "flag_do_rot", "scale_crop_driving_video"} <= crop
    assert not inference & crop


def test_every_option_has_a_help_text():
    lines = [line.strip() for line in Path(options.__file__).read_text(encoding="utf-8").splitlines()]
    for group in GROUPS:
        for field in fields(group):
            start = next(i for i, line in enumerate(lines) if line.startswith(f"{field.name}:"))
            texts = [line for line in lines[start + 1 : start + 5] if line.startswith('"""')]
            assert texts and len(texts[0]) > 10, field.name
