import ast
import inspect
from dataclasses import asdict, fields
from itertools import pairwise

import pytest

from src.config import options
from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.motion.transfer_options import TransferOptions

GROUPS = [value for name, value in vars(options).items() if name.endswith("Options")]

# Names and defaults of the official command line (spec: pipeline, section 1); those of files and ports are below.
OFFICIAL = {
    "flag_use_half_precision": True,
    "flag_crop_driving_video": False,
    "device_id": 0,
    "flag_force_cpu": False,
    "flag_normalize_lip": False,
    "flag_source_video_eye_retargeting": False,
    "flag_eye_retargeting": False,
    "flag_lip_retargeting": False,
    "flag_stitching": True,
    "flag_relative_motion": True,
    "flag_pasteback": True,
    "flag_do_crop": True,
    "driving_option": "expression-friendly",
    "driving_multiplier": 1.0,
    "driving_smooth_observation_variance": 3e-7,
    "audio_priority": "driving",
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
    "flag_do_torch_compile": False,
    "share": False,
    "server_name": "127.0.0.1",
    "gradio_temp_dir": None,
}


def test_all_groups_are_in_the_arguments_and_no_name_is_in_two():
    names = [field.name for group in GROUPS for field in fields(group)]
    assert len(GROUPS) == 8
    assert sorted(names) == sorted(field.name for field in fields(ArgumentConfig))


def test_official_names_and_defaults():
    assert {name: getattr(ArgumentConfig(), name) for name in OFFICIAL} == OFFICIAL


def test_what_is_not_given_can_be_told_from_a_default():
    args = ArgumentConfig()
    assert args.source is None and args.driving is None and args.output is None and args.output_dir is None
    assert args.server_port is None  # officially 8890; ours differs from page to page


@pytest.mark.parametrize("config", [InferenceConfig, CropConfig])
def test_configs_have_the_defaults_of_the_command_line(config):
    """Quirk Q3: the official ones differ from their command line."""
    args = ArgumentConfig()
    assert asdict(config()) == {field.name: getattr(args, field.name) for field in fields(config)}


# Which config gets which arguments (spec: pipeline, section 2).
INFERENCE = """flag_use_half_precision flag_crop_driving_video device_id flag_force_cpu flag_normalize_lip
    flag_source_video_eye_retargeting flag_eye_retargeting flag_lip_retargeting flag_stitching flag_relative_motion
    flag_pasteback flag_do_crop driving_option driving_multiplier driving_smooth_observation_variance animation_region
    flag_do_rot source_max_dim source_division flag_do_torch_compile"""
CROP = """device_id flag_force_cpu det_thresh scale vx_ratio vy_ratio flag_do_rot scale_crop_driving_video
    vx_ratio_crop_driving_video vy_ratio_crop_driving_video"""
NEITHER = "source driving output_dir audio_priority server_port share server_name gradio_temp_dir"


def test_which_config_holds_what():
    inference = {field.name for field in fields(InferenceConfig)}
    crop = {field.name for field in fields(CropConfig)}
    assert set(INFERENCE.split()) <= inference and set(CROP.split()) <= crop
    assert not set(NEITHER.split()) & (inference | crop)
    assert inference & crop == set(INFERENCE.split()) & set(CROP.split())
    assert set(INFERENCE.split()) | set(CROP.split()) | set(NEITHER.split()) == {
        *OFFICIAL,
        *("source", "driving", "output_dir", "server_port"),
    }


def test_thresholds_that_only_the_config_has():
    config = InferenceConfig()
    assert (config.lip_normalize_threshold, config.source_video_eye_retargeting_threshold) == (0.03, 0.18)
    transfer = TransferOptions()
    assert transfer.lip_normalize_threshold == config.lip_normalize_threshold
    assert transfer.source_video_eye_retargeting_threshold == config.source_video_eye_retargeting_threshold


def test_the_motion_transfer_has_the_same_defaults():
    args = ArgumentConfig()
    assert asdict(TransferOptions()) == {field.name: getattr(args, field.name) for field in fields(TransferOptions)}


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_option_has_a_help_text_of_one_line(group):
    """A line break in it would show in --help."""
    body = ast.parse(inspect.getsource(group)).body[0].body
    texts = {
        option.target.id: following.value.value
        for option, following in pairwise(body)
        if isinstance(option, ast.AnnAssign) and isinstance(following, ast.Expr)
    }
    assert set(texts) == {field.name for field in fields(group)}
    for name, text in texts.items():
        assert len(text) > 10 and "\n" not in text and text.endswith("."), name
