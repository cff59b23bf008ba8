"""The form is the options of the command line, as far as they travel."""

from dataclasses import fields, replace

import pytest

from src.config.argument_config import ArgumentConfig
from src.config.call_options import call_options
from src.config.check_arguments import check_arguments
from src.config.options import AppOptions, CropOptions, FrameOptions, ModelOptions, MotionOptions, RuntimeOptions
from src.errors import InputError
from src.service.fields import BOUNDS, animate_form, read_fields, template_form
from src.service.problem import Problem
from src.service.request_body import form_body

FORM = animate_form()
SCHEMA = FORM.model_json_schema()["properties"]


def test_all_of_motion_and_frames_is_there_with_the_same_defaults():
    from_python = {"lip_normalize_threshold", "source_video_eye_retargeting_threshold", "paste_unstitched"}
    wanted = {field.name for group in (MotionOptions, FrameOptions) for field in fields(group)} - from_python
    wanted |= {"faces", "source_points", "driving_kind", "output_size", "audio", "concat", "gif", "crf", "scale"}
    assert wanted < set(FORM.model_fields) and not from_python & set(FORM.model_fields)
    options = ArgumentConfig()
    assert {name: field.default for name, field in FORM.model_fields.items() if name != "kind"} == {
        name: getattr(options, name) for name in FORM.model_fields if name != "kind"
    }


def test_nothing_names_files_devices_detectors_or_models():
    closed = {field.name for group in (ModelOptions, RuntimeOptions, AppOptions) for field in fields(group)}
    closed |= {"source", "driving", "motion_template", "output", "output_dir", "save_motion_template", "report"}
    closed |= {field.name for field in fields(CropOptions) if "det" in field.name or "animal" in field.name}
    assert not closed & (set(FORM.model_fields) | set(template_form().model_fields))


def test_every_field_is_described_without_dashes():
    assert (
        SCHEMA["crf"]["description"]
        == "Quality of the video: 0 (lossless) to 51; smaller is better and larger in bytes."
    )
    assert all(len(schema["description"]) > 10 and "--" not in schema["description"] for schema in SCHEMA.values())
    assert SCHEMA["animation_region"]["enum"] == ["exp", "pose", "lip", "eyes", "all"]


@pytest.mark.parametrize("name", BOUNDS)
def test_all_within_the_bounds_is_allowed_by_the_core(name):
    for value in BOUNDS[name]:
        whole = isinstance(getattr(ArgumentConfig, name), int) or name == "output_size"
        check_arguments(replace(ArgumentConfig(), **{name: int(value) if whole else float(value)}))
        given = read_fields(FORM, {name: str(value)}).options()
        assert given == {name: value}
        with pytest.raises(Problem, match=name):
            outside = value + (2 if value == max(BOUNDS[name]) else -2)
            read_fields(FORM, {name: str(outside)})


def test_every_number_has_bounds():
    """One that had none could be anything: the core was made for people who only harm themselves."""
    numbers = {name for name, schema in SCHEMA.items() if schema.get("type") in ("number", "integer")}
    assert numbers == set(BOUNDS)


def test_what_is_left_out_stays_out():
    """The defaults of animals differ, and are the wrapper's business."""
    assert read_fields(FORM, {"kind": "animal"}).options() == {}
    given = read_fields(FORM, {"flag_stitching": "true", "smooth": "1", "scale": "2"}).options()
    assert given == {"flag_stitching": True, "smooth": True, "scale": 2.0}
    assert call_options(ArgumentConfig(), given).scale == 2.0


def test_points_are_four_words():
    points = read_fields(FORM, {"source_points": "1,2 3,4  5,6 7,8"}).options()["source_points"]
    assert points == ("1,2", "3,4", "5,6", "7,8")
    check_arguments(replace(ArgumentConfig(), source_points=points))


def test_templates_take_only_what_changes_them():
    assert set(template_form().model_fields) == {
        *("on_missing", "smooth", "flag_crop_driving_video"),
        *(f"{name}_crop_driving_video" for name in ("scale", "vx_ratio", "vy_ratio")),
    }


def test_the_core_would_refuse_what_lies_outside():
    for name in ("crf", "feather", "output_size"):
        with pytest.raises(InputError, match=name):
            check_arguments(replace(ArgumentConfig(), **{name: int(BOUNDS[name][1]) + 2}))


def test_the_body_is_described():
    body = form_body(FORM, {"source": "The portrait."}, {"crf": 20})["requestBody"]
    content = body["content"]["multipart/form-data"]
    assert body["required"] and content["schema"]["required"] == ["source"]
    assert content["schema"]["properties"]["source"]["format"] == "binary" and content["example"]["crf"] == 20
    assert "default" not in content["schema"]["properties"]["output_size"]
    assert content["schema"]["properties"]["crf"]["default"] == 18
