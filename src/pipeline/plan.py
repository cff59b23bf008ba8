"""`Plan`: what a run reads and writes, checked before anything expensive begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..errors import InputError
from ..media.sniff import MediaKind, sniff
from ..motion.template import load_template, template_path
from ..motion.transfer_options import TransferOptions
from ..weights.paths import assets_dir
from .output_paths import OutputPaths, check_outputs, output_paths, same_file
from .render import transfer_options
from .user_path import check_writable, user_path

DEFAULT_SOURCE, DEFAULT_DRIVING = "examples/source/s0.jpg", "examples/driving/d0.mp4"


@dataclass(frozen=True)
class Plan:
    """The files of one run, and the checked options of its motion transfer.

    Attributes:
        source: the portrait; None where only a template is made.
        driving: video, picture, folder of pictures or template.
        outputs: the results; None where only a template is made.
        template: where the driving motion is kept; None = it is not.
        transfer: options of the motion transfer.
    """

    source: Path | None
    driving: Path
    outputs: OutputPaths | None
    template: Path | None
    transfer: TransferOptions


def plan_run(args: ArgumentConfig) -> Plan:
    """Check all options and files of a run as far as that costs next to nothing.

    Raises:
        MissingFileError: a file is not there.
        InputError: an option, a file's kind, or a place that cannot be written.
    """
    check_arguments(args)
    transfer = transfer_options(args)
    source, driving = _inputs(args)
    is_video = _is_video(driving)
    template = _template(args, driving)
    if source is None:
        return Plan(None, driving, None, template, transfer)
    kind = sniff(source)
    if kind is not MediaKind.PICTURE:
        article = "an" if kind is MediaKind.ANIMATION else "a"
        raise InputError(f"the source '{source}' is {article} {kind}: give a picture of the person to animate")
    outputs = output_paths(args, source.stem, driving.stem or driving.resolve().stem, is_video)  # "." has no stem
    check_outputs(outputs, [source, driving])
    return Plan(source, driving, outputs, template, transfer)


def _inputs(args: ArgumentConfig) -> tuple[Path | None, Path]:
    """Source and driving, with the examples filled in; no source where only a template is wanted."""
    driving = assets_dir() / DEFAULT_DRIVING if args.driving is None else user_path(args.driving, "driving")
    if args.source is not None:
        return user_path(args.source, "source"), driving
    return (assets_dir() / DEFAULT_SOURCE if args.save_motion_template is None else None), driving


def _is_video(driving: Path) -> bool:
    """Whether a driving file has more than a still to follow."""
    kind = sniff(driving)
    return load_template(driving).n_frames > 1 if kind is MediaKind.TEMPLATE else kind is not MediaKind.PICTURE


def _template(args: ArgumentConfig, driving: Path) -> Path | None:
    if args.save_motion_template is None:
        return None
    path = template_path(user_path(args.save_motion_template, "save_motion_template"))
    if same_file(path, driving):
        raise InputError(f"the template would overwrite the driving '{driving}': choose another name")
    check_writable(path)
    return path
