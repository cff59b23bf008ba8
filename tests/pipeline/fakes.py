"""Stand-ins that need no networks: grey levels are the motion, what is black shows no face."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from src.engine.engine import SourceFeatures
from src.engine.networks import to_bytes
from src.face.boxes import box_of, box_overlap
from src.face.face import Face, Scheme
from src.motion.mesh_points import mean_face
from src.motion.motion import Motion
from src.pipeline.finders import Finders

BLACK = 16  # grey levels below show no face
OUT = 64  # side of the crops that the engine makes


# Faces ----------------------------------------------------------------------------------------------------------------


def faces_in(rgb: np.ndarray) -> list[Face]:
    """A face in the middle of every stretch of columns that is not black, the brightest one first."""
    bright = rgb.max(axis=(0, 2)) >= BLACK  # (W,)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bright, [False]]).astype(int)))
    faces = []
    for left, right in edges.reshape(-1, 2):
        rows = np.flatnonzero(rgb[:, left:right].max(axis=(1, 2)) >= BLACK)
        top, bottom = rows[0], rows[-1] + 1
        opening = float(rgb[top:bottom, left:right].mean()) / 255
        faces.append((opening, _face((left + right) / 2, (top + bottom) / 2, min(right - left, bottom - top), opening)))
    return [face for _, face in sorted(faces, key=lambda item: -item[0])]


def face_in(rgb: np.ndarray) -> Face:
    """The first face of a frame."""
    return faces_in(rgb)[0]


def _face(x: float, y: float, size: float, opening: float) -> Face:
    """A face of 203 points upright in the middle of a square; eyes and lips open with its grey level."""
    angle = np.linspace(0, 2 * np.pi, 203, endpoint=False)
    points = np.stack([np.sin(angle), -np.cos(angle)], axis=1)  # a circle
    for left, right, top, bottom, dx, dy, half in (
        (0, 12, 6, 18, -0.4, -0.4, 0.2),
        (24, 36, 30, 42, 0.4, -0.4, 0.2),
        (48, 66, 90, 102, 0.0, 0.5, 0.3),
    ):
        points[[left, right]] = [(dx - half, dy), (dx + half, dy)]
        points[[top, bottom]] = [(dx, dy - half * opening), (dx, dy + half * opening)]
    points = (points * 0.15 * size + [x, y]).astype(np.float32)
    return Face(box_of(points), 0.9, points, Scheme.LMK203)


class FakeDetector:
    """Finds a face in everything that is not black, and counts how many frames are still held by anybody."""

    name = "fake"

    def __init__(self) -> None:
        self.calls = 0
        self.most_held = 0
        self._seen: list[weakref.ref[np.ndarray]] = []

    def detect(self, rgb):
        self.calls += 1
        self._seen.append(weakref.ref(rgb))
        self.most_held = max(self.most_held, sum(frame() is not None for frame in self._seen))
        return self.find(rgb)

    def find(self, rgb):
        return faces_in(rgb)

    def follow(self, rgb, previous):
        near = [face for face in self.detect(rgb) if box_overlap(previous.box, face.box[None])[0] > 0]
        return max(near, key=lambda face: box_overlap(previous.box, face.box[None])[0], default=None)


def finders(detector: FakeDetector, animal: FakeDetector | None = None) -> Finders:
    """The detector for everything; animals are found by another one if there is any."""
    return Finders(lambda: detector, lambda: animal or detector, lambda: animal or detector)


class MeshDetector(FakeDetector):
    """Gives the mesh of 478 points instead."""

    def find(self, rgb):
        return [_mesh_face(face) for face in faces_in(rgb)]


class AnimalsDetector(FakeDetector):
    """Gives eyes, nose and mouth instead."""

    def find(self, rgb):
        return [_animal_face(face) for face in faces_in(rgb)]


def _animal_face(face: Face) -> Face:
    middle, size = (face.box[:2] + face.box[2:]) / 2, face.box[2] - face.box[0]
    points = middle + size * np.array([(-0.3, -0.2), (0.3, -0.2), (0, 0.15), (0, 0.3)])
    return Face(face.box, face.score, points.astype(np.float32), Scheme.POINTS4)


def _mesh_face(face: Face) -> Face:
    mean = np.asarray(mean_face(), np.float64)
    middle, size = (face.box[:2] + face.box[2:]) / 2, face.box[2] - face.box[0]
    flat = mean - (mean.max(0) + mean.min(0)) / 2
    mesh = flat * size / np.ptp(flat[:, 0]) + [*middle, 0]
    return Face(face.box, face.score, mesh.astype(np.float32), Scheme.MESH478)


# The model ------------------------------------------------------------------------------------------------------------


def motion_of(levels: torch.Tensor) -> Motion:
    """The motion that the engine reads from grey levels 0..1: a shift to the right."""
    b = len(levels)
    kp = torch.rand(21, 3, generator=torch.Generator().manual_seed(0)).mul(2).sub(1)
    return Motion(
        kp=kp.expand(b, 21, 3),
        R=torch.eye(3).expand(b, 3, 3),
        exp=torch.zeros(b, 21, 3),
        t=torch.stack([levels, torch.zeros(b), torch.zeros(b)], dim=1),
        scale=torch.ones(b, 1),
    )


def levels_of(motion: Motion) -> list[float]:
    """The grey levels that a motion says."""
    return (motion.t[:, 0] * 255).tolist()


class FakeHeads:
    """S changes nothing; R answers with the asked change of opening, as a shift to the right."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def stitch(self, x_s, x_d):
        self.calls.append("stitch")
        return x_d

    def retarget_eye(self, x_s, ratios):
        self.calls.append("eye")
        return self._shift(x_s, ratios[:, -1] - ratios[:, 0])

    def retarget_lip(self, x_s, ratios):
        self.calls.append("lip")
        return self._shift(x_s, ratios[:, -1] - ratios[:, 0])

    @staticmethod
    def _shift(x_s, by):
        delta = torch.zeros_like(x_s).expand(len(by), 21, 3).clone()
        delta[:, :, 0] = by[:, None]
        return delta


