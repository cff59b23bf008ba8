from dataclasses import fields, replace
from pathlib import Path

import pytest

from src.config.argument_config import ArgumentConfig
from src.config.call_options import call_options
from src.config.options import AppOptions, ModelOptions, RuntimeOptions


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ("source", "source", "a.jpg"),
        ("source_image", "source", "a.jpg"),
        ("driving", "driving", "b.mp4"),
        ("driving_video", "driving", Path("b.mp4")),
        ("driving", "driving", ["b.mp4", "c.mp4"]),
        ("motion_template", "motion_template", "m.safetensors"),
        ("output", "output", None),
        ("flag_stitching", "flag_stitching", False),
        ("paste_back", "flag_pasteback", False),
        ("flag_lip_zero", "flag_normalize_lip", True),
        ("flag_relative", "flag_relative_motion", False),
        ("eyes_retargeting_ratio", "eyes_retargeting_ratio", 0.8),
        ("batch_size", "batch_size", 3),
    ],
)
def test_official_names_and_other_spellings(given, name, value):
    args = ArgumentConfig(output="x.mp4")
    assert call_options(args, {given: value}) == replace(args, **{name: value})


def test_the_callers_arguments_stay_as_they_are():
    args = ArgumentConfig()
    changed = call_options(args, {"crf": 30})
    assert (changed.crf, args.crf) == (30, 18)
    assert call_options(args, {}) == args and call_options(args, {}) is not args


@pytest.mark.parametrize("unknown", ["bogus", "flag_stitch", "s", "d", "o", "", "Source", "flag-stitching"])
def test_unknown_options(unknown):
    with pytest.raises(TypeError, match=r"no option.*--help") as caught:
        call_options(ArgumentConfig(), {unknown: 1})
    assert repr(unknown) in str(caught.value)


@pytest.mark.parametrize("twice", [{"source": "a", "source_image": "b"}, {"paste_back": True, "flag_pasteback": False}])
def test_one_option_under_two_names(twice):
    with pytest.raises(TypeError, match="repeats the option"):
        call_options(ArgumentConfig(), twice)


# What is decided once for all calls must not be ignored silently.
FIXED = {field.name for group in (ModelOptions, RuntimeOptions) for field in fields(group)} - {"batch_size"}


@pytest.mark.parametrize("fixed", sorted(FIXED | {"detector", "det_thresh"}))
def test_what_is_fixed_when_the_wrapper_is_made(fixed):
    with pytest.raises(TypeError, match=f"'{fixed}' is fixed"):
        call_options(ArgumentConfig(), {fixed: getattr(ArgumentConfig(), fixed)})


@pytest.mark.parametrize("name", [field.name for field in fields(AppOptions)])
def test_what_only_the_web_pages_have(name):
    with pytest.raises(TypeError, match=f"no option '{name}': it belongs to the web pages"):
        call_options(ArgumentConfig(), {name: getattr(ArgumentConfig(), name)})
