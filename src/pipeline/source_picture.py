"""The faces of a picture (spec: pipeline, section 8)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.choose import choose_faces, parse_faces
from ..face.face import Face, FaceDetector, Rgb
from ..face.ratios import openings
from .clip import Clip
from .clip_motion import mesh_of, with_ratios
from .framing import Framing, Place
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
        return [_portrait(frame, faces[0] if faces else None, None, (), engine, framing)]
    if not faces:
        raise NoFaceError(f"no face found in the source {clip.label}: give a picture that shows a face from the front")
    if len(faces) > 1 and args.faces == "largest":
        _log.info("%d faces in the source %s: the largest is animated, see --faces", len(faces), clip.label)
    chosen = choose_faces(faces, parse_faces(args.faces), f"the source {clip.label}")
    places = [framing.place(face, still=True) for face in chosen]
    return [
        _portrait(frame, face, place, [other for other in places if other is not place], engine, framing)
        for face, place in zip(chosen, places, strict=True)
    ]


def _needs_ratios(args: ArgumentConfig) -> bool:
    return args.flag_eye_retargeting or args.flag_lip_retargeting or args.flag_normalize_lip


def _portrait(
    frame: Rgb, face: Face | None, place: Place | None, rivals: Sequence[Place], engine: Engine, framing: Framing
) -> StillPortrait:
    crop, paste_back = framing.crop(frame, place), framing.paste_back(place, rivals, frame)
    picture = network_input(engine, [crop])
    meshes = None if face is None or place is None else mesh_of(face, framing.matrix(place))
    motion = engine.get_motion(picture, meshes)
    if face is not None:
        motion = with_ratios(motion, openings(face.landmarks, face.scheme))
    return StillPortrait(motion, crop, engine.encode_source(picture), paste_back)
