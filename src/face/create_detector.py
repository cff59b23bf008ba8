"""From the name of a face detector to one that is ready."""

from __future__ import annotations

import logging
from pathlib import Path

from ..errors import InputError
from ..weights.catalogue import FACE_MODELS
from ..weights.paths import shipped_weights_dir
from ..weights.resolve import face_model_present, resolve_face_model
from .animal_detector import AnimalDetector
from .face import FaceDetector
from .insightface_detector import InsightfaceDetector
from .mediapipe_detector import MediapipeDetector
from .without_people import WithoutPeople
from .xpose_detector import AnimalPoints, XPoseDetector

logger = logging.getLogger(__name__)

_OF_PEOPLE, _OF_ANIMALS = ("mediapipe", "insightface"), ("xpose", "catface")


def auto_detector(weights_dir: Path | None, *, official_model: bool) -> str:
    """Which detector of people "auto" takes; see `create_detector`."""
    return "insightface" if official_model and face_model_present("insightface", weights_dir) else "mediapipe"


def auto_animal_detector(weights_dir: Path | None) -> str:
    """Which detector of animals "auto" takes; see `create_animal_detector`."""
    return "xpose" if face_model_present("xpose", weights_dir) else "catface"


def create_detector(
    name: str = "auto",
    *,
    official_model: bool = False,
    weights_dir: Path | None = None,
    device: str = "cpu",
    threshold: float = 0.15,
) -> FaceDetector:
    """Make the detector of that name.

    Args:
        name: "mediapipe"; "insightface", whose files are fetched if need be, after a line in the log that names their
            non-commercial licence; "auto": insightface if the model is official and the files already lie there, else
            mediapipe.
        official_model: the networks that will animate the face are the official ones.
        weights_dir: folder in the official layout; None for the default one.
        device: "cpu" or "cuda:N".
        threshold: least score of a face for the insightface detector, 0..1.

    Raises:
        InputError: no such detector.
        WeightsError: files are missing and cannot be fetched, or cannot be used.
    """
    if name == "auto":
        name = auto_detector(weights_dir, official_model=official_model)
    if name not in _OF_PEOPLE:
        raise InputError(f"there is no face detector {name!r}: choose one of auto, {', '.join(_OF_PEOPLE)}")
    logger.info("face detector: %s (licence of its networks: %s)", name, FACE_MODELS[name].licence)
    if name == "insightface":
        return InsightfaceDetector.open(resolve_face_model(name, weights_dir), device, threshold)
    return MediapipeDetector(shipped_weights_dir() / "mediapipe", device)


def create_animal_detector(
    name: str = "auto",
    *,
    weights_dir: Path | None = None,
    device: str = "cpu",
    threshold: float = 0.15,
    points: AnimalPoints = "animal_face_9",
) -> FaceDetector:
    """Make the detector of animals of that name; it gives 4, 9 or 68 points.

    Args:
        name: "catface", which ships with the project; "xpose", whose network is fetched if need be, after a line in the
            log that names its non-commercial licence; "auto": xpose if its network already lies there, else catface.
        weights_dir: folder in the official layout; None for the default one.
        device: "cpu", "mps" or "cuda:N".
        threshold: least score of a face for X-Pose, 0..1.
        points: how many points X-Pose looks for.

    Raises:
        InputError: no such detector.
        WeightsError: files are missing and cannot be fetched, or cannot be used.
    """
    if name == "auto":
        name = auto_animal_detector(weights_dir)
    if name not in _OF_ANIMALS:
        raise InputError(f"there is no detector of animals {name!r}: choose one of auto, {', '.join(_OF_ANIMALS)}")
    logger.info("animal detector: %s (licence of its networks: %s)", name, FACE_MODELS[name].licence)
    if name == "xpose":
        xpose = XPoseDetector.open(weights_dir, device, points=points, threshold=threshold)
        return WithoutPeople(xpose, AnimalDetector(shipped_weights_dir(), device))
    return AnimalDetector(shipped_weights_dir(), device)
