"""Cut faces out of a picture or a video, as it is done before they are animated; no model is needed for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..config.crop_face_options import CropFaceOptions
from ..config.options import CropOptions
from ..engine.device import resolve_device
from ..errors import InputError, NoFaceError
from ..face.choose import FaceChoice, choose_faces, choose_numbers, left_to_right, parse_faces
from ..face.create_detector import create_detector
from ..face.crop import Square, average_box, crop_square, driving_box, oriented_square
from ..face.face import Face, FaceDetector, Rgb
from ..face.mark import mark_faces
from ..face.tracking import FaceTracker
from ..face.tracks import FaceTracks
from ..media.containers import VIDEO_SUFFIXES
from ..media.frame_stream import FrameStream
from ..media.picture import PICTURE_SUFFIXES, read_picture, write_picture
from ..media.sniff import MediaKind, sniff
from ..media.sound import has_audio
from ..media.video_reader import open_video
from ..media.video_writer import VideoWriter
from .output_paths import same_file
from .progress import Progress, counted, silent
from .user_path import check_writable, user_path

_log = logging.getLogger(__name__)

FINDING, CUTTING = "Finding the face", "Cutting it out"


def crop_face(
    source: str | PathLike[str], output: str | PathLike[str] | None = None, *, progress: Progress = silent, **options: Any
) -> list[Path]:
    """Cut faces out of a file (spec: pipeline, section 5.5).

    A picture is cut like a source: a square around the face, turned upright. A video is cut like a driver: one fixed
    square, the average of those of all frames; it keeps its rate and sound. What lies beyond the picture is black.

    Args:
        source: picture, video, animated GIF or folder of pictures.
        output: file or folder for the result; None = `<source>_crop.jpg` or `.mp4` in the current folder. Where several
            faces are asked for, the number of each is put behind the name: `<output>_0.jpg`.
        progress: told about every frame of a video.
        options: fields of `CropFaceOptions`.

    Returns:
        The files written, in the order of the faces asked for.

    Raises:
        TypeError: an option that does not exist.
        MissingFileError: there is no such file.
        NoFaceError: it shows no face.
        InputError: an option, a file that cannot be read, a face that is not there, or a place that cannot be written.
    """
    wanted = _checked(CropFaceOptions(**options))
    choice = parse_faces(wanted.faces)
    path = user_path(source, "input")
    is_video = _is_video(path)
    result = _result(path, output, "crop", is_video)
    if is_video:
        return _crop_video(path, result, choice, wanted, progress)
    picture = read_picture(path)
    faces = left_to_right(_detector(wanted).detect(picture))
    if not faces:
        raise _no_face(path)
    chosen = choose_faces(faces, choice, f"'{path}'")
    numbers = [next(i for i, face in enumerate(faces) if face is one) for one in chosen]
    results = _numbered(result, choice, numbers)
    for face, file in zip(chosen, results, strict=True):
        square = _square(face, wanted)
        write_picture(file, _cut(picture, square, wanted.dsize, rotate=wanted.flag_do_rot))
    return results


def list_faces(
    source: str | PathLike[str], output: str | PathLike[str] | None = None, **options: Any
) -> tuple[list[Face], Path]:
    """Find the faces of a picture, or of the first frame of a video that shows any, and mark them in a copy of it.

    Args:
        source: picture, video, animated GIF or folder of pictures.
        output: file or folder for the marked picture; None = `<source>_faces.jpg` in the current folder.
        options: fields of `CropFaceOptions`; only those of the detector matter.

    Returns:
        The faces from left to right (the numbers that `crop_face` takes count them), and the marked picture.

    Raises:
        TypeError, MissingFileError, NoFaceError, InputError: as `crop_face`.
    """
    wanted = _checked(CropFaceOptions(**options))
    path = user_path(source, "input")
    is_video = _is_video(path)
    result = _result(path, output, "faces", is_video=False)
    detector = _detector(wanted)
    for picture in (frame.rgb for frame in open_video(path)) if is_video else [read_picture(path)]:
        if faces := left_to_right(detector.detect(picture)):
            write_picture(result, mark_faces(picture, faces))
            return faces, result
    raise _no_face(path)


def _checked(options: CropFaceOptions) -> CropFaceOptions:
    """The options themselves, after all values were looked at."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    dsize = given.pop("dsize")
    check_arguments(ArgumentConfig(**given))
    if isinstance(dsize, bool) or not isinstance(dsize, int) or not 16 <= dsize <= 4096:
        raise InputError(f"--dsize must be a whole number between 16 and 4096, got {dsize!r}")
    return options


def _detector(options: CropFaceOptions) -> FaceDetector:
    return create_detector(
        options.detector, device=str(resolve_device(options.device)), threshold=options.det_thresh
    )


def _no_face(path: Path) -> NoFaceError:
    return NoFaceError(f"no face found in '{path}': it must show a face from the front")
