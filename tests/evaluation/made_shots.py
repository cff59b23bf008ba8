"""A training folder made of the example paintings: two people, a short clip of each, and a still."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from src.face.crop import crop_image
from src.face.face_mesh import FaceMesh, mesh_of_crop
from src.face.mediapipe_detector import MediapipeDetector
from src.training.data.index import SHOTS, write_index
from src.training.data.shot import ShotWriter
from tests.face.pictures import MODELS, read
from tests.training.index_rows import index_row

SIZE = 288
SHIFTS = ((0, 0), (3, 0), (6, 2), (8, 4), (5, 2))  # pixels by which the clips' frames are moved


def write_data(folder: Path) -> Path:
    """The clips `one_0` and `two_0` and the still `three_0`, held out; `unused_0` of the other split has no file."""
    (folder / SHOTS).mkdir(parents=True)
    rows = []
    for name, painting, shifts in (
        ("one_0", "s9.jpg", SHIFTS),
        ("two_0", "s10.jpg", SHIFTS),
        ("three_0", "s0.jpg", SHIFTS[:1]),
    ):
        crop, mesh = _crop_and_mesh(painting)
        writer = ShotWriter(folder / SHOTS / f"{name}.safetensors")
        for number, (x, y) in enumerate(shifts):
            moved = cv2.warpAffine(
                crop, np.array([[1.0, 0, x], [0, 1, y]]), (SIZE, SIZE), borderMode=cv2.BORDER_REPLICATE
            )
            writer.add(moved, mesh + np.array([2 * x / SIZE, 2 * y / SIZE, 0]), number)
        writer.close()
        rows.append(index_row(name, len(shifts), split="held_out", size=SIZE))
    write_index(folder, [*rows, index_row("unused_0", 5)])
    return folder


def _crop_and_mesh(painting: str) -> tuple[np.ndarray, np.ndarray]:
    picture = read(painting)
    (face,) = MediapipeDetector(MODELS).detect(picture)
    crop = crop_image(
        picture, face.landmarks, face.scheme, dsize=SIZE, scale=2.6, vy_ratio=-0.11, border=cv2.BORDER_REPLICATE
    ).image
    mesh = mesh_of_crop(FaceMesh.open(MODELS), crop)
    assert mesh is not None
    return crop, mesh / (SIZE / 2) - np.array([1.0, 1.0, 0.0])
