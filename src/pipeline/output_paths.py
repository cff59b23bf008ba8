"""Where results go: the rules of --output and --output_dir."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..config.options import OutputOptions
from ..errors import InputError
from ..media.containers import VIDEO_SUFFIXES
from ..media.folder_reader import is_frame
from ..media.picture import PICTURE_SUFFIXES
from ..media.user_path import check_writable, usable, user_path

DEFAULT_FOLDER = "animations"


@dataclass(frozen=True)
class OutputPaths:
    """The files of one run.

    Attributes:
        result: the main result.
        concat: the side-by-side version of it; None = none is wanted.
        gif: a small animated GIF of it; None = none is wanted.
        remarks: what the user should know about the names, one clause each.
    """

    result: Path
    concat: Path | None
    gif: Path | None = None
    remarks: tuple[str, ...] = field(default=(), compare=False)


def output_paths(
    options: OutputOptions, source: str, driving: str, is_video: bool, *, with_gif: bool = False
) -> OutputPaths:
    """Decide the names of the results of a source and a driver (spec: pipeline, section 13).

    Args:
        options: as for `outputs_named`.
        source: name of the source without folder and suffix.
        driving: the driving's, likewise.
        is_video: the result has more than one frame, or comes from a video.
        with_gif: a video comes with a small GIF beside it, as animals do.

    Raises:
        InputError: an empty name, or one that the system does not take.
    """
    return outputs_named(options, f"{source}--{driving}", is_video, with_gif=with_gif)


def outputs_named(options: OutputOptions, name: str, is_video: bool, *, with_gif: bool = False) -> OutputPaths:
    """Decide the names of the results.

    Args:
        options: `output` names the result itself if it has the suffix of a picture or video, else a folder, and so does
            `output_dir`; a suffix that does not fit the kind of result is replaced, with a remark.
        name: of a result that the options do not name, without folder and suffix.
        is_video: the result has more than one frame, or comes from a video.
        with_gif: a video comes with a small GIF beside it, as animals do.

    Raises:
        InputError: an empty name, or one that the system does not take.
    """
    remarks: tuple[str, ...] = ()
    folder, file = _requested(options)
    suffix = ".mp4" if is_video else ".jpg"
    if file is None:
        file = folder / f"{name}{suffix}"
    elif file.suffix.lower() not in (VIDEO_SUFFIXES if is_video else PICTURE_SUFFIXES):
        kind = "video" if is_video else "picture"
        remarks = (f"the result is a {kind}, so '{file.with_suffix(suffix)}' is written instead of '{file.name}'",)
        file = file.with_suffix(suffix)
    concat = usable(folder / f"{file.stem}_concat{file.suffix}") if options.concat else None
    gif = usable(file.with_suffix(".gif")) if with_gif and is_video and file.suffix.lower() != ".gif" else None
    return OutputPaths(usable(file), concat, gif, remarks)


def output_folder(options: OutputOptions) -> Path:
    """The folder for side products of a run."""
    return _requested(options)[0]


def _requested(options: OutputOptions) -> tuple[Path, Path | None]:
    """The folder for side products, and the exact result path where one was asked for."""
    folder = None if options.output_dir is None else user_path(options.output_dir, "output_dir")
    if options.output is None:
        path = folder or Path(DEFAULT_FOLDER)
        # `-o result.mp4` plainly means the file
        is_file = _names_media(path) and not _ends_as_folder(options.output_dir)
        return (path.parent, path) if is_file else (path, None)
    path = user_path(options.output, "output")
    if _ends_as_folder(options.output) or path.is_dir() or not path.suffix:
        return path, None
    if not _names_media(path):
        known = " ".join(sorted(VIDEO_SUFFIXES | PICTURE_SUFFIXES))
        raise InputError(f"'{path}' ends in {path.suffix}: use one of {known}, or add a '/' if it is a folder")
    return folder or path.parent, path


def _ends_as_folder(given: str | os.PathLike[str] | None) -> bool:
    return given is not None and os.fspath(given).endswith((os.sep, "/"))


def _names_media(path: Path) -> bool:
    """Whether a path ends like a picture or video and is no existing folder."""
    return path.suffix.lower() in VIDEO_SUFFIXES | PICTURE_SUFFIXES and not path.is_dir()


def check_outputs(paths: OutputPaths, inputs: Iterable[Path]) -> None:
    """Make sure that results can be written, and that none replaces a file it is made from.

    Raises:
        InputError: a place that cannot be written, or an input of the same name.
    """
    taken = list(inputs)
    for path in (paths.result, paths.concat, paths.gif):
        if path is None:
            continue
        if any(overwrites(path, other) for other in taken):
            raise InputError(f"the result would overwrite its own input '{path}': choose another --output")
        check_writable(path)


def overwrites(path: Path, given: Path) -> bool:
    """Whether writing a file would replace an input: the file itself, or a picture of the folder that it is."""
    is_frame_of = path.resolve().parent == given.resolve() and path.is_file() and is_frame(path)
    return is_frame_of or same_file(path, given)


def same_file(path: Path, other: Path) -> bool:
    """Whether two names mean one file, be it by links or by a file system that ignores case."""
    return path.resolve() == other.resolve() or (path.exists() and other.exists() and path.samefile(other))
