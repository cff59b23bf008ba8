"""A little stage: people are squares of one colour that walk before a wall, and a detector knows where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from src.face.boxes import box_overlap
from src.face.face import Face, Scheme

WIDTH, HEIGHT, FACE = 320, 200, 40
RED, GREEN, BLUE, YELLOW = (200, 60, 50), (40, 180, 60), (50, 70, 210), (210, 190, 40)

_POINTS = np.array([[0.25, 0.3], [0.75, 0.3], [0.5, 0.5], [0.3, 0.75], [0.7, 0.75]], np.float32)

Place = tuple[float, float] | None  # upper left corner of the face; None: not there


@dataclass
class Person:
    colour: tuple[int, int, int]
    places: list[Place] = field(default_factory=list)

    def stays(self, place: Place, frames: int) -> Person:
        self.places += [place] * frames
        return self

    def walks(self, start: tuple[float, float], end: tuple[float, float], frames: int) -> Person:
        self.places += [tuple(point) for point in np.linspace(start, end, frames)]
        return self


def face_of(place: tuple[float, float]) -> Face:
    corner = np.asarray(place, np.float32)
    return Face(np.concatenate([corner, corner + FACE]), 0.9, corner + FACE * _POINTS, Scheme.KP5)


class Stage:
    """Frames, and a detector of their faces; people who come later in the list stand before the others.

    Like a network, `follow` takes whichever face is where it looks, so that a covered face's track runs over to the
    one that covers it.
    """

    name = "stage"

    def __init__(self, people: Sequence[Person], shots: Sequence[int] = ()) -> None:
        self.people, self.shots = people, shots
        self.detections = 0
        self.blind: set[int] = set()  # frames in which `detect` finds nothing

    def frame(self, number: int) -> np.ndarray:
        shot = sum(number >= start for start in self.shots)
        wall = np.random.default_rng(shot).integers(60, 200, (5, 8, 1), np.uint8)
        picture = cv2.resize(wall, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)[..., None].repeat(3, 2)
        for person in self.people:
            if person.places[number] is not None:
                x, y = (round(v) for v in person.places[number])
                cv2.rectangle(picture, (x, y), (x + FACE, y + FACE), person.colour, -1)
        picture[0, 0] = number
        return picture

    def shown(self, number: int) -> dict[int, Face]:
        """The faces of which at least half is to be seen, by person."""
        faces = {}
        for i, person in enumerate(self.people):
            if person.places[number] is not None:
                face = face_of(person.places[number])
                before = [other.places[number] for other in self.people[i + 1 :] if other.places[number] is not None]
                if all(box_overlap(face.box, face_of(place).box[None])[0] < 1 / 3 for place in before):
                    faces[i] = face
        return faces

    def detect(self, rgb):
        self.detections += 1
        number = int(rgb[0, 0, 0])
        return [] if number in self.blind else list(self.shown(number).values())

    def follow(self, rgb, previous):
        faces = list(self.shown(int(rgb[0, 0, 0])).values())
        overlaps = [float(box_overlap(previous.box, face.box[None])[0]) for face in faces]
        return faces[int(np.argmax(overlaps))] if max(overlaps, default=0) > 0 else None
