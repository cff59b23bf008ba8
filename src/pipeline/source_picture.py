"""The faces of a picture (spec: pipeline, section 8)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine, Meshes
from ..face.animal_faces import points_of_animal
from ..face.choose import choose_faces, parse_faces
from ..face.face import Face, Rgb
from ..face.ratios import openings
from .clip import Clip
from .clip_motion import mesh_of, with_ratios
from .finders import Finders
from .framing import CROP_SIZE, Framing, Place
from .portrait import StillPortrait, network_input

_log = logging.getLogger(__name__)


def still_portraits(clip: Clip, engine: Engine, framing: Framing, finders: Finders) -> list[StillPortrait]:
    """The chosen faces of a picture, cropped and encoded.

    Args:
        clip: the picture.
        engine: the model.
        framing: crop options and the choice of faces.
        finders: the face detectors; made only if faces must be found.

    Raises:
        NoFaceError: the picture shows no face where one is needed.
        InputError: it shows fewer faces than were asked for.
    """
    frame, args = next(iter(clip)), framing.args
    faces = _find(frame, clip, engine, finders, args) if args.flag_do_crop or _needs_face(engine, args) else []
    if not faces and (args.flag_do_crop or _needs_mesh(engine, args)):
        raise finders.no_face(f"the source {clip.label}", frame, args)
    if not args.flag_do_crop:
        return [_portrait(frame, faces[0] if faces else None, None, (), engine, framing)]
    if len(faces) > 1 and args.faces == "largest":
        _log.info("%d faces in the source %s: the largest is animated, see --faces", len(faces), clip.label)
    chosen = choose_faces(faces, parse_faces(args.faces), f"the source {clip.label}")
    places = [framing.place(face, still=True) for face in chosen]
    return [
        _portrait(frame, face, place, [other for other in places if other is not place], engine, framing)
        for face, place in zip(chosen, places, strict=True)
    ]


def _meshes(face: Face, place: Place | None, frame: Rgb, framing: Framing) -> Meshes | None:
    """The face's mesh in its crop; in a whole frame the engine looks for itself, unless it is an animal's."""
    if place is not None:
        return mesh_of(face, framing.matrix(place))
    if not framing.args.animals:
        return None
    height, width = frame.shape[:2]
    x, y = CROP_SIZE / width, CROP_SIZE / height
    return mesh_of(face, np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]]))  # edge to edge


def _find(frame: Rgb, clip: Clip, engine: Engine, finders: Finders, args: ArgumentConfig) -> list[Face]:
    detector = finders.of_source(clip, engine, args)()
    faces = detector.detect(frame)
    if args.animals and faces:
        for face in faces:
            at = " ".join(f"{x:.0f},{y:.0f}" for x, y in points_of_animal(face) / clip.zoom)
            _log.info(
                "animal in the source %s: found by %s, score %.2f, eyes, nose and mouth at %s",
                clip.label,
                detector.name,
                face.score,
                at,
            )
    return faces


def _needs_mesh(engine: Engine, args: ArgumentConfig) -> bool:
    """Whether an engine must be told where the face is: it looks for people's itself, not for animals'."""
    return args.animals and engine.reads_meshes


def _needs_face(engine: Engine, args: ArgumentConfig) -> bool:
    """Whether a picture that is not cropped must show where its face is: for ratios, or for an animal's mesh."""
    if args.animals:
        return _needs_mesh(engine, args)
    return args.flag_eye_retargeting or args.flag_lip_retargeting or args.flag_normalize_lip


def _portrait(
    frame: Rgb, face: Face | None, place: Place | None, rivals: Sequence[Place], engine: Engine, framing: Framing
) -> StillPortrait:
    crop, paste_back = framing.crop(frame, place), framing.paste_back(place, rivals, frame)
    picture = network_input(engine, [crop])
    meshes = None if face is None else _meshes(face, place, frame, framing)
    motion = engine.get_motion(picture, meshes)
    if face is not None:
        motion = with_ratios(motion, openings(face.landmarks, face.scheme))
    return StillPortrait(motion, crop, engine.encode_source(picture), paste_back)
