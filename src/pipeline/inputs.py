"""What a run is given: the source, the drivers, and what is shown and heard beside a driver's motion."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..config.argument_config import ArgumentConfig
from ..errors import InputError
from ..media.arrays import is_picture
from ..media.given import Inbox, Media
from ..media.sniff import MediaKind
from ..media.user_path import user_path
from ..weights.paths import assets_dir

DEFAULT_SOURCE, DEFAULT_DRIVING = "examples/source/s0.jpg", "examples/driving/d0.mp4"
DEFAULT_ANIMAL, DEFAULT_TEMPLATE = "examples/source/cat.jpg", "examples/driving/smile.safetensors"
COMPACT = "compact"  # keypoint space of the template


@dataclass(frozen=True)
class DrivingInput:
    """One driver.

    Attributes:
        motion: what it moves by: video, picture, folder of pictures or template.
        preview: what is shown beside the result and heard: the same, or a video that accompanies a template.
    """

    motion: Media
    preview: Media | None

    @property
    def is_template(self) -> bool:
        """Whether the motion is ready made."""
        return self.motion.kind is MediaKind.TEMPLATE


def read_inputs(
    args: ArgumentConfig, inbox: Inbox, keypoints: str = COMPACT
) -> tuple[Media | None, tuple[DrivingInput, ...]]:
    """Source and drivers, with the examples filled in; no source where only a template is wanted.

    Args:
        args: all options; the source and the drivers may be paths or anything that `Given` allows.
        inbox: keeps what comes as data.
        keypoints: keypoint space of the model: an animal's example is driven by a template if it fits.

    Raises:
        MissingFileError: a file is not there.
        InputError: an input that cannot be used.
    """
    source = args.source
    if source is None and args.save_motion_template is None:
        source = assets_dir() / (DEFAULT_ANIMAL if args.animals else DEFAULT_SOURCE)
    media = None if source is None else taken(source, "source", inbox)
    if media is not None and media.kind is MediaKind.TEMPLATE:
        raise InputError(f"the source {media.label} is a motion template: it belongs to --driving")
    default = DEFAULT_TEMPLATE if args.animals and keypoints == COMPACT else DEFAULT_DRIVING
    return media, _drivings(args, inbox, default)


def _drivings(args: ArgumentConfig, inbox: Inbox, default: str) -> tuple[DrivingInput, ...]:
    drivings = [taken(driving, "driving", inbox) for driving in _listed(args.driving)]
    if args.motion_template is None:
        drivings = drivings or [taken(assets_dir() / default, "driving", inbox)]
        return tuple(DrivingInput(media, None if media.kind is MediaKind.TEMPLATE else media) for media in drivings)
    template = taken(args.motion_template, "motion_template", inbox)
    if template.kind is not MediaKind.TEMPLATE:
        raise InputError(f"--motion_template {template.label} is a {template.kind}: name a motion template")
    if len(drivings) > 1:
        raise InputError(
            f"--motion_template drives one face, got {len(drivings)} --driving beside it: "
            "give the templates themselves as --driving, one per face"
        )
    if not drivings:
        return (DrivingInput(template, None),)
    if drivings[0].kind is MediaKind.TEMPLATE:
        raise InputError("--motion_template and --driving are both motion templates: leave one of them out")
    return (DrivingInput(template, drivings[0]),)


def _listed(driving: Any) -> Sequence[Any]:
    """The drivers one by one; a list of pictures is the frames of a single one."""
    if driving is None:
        return []
    if not isinstance(driving, list | tuple) or (driving and all(is_picture(item) for item in driving)):
        return [driving]
    if not driving:
        raise InputError("the list of drivers is empty: give one per face, or leave it out")
    return driving


def taken(value: Any, role: str, inbox: Inbox) -> Media:
    """One input, whatever it came as; paths as the user means them."""
    return inbox.take(user_path(value, role) if isinstance(value, str | os.PathLike) else value, role)


def taken_picture(source: Any, inbox: Inbox, use: str) -> Media:
    """A source that must be a picture.

    Args:
        source: whatever it came as.
        inbox: keeps what comes as data.
        use: what can be done with pictures only, for the message: "driven live".

    Raises:
        InputError: it is something else.
    """
    media = taken(source, "source", inbox)
    if media.kind is not MediaKind.PICTURE:
        raise InputError(f"the source {media.label} is a {media.kind}: only a picture can be {use}")
    return media
