"""The faces of a picture (spec: pipeline, section 8)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine, Meshes
from ..errors import NoFaceError
from ..face.choose import choose_faces, parse_faces
from ..face.face import Face, FaceDetector, Rgb, Scheme
from ..face.landmarks import mesh_in_crop
from ..face.ratios import openings
from .clip import Clip
from .clip_motion import with_ratios
from .framing import CROP_SIZE, Framing, Place
from .portrait import StillPortrait, network_input

_log = logging.getLogger(__name__)


def still_portraits(
    clip: Clip, engine: Engine, framing: Framing, detector: Callable[[], FaceDetector]
) -> list[StillPortrait]:
    """The chosen faces of a picture, cropped and encoded.

    Args:
        clip: the picture.
        engine: the model.
        framing: crop options and the choice of faces.
        detector: gives the face detector; called only if faces must be found.

    Raises:
        NoFaceError: the picture shows no face where one is needed.
        InputError: it shows fewer faces than were asked for.
    """
    frame, args = next(iter(clip)), framing.args
    faces = detector().detect(frame) if args.flag_do_crop or _needs_ratios(args) else []
    if not args.flag_do_crop:
        return [_portrait(frame, faces[0] if faces else None, None, engine, framing)]
    if not faces:
        raise NoFaceError(f"no face found in the source {clip.label}: give a picture that shows a face from the front")
    if len(faces) > 1 and args.faces == "largest":
        _log.info("%d faces in the source %s: the largest is animated, see --faces", len(faces), clip.label)
    chosen = choose_faces(faces, parse_faces(args.faces), f"the source {clip.label}")
    return [_portrait(frame, face, framing.place(face, still=True), engine, framing) for face in chosen]


def _needs_ratios(args: ArgumentConfig) -> bool:
    return args.flag_eye_retargeting or args.flag_lip_retargeting or args.flag_normalize_lip


def _portrait(frame: Rgb, face: Face | None, place: Place | None, engine: Engine, framing: Framing) -> StillPortrait:
    crop, paste_back = framing.cut(frame, place)
    picture = network_input(engine, [crop])
    motion = engine.get_motion(picture, _meshes(face, place, framing))
    if face is not None:
        motion = with_ratios(motion, openings(face.landmarks, face.scheme))
    return StillPortrait(motion, crop, engine.encode_source(picture), paste_back)


def _meshes(face: Face | None, place: Place | None, framing: Framing) -> Meshes | None:
    """The detector's mesh in the coordinates of its crop, if it has one."""
    if face is None or place is None or face.scheme is not Scheme.MESH478:
        return None
    return mesh_in_crop(face.landmarks, framing.matrix(place), CROP_SIZE)[None]
