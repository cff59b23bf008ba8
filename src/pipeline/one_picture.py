"""Motion of a single picture, for callers who want numbers and no animation."""

from __future__ import annotations

from typing import Any

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.crop import box_matrix
from ..media.given import Inbox
from ..motion.motion import Motion
from .clip import open_clip
from .clip_motion import mesh_of
from .driving import driving_place, network_view
from .finders import Finders
from .framing import CROP_SIZE
from .inputs import taken


def motion_of_picture(
    given: Any, engine: Engine, finders: Finders, args: ArgumentConfig, *, crop: bool | None = None
) -> Motion:
    """Motion of the face in a picture, seen as a driving frame is.

    Args:
        given: path, bytes, open file, PIL image or array (H, W, 3) uint8 RGB; of a video the first frame.
        engine: the model.
        finders: the face detectors; made only if the face must be found.
        args: crop options.
        crop: find the face and crop to it first; None = where the engine needs that, or the picture is not square.

    Raises:
        InputError: not a picture.
        NoFaceError: no face where one is needed.
    """
    with Inbox() as inbox:
        clip = open_clip(taken(given, "frame", inbox))
        frame = next(iter(clip))
    if crop is None:
        crop = engine.always_crops_driving or not clip.is_square
    if not crop:
        return engine.get_motion(engine.prepare(network_view(frame, None)[None]))
    faces = finders.of_driver(clip, args)().detect(frame)
    if not faces:
        raise NoFaceError(f"no face found in the frame {clip.label}: it must show a face from the front")
    box = driving_place(faces[0], args)
    meshes = mesh_of(faces[0], box_matrix(box, dsize=CROP_SIZE)) if engine.reads_meshes else None
    picture = engine.prepare(network_view(frame, box)[None]) if meshes is None else None
    return engine.get_motion(picture, meshes)
