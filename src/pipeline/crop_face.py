"""Cut faces out of a picture or a video, as it is done before they are animated; no model is needed for it."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..config.crop_face_options import CropFaceOptions
from ..config.options import CropOptions
from ..engine.device import resolve_device
from ..errors import InputError, NoFaceError
from ..face.animal_faces import AnimalFaces
from ..face.animal_points import GivenPoints, parse_points
from ..face.choose import FaceChoice, choose_faces, choose_numbers, left_to_right, parse_faces
from ..face.create_detector import create_animal_detector, create_detector
from ..face.crop import Square, oriented_square, shrunk_square
from ..face.face import Face, FaceDetector
from ..face.mark import mark_faces
from ..face.tracking import FaceTracker
from ..face.tracks import FaceTracks
from ..media.containers import VIDEO_SUFFIXES
from ..media.frame_stream import FrameStream
from ..media.picture import PICTURE_SUFFIXES, read_picture, write_picture
from ..media.sniff import MediaKind, sniff
from ..media.sound import has_audio
from ..media.user_path import check_writable, usable, user_path
from ..media.video_reader import open_video
from ..media.video_writer import VideoWriter
from .output_paths import overwrites
from .progress import Progress, counted, silent

_log = logging.getLogger(__name__)

FINDING, CUTTING = "Finding the face", "Cutting it out"


@dataclass(frozen=True, eq=False)
class FoundFaces:
    """What `list_faces` found.

    Attributes:
        faces: from left to right; the numbers that `crop_face` takes count them.
        picture: file with the picture in which they are marked.
    """

    faces: list[Face]
    picture: Path


def crop_face(
    source: str | PathLike[str],
    output: str | PathLike[str] | None = None,
    *,
    progress: Progress = silent,
    **options: Any,
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
    return _crop_picture(path, result, choice, wanted)


def list_faces(source: str | PathLike[str], output: str | PathLike[str] | None = None, **options: Any) -> FoundFaces:
    """Find the faces of a picture, or of the first frame of a video that shows any, and mark them in a copy of it.

    Args:
        source: picture, video, animated GIF or folder of pictures.
        output: file or folder for the marked picture; None = `<source>_faces.jpg` in the current folder.
        options: fields of `CropFaceOptions`; only those of the detector matter.

    Raises:
        TypeError, MissingFileError, NoFaceError, InputError: as `crop_face`.
    """
    wanted = _checked(CropFaceOptions(**options))
    path = user_path(source, "input")
    is_video = _is_video(path)
    result = _result(path, output, "faces", is_video=False)
    detector = _detector(wanted, is_video=is_video)
    for picture in (frame.rgb for frame in open_video(path)) if is_video else [read_picture(path)]:
        if faces := left_to_right(detector.detect(picture)):
            write_picture(result, mark_faces(picture, faces))
            return FoundFaces(faces, result)
    raise _no_face(path, wanted)


def _checked(options: CropFaceOptions) -> CropFaceOptions:
    """The options themselves, after all values were looked at."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    dsize = given.pop("dsize")
    animal = given.pop("animal")
    check_arguments(ArgumentConfig(**given))
    if options.source_points is not None:
        if not animal:
            raise InputError("--source_points needs --animal")
        parse_points(options.source_points)
    if not isinstance(animal, bool):
        raise InputError(f"--animal must be bool, got {animal!r}")
    if isinstance(dsize, bool) or not isinstance(dsize, int) or not 16 <= dsize <= 4096:
        raise InputError(f"--dsize must be a whole number between 16 and 4096, got {dsize!r}")
    return options


def _detector(options: CropFaceOptions, *, is_video: bool) -> FaceDetector:
    device = str(resolve_device(options.device))
    if not options.animal:
        return create_detector(options.detector, device=device, threshold=options.det_thresh)
    if options.source_points is not None:
        if is_video:
            raise InputError("--source_points is for pictures: in a video the animal moves")
        return AnimalFaces(GivenPoints(parse_points(options.source_points)))
    if is_video and options.animal_detector == "xpose":
        raise InputError("--animal_detector xpose takes seconds for every frame: of a video leave it at auto")
    name = "catface" if is_video else options.animal_detector
    found = create_animal_detector(name, device=device, threshold=options.det_thresh)
    return AnimalFaces(found, official_crop=found.name == "xpose", turned=is_video)


def _no_face(path: Path, options: CropFaceOptions) -> NoFaceError:
    if options.animal:
        return NoFaceError(f"no animal's face found in '{path}': it must show it from the front, see --source_points")
    return NoFaceError(f"no face found in '{path}': it must show a face from the front (--animal: of a cat or dog)")


def _is_video(path: Path) -> bool:
    kind = sniff(path)
    if kind is MediaKind.TEMPLATE:
        raise InputError(f"'{path}' is a {kind}: give a picture or a video")
    return kind is not MediaKind.PICTURE


