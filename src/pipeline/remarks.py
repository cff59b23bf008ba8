"""What a user should know of a run before frames are drawn: options without effect, or with more than they seem to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..config.argument_config import ArgumentConfig
from ..media.given import Media
from ..media.sniff import MediaKind
from ..motion.pose import degrees
from ..motion.transfer_options import TransferOptions
from .framing import pastes_back
from .inputs import DrivingInput
from .source import Source

TEMPLATE_MOVES = "the template moves the face"
_BREAKS = 1.5  # strengths above it


def remarks(
    args: ArgumentConfig, transfer: TransferOptions, source: Media, drivings: Sequence[DrivingInput]
) -> Iterator[str]:
    """The remarks on a run, one clause each.

    Args:
        args: all options.
        transfer: those of the motion transfer.
        source: picture or video.
        drivings: the drivers.
    """
    yield from pasting_remarks(args)
    yield from _on_templates(args, drivings)
    yield from _on_motion(transfer)
    if args.flag_source_video_eye_retargeting and source.kind is MediaKind.PICTURE:
        yield "--flag_source_video_eye_retargeting has no effect: the source is a picture"


def turned_remarks(args: ArgumentConfig, source: Source, farthest_yaw: float) -> Iterator[str]:
    """On people in a picture who look aside and whose heads are to move, one clause each.

    Args:
        args: all options.
        source: of a video nothing is said: what it hides at first it may show later.
        farthest_yaw: of the engine.
    """
    if source.is_video or args.animals or args.animation_region not in ("all", "pose"):
        return
    for portrait in source.portraits:
        yaw = abs(float(degrees(portrait.motion.R)[1][0]))
        if yaw > farthest_yaw:
            yield (
                f"the source's face is turned by {yaw:.0f} degrees: the side that it hides cannot be drawn, and tears "
                "when the head turns back; --animation_region exp keeps the head still"
            )


def pasting_remarks(args: ArgumentConfig) -> Iterator[str]:
    """What the options say about pasting back and does not happen, one clause each."""
    if pastes_back(args):
        return
    if args.flag_pasteback and not args.animals:  # spec: pipeline, quirk Q27; animals are not stitched by default
        yield "nothing is pasted back: that needs --flag_do_crop and --flag_stitching; the result is the crop"
    if args.match_color:
        yield "--match_color has no effect: nothing is pasted back"
    if args.feather != ArgumentConfig.feather:
        yield "--feather has no effect: nothing is pasted back"


def _on_templates(args: ArgumentConfig, drivings: Sequence[DrivingInput]) -> Iterator[str]:
    for driving in drivings:
        if driving.is_template and driving.preview is not None:
            yield f"{TEMPLATE_MOVES}; the driving {driving.preview.label} only gives sound and preview"
    if not all(driving.is_template for driving in drivings):
        return
    if args.flag_crop_driving_video:
        yield "--flag_crop_driving_video has no effect: a motion template has no frames to crop"
    if args.on_missing != ArgumentConfig.on_missing:
        yield "--on_missing has no effect: a motion template has no frames without a face"


def _on_motion(transfer: TransferOptions) -> Iterator[str]:
    for name in ("driving_multiplier", "eyes_retargeting_ratio", "lip_retargeting_ratio"):
        if abs(value := getattr(transfer, name)) > _BREAKS:
            yield f"--{name} is {value}: above {_BREAKS} faces tend to break"
    if transfer.replaces_motion:
        yield (
            "eye and lip retargeting with relative motion move eyes and lips only; "
            "--retargeting_mode additive adds them to the driver's motion"
        )
