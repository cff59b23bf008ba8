"""What the animals mode does not know of the options that it shares with people (spec: pipeline, section 14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..config.argument_config import ArgumentConfig
from ..errors import InputError
from ..face.animal_points import parse_points
from ..media.given import Media
from ..media.sniff import MediaKind
from .inputs import COMPACT

WITHOUT_ANIMALS = ("flag_relative_motion", "flag_normalize_lip", "flag_eye_retargeting", "flag_lip_retargeting")
LIPS = 0.5  # strength of an animal's lips: muzzles that follow as far as a person's lips tear the nose along
_NOT_OFFICIAL = (
    "animation_region",
    "driving_option",
    "expression_scale",
    "eyes_retargeting_ratio",
    "lip_retargeting_ratio",
)


def check_kind(args: ArgumentConfig, source: Media | None, drivings: Sequence[Media]) -> None:
    """Make sure that options and inputs suit what is animated, people or animals.

    Raises:
        InputError: an option or a kind of input that belongs to the other script.
    """
    if args.animals:
        if args.source_points is not None:
            parse_points(args.source_points)
        _check_animal(source, drivings)
        return
    if args.source_points is not None:
        raise InputError("--source_points is for animals: use inference_animals.py")
    if args.driving_kind == "animal":
        raise InputError("--driving_kind animal is for animals: use inference_animals.py")


def _check_animal(source: Media | None, drivings: Sequence[Media]) -> None:
    if source is not None and source.kind is not MediaKind.PICTURE:
        raise InputError(f"the source {source.label} is a {source.kind}: animals are animated from a picture")
    for driving in drivings:
        if driving.kind is MediaKind.PICTURE:
            raise InputError(f"the driving {driving.label} is a picture: an animal needs a video or a motion template")


def animal_remarks(args: ArgumentConfig, keypoints: str) -> Iterator[str]:
    """Options that are set and have no effect, one clause each.

    Args:
        args: all options.
        keypoints: keypoint space of the model: the official one copies motion absolutely and knows fewer options.
    """
    ignored = [name for name in WITHOUT_ANIMALS if name != "flag_relative_motion" and getattr(args, name)]
    if keypoints == COMPACT:
        if not args.flag_relative_motion:
            yield "--no_flag_relative_motion has no effect: the compact model moves animals relatively only"
    else:
        ignored += [name for name in _NOT_OFFICIAL if getattr(args, name) != getattr(ArgumentConfig, name)]
        if not args.flag_do_crop and args.source_points is not None:
            ignored.append("source_points")
    for name in ignored:
        yield f"--{name} has no effect on animals"
