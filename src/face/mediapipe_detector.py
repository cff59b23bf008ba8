"""The default detector: MediaPipe's three networks, Apache-2.0, shipped with the project."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Detection
from .boxes import box_of, box_overlap
from .face import Face, Rgb, Scheme
from .face_mesh import PRESENT, FaceMesh, Mesh, region_of_detection, region_of_mesh
from .network import open_network
from .sampling import check_rgb

SHORT_RANGE_FILE = "face_detection_short_range.onnx"
FULL_RANGE_FILE = "face_detection_full_range.onnx"
_SMALL = 0.2  # of the picture's longer side; the short range network was made for faces above it
_SAME_FACE = 0.5  # overlap of two meshes that describe one face


class MediapipeDetector:
    """Finds faces with BlazeFace and describes each by the mesh of 478 points.

    Args:
        folder: holds the three files of `pretrained_weights/mediapipe`.
        device: "cpu" or "cuda:N".
        threshold: least score of a detection, 0..1.

    Raises:
        WeightsError: a file is missing or cannot be used.
    """

    name = "mediapipe"

    def __init__(self, folder: Path, device: str = "cpu", threshold: float = 0.5) -> None:
        folder = Path(folder)
        self._short = BlazeFace(open_network(folder / SHORT_RANGE_FILE, device), SHORT_RANGE, threshold)
        self._full = BlazeFace(open_network(folder / FULL_RANGE_FILE, device), FULL_RANGE, threshold)
        self.mesh = FaceMesh.open(folder, device)

    def detect(self, rgb: Rgb) -> list[Face]:
        """All faces of a picture (H, W, 3) uint8 RGB, largest first; an empty list when there is none.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        faces = self._describe(rgb, self._short(rgb))
        small = _SMALL * max(rgb.shape[:2])
        if all((face.box[2:] - face.box[:2]).max() < small for face in faces):
            faces = self._describe(rgb, self._full(rgb)) + faces
        return sorted(_distinct(faces), key=lambda face: face.area, reverse=True)

    def follow(self, rgb: Rgb, previous: Face) -> Face | None:
        """The same face in the next frame, looked for where its last mesh lies; None when it is lost.

        Raises:
            InputError: not a picture.
        """
        check_rgb(rgb)
        (mesh,) = self.mesh.settle(rgb, [region_of_mesh(previous.landmarks)])
        return _face(mesh, mesh.flag) if mesh.flag > PRESENT else None

    def _describe(self, rgb: Rgb, finds: list[Detection]) -> list[Face]:
        """The finds that the mesh takes for faces, too."""
        meshes = self.mesh.settle(rgb, [region_of_detection(find) for find in finds])
        return [_face(mesh, find.score) for find, mesh in zip(finds, meshes, strict=True) if mesh.flag >= PRESENT]


def _face(mesh: Mesh, score: float) -> Face:
    return Face(box_of(mesh.landmarks), score, mesh.landmarks, Scheme.MESH478)


def _distinct(faces: list[Face]) -> list[Face]:
    """Without the faces that two detections led to."""
    kept: list[Face] = []
    for face in faces:
        if not kept or box_overlap(face.box, np.stack([other.box for other in kept])).max() <= _SAME_FACE:
            kept.append(face)
    return kept
