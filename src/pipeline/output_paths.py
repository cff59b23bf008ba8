"""Where results go: the rules of --output and --output_dir."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..config.options import OutputOptions
from ..errors import InputError
from ..media.containers import VIDEO_SUFFIXES
from ..media.picture import PICTURE_SUFFIXES
from .user_path import usable, user_path

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class OutputPaths:
    """The files of one run: the result, and the side-by-side version of it if one is wanted."""

    result: Path
    concat: Path | None


def output_paths(options: OutputOptions, source: str, driving: str, is_video: bool) -> OutputPaths:
    """Decide the names of the results (spec: pipeline, section 13).

    Args:
        options: `output` names the result itself if it has the suffix of a picture or video, else a folder, and so does
            `output_dir`; a suffix that does not fit the kind of result is replaced, with a warning.
        source: name of the source without folder and suffix.
        driving: the driving's, likewise.
        is_video: the result has more than one frame, or comes from a video.

    Raises:
        InputError: an empty name, or one that the system does not take.
    """
    folder, file = _requested(options)
    suffix = ".mp4" if is_video else ".jpg"
    if file is None:
        file = folder / f"{source}--{driving}{suffix}"
    elif file.suffix.lower() not in (VIDEO_SUFFIXES if is_video else PICTURE_SUFFIXES):
        kind = "video" if is_video else "picture"
        _log.warning("the result is a %s, so %s is written instead of %s", kind, file.with_suffix(suffix), file.name)
        file = file.with_suffix(suffix)
    concat = usable(folder / f"{file.stem}_concat{file.suffix}") if options.concat else None
    return OutputPaths(usable(file), concat)


def _requested(options: OutputOptions) -> tuple[Path, Path | None]:
    """The folder for side products, and the exact result path where one was asked for."""
    given, folder_is_default = options.output, options.output_dir == type(options).output_dir
    folder = user_path(options.output_dir, "output_dir")
    if given is None:
        given, folder_is_default = options.output_dir, True  # `-o result.mp4` plainly means the file
    path = user_path(given, "output")
    if os.fspath(given).endswith((os.sep, "/")) or not _names_media(path):
        return path, None
    return (path.parent if folder_is_default else folder), path


def _names_media(path: Path) -> bool:
    """Whether a path ends like a picture or video and is no existing folder."""
    return path.suffix.lower() in VIDEO_SUFFIXES | PICTURE_SUFFIXES and not path.is_dir()


def refuse_overwriting(paths: OutputPaths, inputs: Iterable[Path]) -> None:
    """Raise an InputError if a result would replace one of the files it is made from."""
    taken = {path.resolve() for path in inputs}
    for path in (paths.result, paths.concat):
        if path is not None and path.resolve() in taken:
            raise InputError(f"the result would overwrite its own input {path}: choose another --output")
