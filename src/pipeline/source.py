"""The source: everything about the portrait that is computed once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine, Meshes, SourceFeatures
from ..errors import NoFaceError
from ..face.crop import Crop, crop_image, resize_source
from ..face.face import Face, FaceDetector, Rgb, Scheme
from ..face.landmarks import mesh_in_crop
from ..face.paste_back import PasteBack
from ..face.ratios import eye_ratios, lip_ratio
from ..motion.keypoints import transform_keypoint
from ..motion.motion import Motion

_log = logging.getLogger(__name__)

CROP_SIZE = 512


@dataclass(frozen=True, eq=False)
class Source:
    """A portrait, ready to be driven.

    Attributes:
        frame: the whole picture, (H, W, 3) uint8.
        preview: the crop that the networks see, for the side-by-side video.
        features: what the engine keeps of the crop.
        motion: pose and expression of the portrait, one frame.
        x_s: its transformed keypoints, (1, 21, 3).
        paste_back: pastes crops into the frame; None when the result is the crop itself.
    """

    frame: Rgb
    preview: Rgb
    features: SourceFeatures
    motion: Motion
    x_s: Tensor
    paste_back: PasteBack | None


def prepare_source(
    frame: Rgb, engine: Engine, detector: Callable[[], FaceDetector], args: ArgumentConfig, name: str
) -> Source:
    """Find the face, crop it, encode it, measure its motion (spec: pipeline, section 8).

    Args:
        frame: (H, W, 3) uint8, already within the size limit.
        engine: the model.
        detector: gives the face detector; called only if the face must be found.
        args: crop options; paste back only happens with cropping and stitching on.
        name: what to call the picture in messages.

    Raises:
        NoFaceError: the picture shows no face where one is needed.
    """
    faces = detector().detect(frame) if args.flag_do_crop or _needs_ratios(args) else []
    if not faces and args.flag_do_crop:
        raise NoFaceError(f"no face found in the source {name}: give a picture that shows a face from the front")
    face = faces[0] if faces else None
    if len(faces) > 1 and args.flag_do_crop:
        _log.info("%d faces in the source %s: the largest is animated", len(faces), name)
    crop = _crop(frame, face, args, engine.repeats_border) if face and args.flag_do_crop else None
    picture = engine.prepare((frame if crop is None else resize_source(crop.image, engine.crop_size))[None])
    motion = engine.get_motion(picture, _meshes(face, crop))
    if face is not None:
        motion = with_ratios(motion, [face])
    pastes = crop is not None and args.flag_pasteback and args.flag_stitching
    return Source(
        frame=frame,
        preview=frame if crop is None else crop.image,
        features=engine.encode_source(picture),
        motion=motion,
        x_s=transform_keypoint(motion),
        paste_back=PasteBack(crop.M_c2o, frame.shape[:2]) if crop is not None and pastes else None,
    )


def with_ratios(motion: Motion, faces: list[Face]) -> Motion:
    """The motion with the eye and lip openings that the faces' landmarks show, one face a frame."""
    eyes = np.concatenate([eye_ratios(face.landmarks, face.scheme) for face in faces])
    lips = np.concatenate([lip_ratio(face.landmarks, face.scheme) for face in faces])
    device = motion.R.device
    return replace(motion, eye_ratio=torch.from_numpy(eyes).to(device), lip_ratio=torch.from_numpy(lips).to(device))


def _needs_ratios(args: ArgumentConfig) -> bool:
    return args.flag_eye_retargeting or args.flag_lip_retargeting or args.flag_normalize_lip


def _crop(frame: Rgb, face: Face, args: ArgumentConfig, repeats_border: bool) -> Crop:
    points = face.landmarks if face.still_landmarks is None else face.still_landmarks
    return crop_image(
        frame,
        points,
        face.still_scheme or face.scheme,
        dsize=CROP_SIZE,
        scale=args.scale,
        vx_ratio=args.vx_ratio,
        vy_ratio=args.vy_ratio,
        rotate=args.flag_do_rot,
        border=cv2.BORDER_REPLICATE if repeats_border else cv2.BORDER_CONSTANT,
    )


def _meshes(face: Face | None, crop: Crop | None) -> Meshes | None:
    """The detector's mesh in the coordinates of its crop, if it has one."""
    if face is None or crop is None or face.scheme is not Scheme.MESH478:
        return None
    return mesh_in_crop(face.landmarks, crop.M_o2c, CROP_SIZE)[None]
