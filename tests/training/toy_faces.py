"""Faces drawn by code, with meshes that fit them: data to train on where no real faces may lie."""

from pathlib import Path

import cv2
import numpy as np

from src.motion.mesh import motion_from_meshes
from src.motion.mesh_points import mean_face
from src.training.data.index import write_index
from src.training.data.shot import ShotWriter

from .index_rows import index_row

SIZE = 288
LOWER_LIP = [14, 87, 317, 91, 181, 321, 405, 17, 84, 314, 178, 402, 88, 318, 95, 324, 146, 375]
LIPS = [61, 40, 37, 0, 267, 270, 291, 321, 405, 17, 181, 91]
MOUTH = [78, 81, 13, 311, 308, 402, 14, 178]
EYES = [[33, 160, 158, 133, 153, 144], [362, 385, 387, 263, 373, 380]]
UPPER_LIDS = {159: 145, 158: 153, 160: 144, 386: 374, 385: 380, 387: 373}
IRISES = [468, 473]
OUTLINE = [10, 297, 284, 389, 454, 361, 397, 378, 152, 149, 172, 132, 234, 162, 54, 67]


def toy_mesh(yaw: float = 0.0, roll: float = 0.0, opened: float = 0.0, shut: float = 0.0, scale: float = 0.62):
    """A mesh (478, 3) in crop coordinates: turned, in radians; mouth and eyes from 0 to 1."""
    mesh = mean_face() / np.abs(mean_face()).max() * scale
    for upper, lower in UPPER_LIDS.items():
        mesh[upper] += (mesh[lower] - mesh[upper]) * shut
    mesh[LOWER_LIP, 1] += 0.12 * scale * opened
    cy, sy, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(roll), np.sin(roll)
    turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return mesh @ turn.T + [0, 0.05, 0]


def toy_picture(mesh, seed: int = 0):
    """A picture (288, 288, 3) uint8 of a face with such a mesh; the seed decides its colours."""
    colours = np.random.default_rng(seed).integers(60, 220, size=(4, 3)).tolist()
    pixels = np.round((mesh[:, :2] + 1) * SIZE / 2).astype(np.int32)
    picture = np.full((SIZE, SIZE, 3), colours[0], np.uint8)
    picture[::16] = colours[1]
    fill = lambda points, colour: cv2.fillPoly(picture, [pixels[points]], colour, cv2.LINE_AA)  # noqa: E731
    fill(OUTLINE, colours[2])
    fill(LIPS, colours[3])
    fill(MOUTH, (40, 10, 10))
    for eye, iris in zip(EYES, IRISES, strict=True):
        fill(eye, (245, 245, 245))
        inside = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(inside, [pixels[eye]], 1)
        disc = np.zeros_like(inside)
        cv2.circle(disc, tuple(map(int, pixels[iris])), 5, 1, -1)
        picture[(inside & disc) > 0] = (20, 40, 20)
    return picture


def toy_clip(frames: int, seed: int):
    """Meshes (T, 478, 3) of a head that turns, talks and blinks."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 2 * np.pi, 4)
    time = np.linspace(0, 2 * np.pi, frames)
    return np.stack(
        [
            toy_mesh(
                yaw=0.2 * np.sin(t + phase[0]),
                roll=0.1 * np.sin(2 * t + phase[1]),
                opened=max(0.0, np.sin(3 * t + phase[2])),
                shut=max(0.0, np.sin(5 * t + phase[3])) ** 4,
            )
            for t in time
        ]
    )


def write_toy_data(folder: Path, clips: int = 3, frames: int = 24, stills: int = 2) -> Path:
    """A training folder of toy faces; the last clip is held out."""
    (folder / "shots").mkdir(parents=True)
    rows = []
    for number in range(clips + stills):
        kind = "clip" if number < clips else "still"
        split = "held_out" if number == clips - 1 else "train"
        row = index_row(
            f"{kind}_{number}", frames if kind == "clip" else 1, identity=f"toy{number}", split=split, size=SIZE
        )
        meshes = toy_clip(row.frames, number)
        writer = ShotWriter(row.path(folder))
        for frame, mesh in enumerate(meshes):
            writer.add(toy_picture(mesh, number), mesh, frame)
        writer.close()
        rows.append(row)
    write_index(folder, rows)
    return folder


def openness(mesh):
    """Ratios of the left eye, the right eye and the lips."""
    motion = motion_from_meshes(mesh[None])
    return [*motion.eye_ratio[0].tolist(), motion.lip_ratio[0].item()]
