"""`CropFaceOptions`: what `crop_face.py` can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from .options import AnimalDetectorName, CropOptions, DetectorName, InputOptions, RuntimeOptions


@dataclass
class CropFaceOptions:
    """Which faces are cut out, and how; names and defaults are those of the options for animating."""

    faces: str = InputOptions.faces
    """Faces to cut out: largest, all, or numbers from left to right such as 0,2 (see --list, for pictures)."""
    dsize: int = 512
    """Side of the result in pixels."""
    scale: Annotated[
        float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="(default: 2.3, for a video 2.2)")
    ] = None
    """Size of the crop in face sizes; larger = smaller face."""
    vx_ratio: float = CropOptions.vx_ratio
    """Shift of the crop to the right, in crop sizes."""
    vy_ratio: Annotated[
        float | None, tyro.conf.arg(metavar="FLOAT", help_behavior_hint="(default: -0.125, for a video -0.1)")
    ] = None
    """Shift of the crop downwards; negative = more forehead."""
    animal: bool = False
    """Find the face of a cat or dog."""
    source_points: Annotated[
        Any,
        tyro.conf.arg(
            constructor=tuple[str, str, str, str] | None, metavar="X,Y X,Y X,Y X,Y", help_behavior_hint="(optional)"
        ),
    ] = None
    """With --animal: left eye, right eye (as seen in the picture), nose and mouth, in pixels of the picture."""
    flag_do_rot: bool = CropOptions.flag_do_rot
    """Turn the face of a picture upright; a video is never turned."""
    detector: DetectorName = CropOptions.detector
    """Face detector. insightface's weights are non-commercial: auto means mediapipe."""
    det_thresh: float = CropOptions.det_thresh
    """Smallest score of a face for the detectors insightface and xpose."""
    animal_detector: AnimalDetectorName = CropOptions.animal_detector
    """Detector of animals. xpose's weights are non-commercial: auto takes them only where they lie already."""
    device: str = RuntimeOptions.device
    """auto, cpu, cuda, cuda:1, mps."""
