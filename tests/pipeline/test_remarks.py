import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.motion.motion import Motion
from src.motion.pose import get_rotation_matrix
from src.pipeline.inputs import read_inputs
from src.pipeline.portrait import StillPortrait
from src.pipeline.remarks import remarks, turned_remarks
from src.pipeline.render import transfer_options
from src.pipeline.source import Source

PASTED = "nothing is pasted back: that needs --flag_do_crop and --flag_stitching; the result is the crop"
TEMPLATE = {"driving": "d.safetensors"}
CASES = [
    ({}, []),
    ({"flag_pasteback": False}, []),
    ({"flag_stitching": False}, [PASTED]),
    ({"flag_do_crop": False}, [PASTED]),
    ({"match_color": True, "feather": 40}, []),
    ({"match_color": True, "flag_pasteback": False}, ["--match_color has no effect: nothing is pasted back"]),
    ({"feather": 40, "flag_pasteback": False}, ["--feather has no effect: nothing is pasted back"]),
    ({"flag_source_video_eye_retargeting": True}, ["--flag_source_video_eye_retargeting has no effect: "]),
    ({"flag_source_video_eye_retargeting": True, "source": "d.gif"}, []),
    ({"flag_crop_driving_video": True, "on_missing": "error"}, []),
    ({**TEMPLATE, "flag_crop_driving_video": True}, ["--flag_crop_driving_video has no effect"]),
    ({**TEMPLATE, "on_missing": "error"}, ["--on_missing has no effect"]),
    ({"motion_template": "d.safetensors"}, ["the template moves the face; the driving "]),
    ({"driving_multiplier": 1.5, "lip_retargeting_ratio": 0.0}, []),
    ({"driving_multiplier": 1.6}, ["--driving_multiplier is 1.6: above 1.5 faces tend to break"]),
    ({"driving_multiplier": -2.0}, ["--driving_multiplier is -2.0"]),
    ({"eyes_retargeting_ratio": 2.0}, ["--eyes_retargeting_ratio is 2.0"]),
    ({"flag_lip_retargeting": True}, ["eye and lip retargeting with relative motion move eyes and lips only"]),
    ({"flag_lip_retargeting": True, "flag_relative_motion": False}, []),
    ({"flag_eye_retargeting": True, "retargeting_mode": "additive"}, []),
]


@pytest.mark.parametrize(("options", "said"), CASES)
def test_what_is_said(media, inbox, options, said):
    options = {"source": "s.png", "driving": "d.mp4", **options}
    files = {name: media / value for name, value in options.items() if name in ("source", "driving", "motion_template")}
    args = ArgumentConfig(**{**options, **files})
    source, drivings = read_inputs(args, inbox)
    lines = list(remarks(args, transfer_options(args), source, drivings))
    assert len(lines) == len(said)
    for line, start in zip(lines, said, strict=True):
        assert line.startswith(start) and "\n" not in line and not line.endswith(".")


def test_one_template_among_other_drivers(media, inbox):
    args = ArgumentConfig(source=media / "s.png", driving=[media / "d.safetensors", media / "d.mp4"], faces="all")
    args.on_missing, args.flag_crop_driving_video = "error", True
    source, drivings = read_inputs(args, inbox)
    assert list(remarks(args, transfer_options(args), source, drivings)) == []


def turned(yaw):
    R = get_rotation_matrix(*(torch.tensor([angle]) for angle in (17.0, yaw, -8.0)))
    motion = Motion(torch.zeros(1, 21, 3), R, torch.zeros(1, 21, 3), torch.zeros(1, 3), torch.ones(1, 1))
    return StillPortrait(motion, np.zeros((8, 8, 3), np.uint8), None, None)


def turned_lines(yaws, farthest=30.0, is_video=False, **options):
    source = Source(SimpleNamespace(is_video=is_video), [turned(yaw) for yaw in yaws], 1, [0] * len(yaws), True)
    return list(turned_remarks(ArgumentConfig(**options), source, farthest))


@pytest.mark.parametrize("region", ["all", "pose", "exp", "lip", "eyes"])
def test_faces_that_look_aside(region):
    said = turned_lines([0.0, 29.0, 31.0, -45.0], animation_region=region)
    assert len(said) == (2 if region in ("all", "pose") else 0)
    for line, angle in zip(said, (31, 45), strict=False):
        assert line.startswith(f"the source's face is turned by {angle} degrees: ") and not line.endswith(".")


@pytest.mark.parametrize("other", [{"is_video": True}, {"animals": True}, {"farthest": math.inf}])
def test_nothing_is_said_of_what_is_not_known_to_tear(other):
    assert turned_lines([60.0]) and not turned_lines([60.0], **other)
