"""Options and inputs that belong to the other script, or have no effect on animals."""

import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError
from src.media.given import Media
from src.media.sniff import MediaKind
from src.pipeline.animal_options import animal_remarks, check_kind

POINTS = "90,110 150,110 120,150 120,170"


def media(kind: MediaKind) -> Media:
    return Media(name="x", kind=kind, label="'x'", path=None, frames=None)


PICTURE, ANIMATION, VIDEO, TEMPLATE, FOLDER = (media(kind) for kind in MediaKind)


def animals(**options) -> ArgumentConfig:
    return ArgumentConfig(animals=True, **options)


@pytest.mark.parametrize("args", [ArgumentConfig(), ArgumentConfig(driving_kind="human")])
@pytest.mark.parametrize("source", [PICTURE, VIDEO, None])
@pytest.mark.parametrize("driving", [PICTURE, VIDEO, TEMPLATE])
def test_people_may_be_all_of_it(args, source, driving):
    check_kind(args, source, [driving])


@pytest.mark.parametrize("args", [animals(), animals(source_points=POINTS), animals(driving_kind="animal")])
@pytest.mark.parametrize("source", [PICTURE, None])
@pytest.mark.parametrize("driving", [VIDEO, ANIMATION, FOLDER, TEMPLATE])
def test_what_animals_may_be(args, source, driving):
    check_kind(args, source, [driving, driving])


@pytest.mark.parametrize(
    ("args", "source", "drivings", "message"),
    [
        (ArgumentConfig(source_points=POINTS), PICTURE, [VIDEO], "--source_points is for animals: use inference_anim"),
        (ArgumentConfig(source_points="1"), PICTURE, [VIDEO], "--source_points is for animals"),
        (ArgumentConfig(driving_kind="animal"), PICTURE, [VIDEO], "--driving_kind animal is for animals: use infer"),
        (animals(), VIDEO, [VIDEO], "the source 'x' is a video: animals are animated from a picture"),
        (animals(), PICTURE, [PICTURE], "the driving 'x' is a picture: an animal needs a video or a motion template"),
        (animals(), PICTURE, [VIDEO, PICTURE], "the driving 'x' is a picture"),
        (animals(), None, [PICTURE], "the driving 'x' is a picture"),
        (animals(source_points="1,2"), PICTURE, [VIDEO], "--source_points 1,2 is not four points"),
        (animals(source_points=POINTS), VIDEO, [VIDEO], "the source 'x' is a video"),
    ],
)
def test_what_belongs_to_the_other_script(args, source, drivings, message):
    with pytest.raises(InputError, match=message) as caught:
        check_kind(args, source, drivings)
    assert "\n" not in str(caught.value)


# Remarks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keypoints", ["compact", "base"])
@pytest.mark.parametrize("args", [animals(), animals(flag_stitching=False, driving_multiplier=1.2, faces="all")])
def test_nothing_to_remark(args, keypoints):
    assert list(animal_remarks(args, keypoints)) == []


@pytest.mark.parametrize("keypoints", ["compact", "base"])
@pytest.mark.parametrize("name", ["flag_normalize_lip", "flag_eye_retargeting", "flag_lip_retargeting"])
def test_no_model_retargets_animals(name, keypoints):
    assert list(animal_remarks(animals(**{name: True}), keypoints)) == [f"--{name} has no effect on animals"]


def test_absolute_motion_is_no_choice():
    args = animals(flag_relative_motion=False)
    (remark,) = animal_remarks(args, "compact")
    assert remark.startswith("--no_flag_relative_motion has no effect: the compact model moves animals relatively")
    assert list(animal_remarks(args, "base")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("animation_region", "lip"),
        ("driving_option", "pose-friendly"),
        ("expression_scale", "true"),
        ("eyes_retargeting_ratio", 0.5),
        ("lip_retargeting_ratio", 0.5),
    ],
)
def test_the_official_model_knows_fewer_options(name, value):
    args = animals(**{name: value})
    assert list(animal_remarks(args, "compact")) == []
    assert list(animal_remarks(args, "base")) == [f"--{name} has no effect on animals"]


def test_one_remark_for_each():
    args = animals(flag_normalize_lip=True, flag_lip_retargeting=True, animation_region="pose")
    assert len(list(animal_remarks(args, "compact"))) == 2
    assert len(list(animal_remarks(args, "base"))) == 3
