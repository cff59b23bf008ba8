"""`Finders`: the face detectors of a run, and which of them looks at what."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.animal_detector import PERSON_SCORE
from ..face.animal_faces import AnimalFaces
from ..face.animal_points import GivenPoints, parse_points
from ..face.face import FaceDetector, Rgb
from .clip import Clip

_log = logging.getLogger(__name__)

Finder = Callable[[], FaceDetector]

_LOOKED_AT, _STEP = 25, 8  # of so many frames of a driver every eighth is looked at to learn whose face it shows


@dataclass(frozen=True)
class Finders:
    """Detectors that are made when they are first called.

    Attributes:
        person: finds people.
        animal: finds animals in pictures: the best there is.
        animal_in_clip: finds animals frame by frame: fast.
    """

    person: Finder
    animal: Finder
    animal_in_clip: Finder

    def of_source(self, clip: Clip, engine: Engine, args: ArgumentConfig) -> Finder:
        """What finds the faces of a source.

        Args:
            clip: the source, within its size limit.
            engine: the model; what the official ones crop by differs.
            args: the kind of source, and the points of an animal's face if they are given.

        Raises:
            InputError: given points that are none.
        """
        if not args.animals:
            return self.person
        official_crop = not engine.reads_meshes
        if args.source_points is None:
            return lambda: AnimalFaces(self.animal(), official_crop=official_crop)
        points = GivenPoints(parse_points(args.source_points), clip.zoom)
        return lambda: AnimalFaces(points, official_crop=official_crop)

    def of_driver(self, clip: Clip, args: ArgumentConfig) -> Finder:
        """What finds the face of a driver: of an animal's video another detector than of a person's."""
        if not args.animals or args.driving_kind == "human":
            return self.person
        if args.driving_kind == "auto" and not self._shows_animal(clip):
            return self.person
        _log.info("driving face of %s: an animal's", clip.label)
        return self._driving_animal

    def of_live_driver(self, args: ArgumentConfig) -> Finder:
        """What finds the face of a driver that comes frame by frame: a person's unless the options say otherwise."""
        return self._driving_animal if args.animals and args.driving_kind == "animal" else self.person

    def no_face(self, what: str, picture: Rgb, args: ArgumentConfig) -> NoFaceError:
        """The error for a source without a face to animate.

        Args:
            what: the source, for the message.
            picture: (H, W, 3) uint8.
            args: whether an animal was looked for.
        """
        if not args.animals:
            return NoFaceError(
                f"no face found in {what}: give a picture that shows a face from the front "
                "(of cats and dogs, to inference_animals.py)"
            )
        if any(face.score >= PERSON_SCORE for face in self.person().detect(picture)):
            return NoFaceError(
                f"{what} shows a person and no animal: inference.py animates people "
                "(if it is an animal: name its eyes, nose and mouth by --source_points)"
            )
        return NoFaceError(
            f"no animal's face found in {what}: give a picture that shows it upright and from the front, "
            "or name its eyes, nose and mouth by --source_points"
        )

    def _driving_animal(self) -> FaceDetector:
        return AnimalFaces(self.animal_in_clip(), turned=True)

    def _shows_animal(self, clip: Clip) -> bool:
        for frame in islice(clip, 0, _LOOKED_AT, _STEP):
            people = self.person().detect(frame)
            if any(face.score >= PERSON_SCORE for face in people):  # looking for an animal takes seconds
                return False
            if self.animal_in_clip().detect(frame):
                return True
            if people:
                return False
        return False
