"""Motion of one face over a whole clip, gaps included: what drivers and source videos have in common."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ..engine.engine import Engine, Meshes
from ..face.face import Face, Rgb, Scheme
from ..face.landmarks import mesh_in_crop
from ..motion.interpolate import fill_gaps
from ..motion.motion import Motion
from .face_record import FaceRecord
from .framing import CROP_SIZE
from .progress import batched

Gaps = Literal["hold", "interpolate"]


@dataclass(frozen=True, eq=False)
class ClipMotion:
    """Motion of the frames of a clip that show the face.

    Attributes:
        motion: F frames.
        frames: their indices in the clip, ascending, (F,).
    """

    motion: Motion
    frames: NDArray[np.int64]

    def shown(self, n_frames: int) -> NDArray[np.bool_]:
        """Which of the clip's frames show the face, (n_frames,)."""
        shown = np.zeros(n_frames, bool)
        shown[self.frames] = True
        return shown

    def filled(self, n_frames: int, how: Gaps) -> Motion:
        """Motion of all frames of the clip; `how` says what those without a face get."""
        shown = self.shown(n_frames)
        return self.motion if shown.all() else fill_gaps(self.motion, shown.tolist(), how)


def motion_of_record(record: FaceRecord, to_crop: NDArray[np.floating]) -> ClipMotion:
    """Motion from the meshes of a record.

    Args:
        record: with meshes.
        to_crop: from picture pixels to the 512 crop, (3, 3) or one a frame (F, 3, 3).
    """
    assert record.meshes is not None, "the engine reads meshes and the detector gives them"
    return ClipMotion(with_ratios(record.meshes.motion(to_crop), record.ratios), record.frames)


def motion_of_views(
    views: Generator[tuple[int, Rgb], None, None], record: FaceRecord, engine: Engine, batch_size: int | None
) -> ClipMotion:
    """Motion from the pictures of a face.

    Args:
        views: index and crop of the frames to be read, all crops of one size; closed at the end and after errors.
        record: openings of eyes and lips in these frames; empty where nothing was tracked.
        engine: the model.
        batch_size: pictures that go through the network at once; None = what suits the engine.

    Raises:
        NoFaceError: the engine looks for the face itself and finds none.
    """
    recorder, read = engine.record_motion(), []
    with closing(views):
        for batch in batched(views, batch_size or engine.batch_size):
            read += [index for index, _ in batch]
            recorder.add(engine.prepare(np.stack([view for _, view in batch])))
    motion, frames = recorder.motion(), np.array(read, np.int64)[np.array(recorder.shown, bool)]
    if len(record):
        motion = with_ratios(motion, record.ratios[np.searchsorted(record.frames, frames)])
    return ClipMotion(motion, frames)


def with_ratios(motion: Motion, ratios: NDArray[np.float32]) -> Motion:
    """The motion with openings of left eye, right eye and lips, (B, 3), as the landmarks show them."""
    measured = torch.from_numpy(ratios).to(motion.R.device)
    return replace(motion, eye_ratio=measured[:, :2], lip_ratio=measured[:, 2:])


def mesh_of(face: Face, to_crop: NDArray[np.floating]) -> Meshes | None:
    """The detector's mesh in the coordinates of a 512 crop, (1, 478, 3); None if it found other landmarks.

    Args:
        face: in pixels of the picture.
        to_crop: (3, 3) matrix from those to pixels of the crop.
    """
    if face.scheme is not Scheme.MESH478:
        return None
    return mesh_in_crop(face.landmarks, to_crop.astype(np.float32), CROP_SIZE)[None]