def _result(source: Path, output: str | PathLike[str] | None, kind: str, is_video: bool) -> Path:
    """Where the result goes, before faces are numbered."""
    fits, suffix = (VIDEO_SUFFIXES, ".mp4") if is_video else (PICTURE_SUFFIXES, ".jpg")
    name = f"{source.stem or source.resolve().stem}_{kind}{suffix}"  # "." has no stem
    path = Path(name) if output is None else user_path(output, "output")
    if output is not None and (os.fspath(output).endswith((os.sep, "/")) or path.is_dir() or not path.suffix):
        path = path / name
    elif path.suffix.lower() not in VIDEO_SUFFIXES | PICTURE_SUFFIXES:
        raise InputError(f"'{path}' ends in {path.suffix}: use {suffix}, or add a '/' if it is a folder")
    elif path.suffix.lower() not in fits:
        what = "video" if is_video else "picture"
        _log.warning(
            "the result is a %s, so '%s' is written instead of '%s'", what, path.with_suffix(suffix), path.name
        )
        path = path.with_suffix(suffix)
    _check_result(path, source)
    return path


def _check_result(path: Path, source: Path) -> None:
    if overwrites(usable(path), source):
        raise InputError(f"the result would overwrite its own input '{path}': choose another --output")
    check_writable(path)


def _numbered(result: Path, source: Path, choice: FaceChoice, numbers: Sequence[int]) -> list[Path]:
    """A file for every face; numbers only where several were asked for, however many there are."""
    if choice == "largest" or (choice != "all" and len(choice) == 1):
        return [result]
    files = [result.with_name(f"{result.stem}_{number}{result.suffix}") for number in numbers]
    for file in files:
        _check_result(file, source)
    return files


def _crop_picture(path: Path, result: Path, choice: FaceChoice, options: CropFaceOptions) -> list[Path]:
    picture = read_picture(path)
    faces = left_to_right(_detector(options, is_video=False).detect(picture))
    if not faces:
        raise _no_face(path, options)
    chosen = choose_faces(faces, choice, f"'{path}'")
    numbers = [index for one in chosen for index, face in enumerate(faces) if face is one]
    results = _numbered(result, path, choice, numbers)
    for face, file in zip(chosen, results, strict=True):
        square = _square(face, options, is_video=False)
        write_picture(file, shrunk_square(picture, square, dsize=options.dsize, rotate=options.flag_do_rot))
    return results


def _crop_video(
    path: Path, result: Path, choice: FaceChoice, options: CropFaceOptions, progress: Progress
) -> list[Path]:
    """Decode twice: to find where the faces are, and to cut them out."""
    stream = open_video(path)
    squares = _average_squares(stream, choice, options, progress)
    if not squares:
        raise _no_face(path, options)
    numbers = choose_numbers(len(squares), choice, f"'{path}'")
    results = _numbered(result, path, choice, numbers)
    sound = path if has_audio(path) else None
    with ExitStack() as stack:
        writers = [stack.enter_context(VideoWriter(file, stream.fps, audio_from=sound)) for file in results]
        for frame in counted(stream, CUTTING, stream.n_frames, progress):
            for writer, number in zip(writers, numbers, strict=True):
                writer.write(shrunk_square(frame.rgb, squares[number], dsize=options.dsize, rotate=False))
    return results


def _average_squares(
    stream: FrameStream, choice: FaceChoice, options: CropFaceOptions, progress: Progress
) -> list[Square]:
    """The mean square of every face of a video, from left to right; of the largest alone if that is wanted."""
    detector = _detector(options, is_video=True)
    tracker, tracks = FaceTracker(detector), FaceTracks(detector)
    rows: dict[int, list[NDArray[np.float64]]] = {}
    for frame in counted(stream, FINDING, stream.n_frames, progress):
        if choice == "largest":
            largest = tracker.feed(frame.rgb)
            found = [] if largest is None else [(0, largest)]
        else:
            found = tracks.feed(frame.rgb)
        for number, face in found:
            rows.setdefault(number, []).append(_square(face, options, is_video=True).as_row())
    order = list(rows) if choice == "largest" else tracks.order()
    return [Square.from_row(np.mean(rows[number], axis=0)) for number in order]


def _square(face: Face, options: CropFaceOptions, *, is_video: bool) -> Square:
    """The square around a face, with the defaults of drivers (a video) or sources filled in."""
    scale = CropOptions.scale_crop_driving_video if is_video else CropOptions.scale
    vy_ratio = CropOptions.vy_ratio_crop_driving_video if is_video else CropOptions.vy_ratio
    points, scheme = face.landmarks, face.scheme
    if not is_video and face.still_landmarks is not None and face.still_scheme is not None:
        points, scheme = face.still_landmarks, face.still_scheme
    return oriented_square(
        points,
        scheme,
        scale=scale if options.scale is None else options.scale,
        vx_ratio=options.vx_ratio,
        vy_ratio=vy_ratio if options.vy_ratio is None else options.vy_ratio,
    )