class FakeEngine:
    """Reads the mean grey level of a crop as motion; draws crops whose grey level is 127 + shift * 255.

    Attributes:
        events: what was done to how many pictures.
        warped: for every picture made, grey level of the encoded crop and of the source keypoints.
    """

    def __init__(self, name: str = "fake", always_crops_driving: bool = False) -> None:
        self.name, self.keypoints, self.device, self.batch_size = name, name, torch.device("cpu"), 4
        self.moves_absolutely = False
        self.farthest_yaw = math.inf
        self.reads_meshes, self.always_crops_driving = False, always_crops_driving
        self.crop_size, self.output_size = 256, OUT
        self.neutral_exp, self.repeats_border = torch.zeros(21, 3), False
        self.heads = FakeHeads()
        self.events: list[tuple[str, int]] = []
        self.warped: list[tuple[float, float]] = []

    def prepare(self, pictures):
        self.events.append(("prepare", len(pictures)))
        return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div(255)

    def encode_source(self, picture):
        self.events.append(("encode", len(picture)))
        return SourceFeatures(picture.mean(dim=(1, 2, 3))[:, None])

    def get_motion(self, pictures, meshes=None, like=None):
        if pictures is None:
            return motion_of(torch.from_numpy(np.ptp(meshes[..., 0], axis=1) / 2))
        return motion_of(pictures.mean(dim=(1, 2, 3)))

    def record_motion(self):
        return FakeRecorder(self)

    def warp_decode(self, features, x_s, x_d):
        self.events.append(("render", len(x_d)))
        shift = (x_d - x_s)[..., 0].mean(dim=1)
        encoded = features.volume[:, 0].expand(len(x_d))
        keypoints = (x_s - motion_of(torch.zeros(1)).kp)[..., 0].mean(dim=1).expand(len(x_d))
        self.warped += [(float(a) * 255, float(b) * 255) for a, b in zip(encoded, keypoints, strict=True)]
        return {"out": (0.5 + shift)[:, None, None, None].expand(-1, 3, OUT, OUT)}

    def draw(self, features, x_s, x_d):
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"]).numpy()


class FakeRecorder:
    """Collects pictures; or meshes, whose motion is how wide they are in their crops."""

    def __init__(self, engine) -> None:
        self._engine, self._parts, self.shown, self.meshes = engine, [], [], []

    def add(self, pictures):
        self._parts.append(self._engine.get_motion(pictures))
        self.shown += [True] * len(pictures)

    def add_meshes(self, meshes):
        self._engine.events.append(("meshes", len(meshes)))
        self.meshes += list(meshes)
        self.shown += [True] * len(meshes)

    def motion(self, to_crop=None):
        if to_crop is None:
            return Motion.cat(self._parts)
        matrices = np.broadcast_to(to_crop, (len(self.meshes), 3, 3))
        widths = [np.ptp(mesh[:, 0]) * m[0, 0] / 512 for mesh, m in zip(self.meshes, matrices, strict=True)]
        return motion_of(torch.tensor(np.array(widths), dtype=torch.float32))


# Results --------------------------------------------------------------------------------------------------------------


@dataclass
class FakeWriter:
    """Takes the place of a video writer and keeps what it is given."""

    path: Path
    fps: Fraction
    crf: int = 18
    audio_from: Path | None = None
    frames: list[np.ndarray] = field(default_factory=list)
    finished: bool | None = None

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.finished = kind is None

    def write(self, rgb):
        self.frames.append(rgb.copy())
