"""`FaceRecord`: what is kept of one face of a clip while it is tracked. Numbers only, less than a kilobyte a frame."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..engine.engine import Engine, MotionRecorder
from ..face.face import Face, Scheme
from ..face.ratios import openings

_PLACE, _RATIOS = 4, 3
_MESHES_AT_ONCE = 64


class FaceRecord:
    """Place, openings and (for engines that read it) mesh of a face, frame by frame.

    Args:
        engine: the model.
        place: the four numbers that say where a face is to be cropped.
    """

    def __init__(self, engine: Engine, place: Callable[[Face], NDArray[np.floating]]) -> None:
        self._place = place
        self._frames, self._places, self._ratios = array("q"), array("d"), array("d")
        self._meshes: MotionRecorder | None = engine.record_motion() if engine.reads_meshes else None
        self._pending: list[NDArray[np.float32]] = []

    def add(self, index: int, face: Face) -> None:
        """Take the face as frame `index` of the clip shows it; indices ascend."""
        self._frames.append(index)
        self._places.extend(map(float, self._place(face)))
        self._ratios.extend(map(float, openings(face.landmarks, face.scheme)[0]))
        if face.scheme is not Scheme.MESH478:
            self._meshes = None
        if self._meshes is not None:
            self._pending.append(face.landmarks)
            if len(self._pending) == _MESHES_AT_ONCE:
                self._flush(self._meshes)

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def frames(self) -> NDArray[np.int64]:
        """Indices of the frames that show the face, (F,)."""
        return np.array(self._frames, np.int64)

    @property
    def places(self) -> NDArray[np.float64]:
        """Where it is to be cropped, (F, 4)."""
        return np.array(self._places).reshape(-1, _PLACE)

    @property
    def ratios(self) -> NDArray[np.float32]:
        """Openings of left eye, right eye and lips, (F, 3)."""
        return np.array(self._ratios, np.float32).reshape(-1, _RATIOS)

    @property
    def meshes(self) -> MotionRecorder | None:
        """The recorded meshes, where the engine reads meshes and the detector gave them."""
        if self._meshes is not None and self._pending:
            self._flush(self._meshes)
        return self._meshes

    def _flush(self, meshes: MotionRecorder) -> None:
        meshes.add_meshes(np.stack(self._pending))
        self._pending = []
