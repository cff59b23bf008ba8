"""An engine and a detector that need no networks: grey levels are the motion, black frames show no face."""

from __future__ import annotations

import weakref
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from src.engine.engine import SourceFeatures
from src.face.boxes import box_of
from src.face.face import Face, Scheme
from src.media.video_writer import VideoWriter
from src.motion.motion import Motion

BLACK = 16  # grey levels below show no face
OUT = 64  # side of the crops that the engine makes


def grey(level: int, width: int = 128, height: int = 128) -> np.ndarray:
    """A picture (H, W, 3) of one grey level."""
    return np.full((height, width, 3), level, np.uint8)


def make_video(path: Path, levels: list[int], fps: Fraction | int = 25, audio_from: Path | None = None, **size: int):
    """A video whose frames have these grey levels."""
    with VideoWriter(path, fps, audio_from=audio_from) as writer:
        for level in levels:
            writer.write(grey(level, **size))
    return path


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
    """Reads the mean grey level of a crop as motion; draws crops whose grey level is 127 + shift * 255."""

    def __init__(self, name: str = "fake", always_crops_driving: bool = False) -> None:
        self.name, self.device, self.batch_size = name, torch.device("cpu"), 4
        self.reads_meshes, self.always_crops_driving = False, always_crops_driving
        self.crop_size, self.output_size = 256, OUT
        self.neutral_exp, self.repeats_border = torch.zeros(21, 3), False
        self.heads = FakeHeads()
        self.events: list[tuple[str, int]] = []

    def prepare(self, pictures):
        self.events.append(("prepare", len(pictures)))
        return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div(255)

    def encode_source(self, picture):
        return SourceFeatures(picture.mean(dim=(1, 2, 3))[:, None])

    def get_motion(self, pictures, meshes=None, like=None):
        return motion_of(pictures.mean(dim=(1, 2, 3)))

    def record_motion(self):
        return _Recorder(self)

    def warp_decode(self, features, x_s, x_d):
        self.events.append(("render", len(x_d)))
        shift = (x_d - x_s)[..., 0].mean(dim=1)
        return {"out": (0.5 + shift)[:, None, None, None].expand(-1, 3, OUT, OUT)}


class _Recorder:
    def __init__(self, engine):
        self._engine, self._parts, self.shown = engine, [], []

    def add(self, pictures):
        self._parts.append(self._engine.get_motion(pictures))
        self.shown += [True] * len(pictures)

    def motion(self, to_crop=None):
        assert to_crop is None
        return Motion.cat(self._parts)


def face_in(rgb: np.ndarray) -> Face:
    """A face of 203 points upright in the middle of a frame; eyes and lips open with the frame's grey level."""
    height, width = rgb.shape[:2]
    angle = np.linspace(0, 2 * np.pi, 203, endpoint=False)
    points = np.stack([np.sin(angle), -np.cos(angle)], axis=1)  # a circle
    opening = float(rgb.mean()) / 255
    for left, right, top, bottom, x, y, half in (
        (0, 12, 6, 18, -0.4, -0.4, 0.2),
        (24, 36, 30, 42, 0.4, -0.4, 0.2),
        (48, 66, 90, 102, 0.0, 0.5, 0.3),
    ):
        points[[left, right]] = [(x - half, y), (x + half, y)]
        points[[top, bottom]] = [(x, y - half * opening), (x, y + half * opening)]
    points = (points * 0.15 * min(height, width) + [width / 2, height / 2]).astype(np.float32)
    return Face(box_of(points), 0.9, points, Scheme.LMK203)


class FakeDetector:
    """Finds a face in every frame that is not black, and counts how many frames are still held by anybody."""

    name = "fake"

    def __init__(self) -> None:
        self.calls = 0
        self.most_held = 0
        self._seen: list[weakref.ref[np.ndarray]] = []

    def detect(self, rgb):
        self.calls += 1
        self._seen.append(weakref.ref(rgb))
        self.most_held = max(self.most_held, sum(frame() is not None for frame in self._seen))
        return [face_in(rgb)] if rgb.mean() >= BLACK else []

    def follow(self, rgb, previous):
        return next(iter(self.detect(rgb)), None)
