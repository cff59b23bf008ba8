"""Stand-ins for networks and detectors."""

from __future__ import annotations

import numpy as np

from src.face.boxes import box_of
from src.face.face import Face, Scheme


class Net:
    """A network that answers the same to everything and remembers what it was asked."""

    def __init__(self, *outputs):
        self.outputs = list(outputs)
        self.inputs = []

    def __call__(self, blob):
        self.inputs.append(blob)
        return self.outputs


def face_at(x, y, size=10.0, score=0.9):
    """A face whose box is a square with that upper left corner."""
    points = np.zeros((203, 2), np.float32)
    points[:, 0], points[:, 1] = np.linspace(x, x + size, 203), np.linspace(y, y + size, 203)
    return Face(box_of(points), score, points, Scheme.LMK203)


class ScriptedDetector:
    """Answers from a list for every frame; a frame is a picture whose first byte is its number."""

    name = "scripted"

    def __init__(self, detections, follows):
        self.detections, self.follows, self.calls = detections, follows, []

    def detect(self, rgb):
        self.calls.append(("detect", int(rgb[0, 0, 0])))
        return self.detections[rgb[0, 0, 0]]

    def follow(self, rgb, previous):
        self.calls.append(("follow", int(rgb[0, 0, 0])))
        return self.follows[rgb[0, 0, 0]]


def frame(number):
    return np.full((4, 4, 3), number, np.uint8)


def scene(number, seed):
    """A frame of that number which shows a pattern: another seed is another shot."""
    picture = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    picture[0, 0] = number
    return picture
