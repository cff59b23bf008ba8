"""`Plan`: what a run reads and writes, checked before anything expensive begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..errors import InputError
from ..face.choose import parse_faces
from ..media.given import Inbox, Media
from ..media.sniff import MediaKind
from ..media.user_path import check_writable, usable, user_path
from ..motion.template import load_template, template_path
from ..motion.transfer_options import TransferOptions
from .animal_options import animal_remarks, check_kind
from .inputs import COMPACT, DrivingInput, read_inputs
from .output_paths import OutputPaths, check_outputs, output_folder, output_paths, same_file
from .remarks import remarks
from .render import transfer_options


@dataclass(frozen=True)
class Plan:
    """The files of one run, and the checked options of its motion transfer.

    Attributes:
        source: picture or video with the faces; None where only a template is made.
        drivings: the drivers, in the order of the faces that they drive.
        outputs: the results; None where only a template is made.
        templates: where the motion of each driver is kept; None = it is not.
        report: where the report is written; None = only to the log.
        transfer: options of the motion transfer.
        remarks: what the user should know before it begins, one clause each.
    """

    source: Media | None
    drivings: Sequence[DrivingInput]
    outputs: OutputPaths | None
    templates: Sequence[Path | None]
    report: Path | None
    transfer: TransferOptions
    remarks: Sequence[str]


def plan_run(args: ArgumentConfig, inbox: Inbox, keypoints: str = COMPACT) -> Plan:
    """Check all options and files of a run as far as that costs next to nothing.

    Args:
        args: all options.
        inbox: keeps inputs that come as data.
        keypoints: keypoint space of the model.

    Raises:
        MissingFileError: a file is not there.
        InputError: an option, a file's kind, or a place that cannot be written.
    """
    check_arguments(args)
    transfer = transfer_options(args)
    source, drivings = read_inputs(args, inbox, keypoints)
    check_kind(args, source, [driving.motion for driving in drivings])
    moving = [_is_video(driving) for driving in drivings]  # also reads all templates, which may be refused
    inputs = [media.path for media in _all_media(source, drivings) if media.path is not None]
    check_faces(args, len(drivings))
    report = report_path(args, inputs)
    templates = _templates(args, drivings, inputs)
    if source is None:
        return Plan(None, drivings, None, templates, report, transfer, ())
    if args.v2v and source.kind is MediaKind.PICTURE:
        raise InputError(f"--v2v needs a video as source, {source.label} is a picture")
    is_video = any(moving) or source.kind is not MediaKind.PICTURE
    names = "+".join(dict.fromkeys(driving.motion.name for driving in drivings))
    outputs = output_paths(args, source.name, names, is_video, with_gif=args.animals and args.gif)
    check_outputs(outputs, [*inputs, *(path for path in templates if path is not None)])
    said = [*remarks(args, transfer, source, drivings), *outputs.remarks]
    if args.animals:
        said += animal_remarks(args, keypoints)
    return Plan(source, drivings, outputs, templates, report, transfer, said)


def check_run(args: ArgumentConfig) -> None:
    """`plan_run` for its errors alone.

    Raises:
        MissingFileError: a file is not there.
        InputError: an option, a file's kind, or a place that cannot be written.
    """
    with Inbox() as inbox:
        plan_run(args, inbox)


def _is_video(driving: DrivingInput) -> bool:
    """Whether a driver has more than a still to follow."""
    if not driving.is_template:
        return driving.motion.kind is not MediaKind.PICTURE
    assert driving.motion.path is not None, "a template is a file"
    return load_template(driving.motion.path).n_frames > 1


def _all_media(source: Media | None, drivings: Sequence[DrivingInput]) -> list[Media]:
    given = [source, *(media for driving in drivings for media in (driving.motion, driving.preview))]
    return [media for media in given if media is not None]


def check_faces(args: ArgumentConfig, n_drivings: int) -> None:
    """Make sure that a source can meet the choice of faces.

    Raises:
        InputError: a choice without cropping, or more drivers than faces.
    """
    choice = parse_faces(args.faces)
    if choice != "largest" and not args.flag_do_crop:
        raise InputError(f"--faces {args.faces} needs --flag_do_crop: without it the whole picture is the face")
    most = 1 if choice == "largest" else len(choice) if choice != "all" else None
    if most is not None and n_drivings > most:
        raise InputError(
            f"{n_drivings} drivers but --faces {args.faces} animates {most}: use --faces all, or name as many faces"
        )


def report_path(args: ArgumentConfig, inputs: Sequence[Path]) -> Path | None:
    """Where the report of a run is written; None = only to the log.

    Raises:
        InputError: a place that cannot be written, or the file of an input.
    """
    if args.report is None:
        return None
    path = user_path(args.report, "report")
    _check_side_product(path, "report", inputs)
    return path


def _templates(args: ArgumentConfig, drivings: Sequence[DrivingInput], inputs: Sequence[Path]) -> Sequence[Path | None]:
    templates: Sequence[Path | None]
    if args.save_motion_template is None:
        templates = _auto_templates(output_folder(args), drivings) if args.auto_template else [None] * len(drivings)
    elif len(drivings) > 1:
        raise InputError(f"--save_motion_template keeps one motion, got {len(drivings)} drivers: use --auto_template")
    else:
        templates = [_template_path(user_path(args.save_motion_template, "save_motion_template"))]
    for path in templates:
        if path is not None:
            _check_side_product(path, "template", inputs)
    return templates


def _auto_templates(folder: Path, drivings: Sequence[DrivingInput]) -> list[Path | None]:
    """A file for each driver that is no template itself; drivers of one name are numbered."""
    names: list[str] = []
    for driving in drivings:
        name = driving.motion.name
        names.append(next(new for new in chain([name], (f"{name}-{n}" for n in count(2))) if new not in names))
    return [
        None if driving.is_template else _template_path(folder / f"{name}.safetensors")
        for driving, name in zip(drivings, names, strict=True)
    ]


def _template_path(path: Path) -> Path:
    usable(path if path.suffix else path.with_name(f"{path.name}.safetensors"))
    return template_path(path)


def _check_side_product(path: Path, what: str, inputs: Sequence[Path]) -> None:
    if any(same_file(path, other) for other in inputs):
        raise InputError(f"the {what} would overwrite the input '{path}': choose another name")
    check_writable(path)
