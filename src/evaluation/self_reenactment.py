"""Self-reenactment: a clip's neutral frame, driven by the clip itself, against the real frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pipeline.progress import Progress, counted, silent
from .averages import ClipFigures, mean_of
from .choose_frames import neutral_frame, run_of_frames, spread_frames
from .clip import SIDE, Clip, Meshes, Pictures
from .face_parts import areas_of
from .identity import Identity, closeness
from .landmarks import MeshFinder, flicker, landmark_metrics, tremble
from .methods import Method
from .perceptual import Perceptual
from .picture_metrics import picture_metrics

_LEAST_RUN = 3  # frames that a second difference takes


@dataclass(frozen=True)
class Judges:
    """What looks at pictures.

    Attributes:
        finder: of meshes.
        identity: tells people apart; None = not measured.
        perceptual: distance of pictures by the features of a network; None = not measured.
    """

    finder: MeshFinder
    identity: Identity | None = None
    perceptual: Perceptual | None = None


@dataclass(frozen=True)
class _Truth:
    """The real frames of a clip that are measured.

    Attributes:
        source: number of the source frame.
        spread: numbers of the frames that are compared one by one.
        run: numbers of consecutive frames.
        frames: both, each once, in order.
        pictures: of `frames`.
        meshes: the same, as they are found in the pictures.
        faces: embeddings of the source and of `spread`, by number; None if not measured.
    """

    source: int
    spread: list[int]
    run: list[int]
    frames: list[int]
    pictures: Pictures
    meshes: Meshes
    faces: dict[int, NDArray[np.float64]] | None

    def places(self, wanted: Sequence[int]) -> list[int]:
        """Where some frames stand among `frames`."""
        return [self.frames.index(frame) for frame in wanted]


def measure_self(
    clips: Sequence[Clip],
    methods: Sequence[Method],
    judges: Judges,
    *,
    frames_per_clip: int,
    run_length: int,
    progress: Progress = silent,
) -> list[ClipFigures]:
    """Compare every method with the real frames, all on the same ones.

    Args:
        clips: of two frames or more.
        methods: ways to draw.
        judges: what looks at the pictures.
        frames_per_clip: that are compared one by one.
        run_length: consecutive frames for steadiness.
        progress: told about every clip.

    Returns:
        For every clip and method the means over its frames; nan where nothing could be measured.
    """
    figures = []
    for clip in counted(clips, "Self-reenactment", len(clips), progress):
        truth = _truth(clip, judges, frames_per_clip, run_length)
        for method in methods:
            drawn = method.draw(clip, truth.source, truth.frames)
            found = judges.finder.find(drawn, clip.meshes[truth.frames])
            values = _frame_means(truth, drawn, found, judges) | _steadiness(truth, drawn, found)
            figures.append(ClipFigures(method.name, clip.name, clip.identity, values))
    return figures


def _truth(clip: Clip, judges: Judges, frames_per_clip: int, run_length: int) -> _Truth:
    source = neutral_frame(clip.motion)
    spread = spread_frames(len(clip), frames_per_clip, source)
    run = run_of_frames(len(clip), run_length)
    frames = sorted({*spread, *run, source})
    pictures = clip.pictures(frames)
    meshes = judges.finder.find(pictures, clip.meshes[frames])
    # a real frame whose face is missed now keeps the mesh that came with it
    meshes = np.where(np.isnan(meshes), clip.meshes[frames], meshes)
    faces = None
    if judges.identity is not None:
        compared = [source, *spread]
        places = [frames.index(frame) for frame in compared]
        faces = dict(zip(compared, judges.identity.embed(pictures[places], meshes[places]), strict=True))
    return _Truth(source, spread, run, frames, pictures, meshes, faces)


def _frame_means(truth: _Truth, drawn: Pictures, found: Meshes, judges: Judges) -> dict[str, float]:
    rows = []
    for place in truth.places(truth.spread):
        real, mesh = truth.pictures[place], truth.meshes[place]
        row = picture_metrics(drawn[place], real, areas_of(mesh, SIDE))
        row |= landmark_metrics(found[place], mesh, SIDE)
        row["lost"] = float(np.isnan(found[place]).any())
        if judges.perceptual is not None:
            row["lpips"] = judges.perceptual.distance(drawn[place], real)
        rows.append(row | _identity(truth, drawn, found, place, judges))
    return mean_of(rows)


def _identity(truth: _Truth, drawn: Pictures, found: Meshes, place: int, judges: Judges) -> dict[str, float]:
    if judges.identity is None or truth.faces is None or np.isnan(found[place]).any():
        return {}
    (face,) = judges.identity.embed(drawn[place : place + 1], found[place : place + 1])
    to_real, to_source = (closeness(face, truth.faces[frame]) for frame in (truth.frames[place], truth.source))
    return {
        "id_cosine": to_real.cosine,
        "id_distance": to_real.distance,
        "id_cosine_source": to_source.cosine,
        "id_distance_source": to_source.distance,
    }


def _steadiness(truth: _Truth, drawn: Pictures, found: Meshes) -> dict[str, float]:
    """Jitter of landmarks and flicker of the surroundings, each also as a ratio to the real frames'."""
    if len(truth.run) < _LEAST_RUN:
        return {}
    places = truth.places(truth.run)
    outside = np.logical_and.reduce([areas_of(truth.meshes[place], SIDE).outside for place in places])
    jitter, real_jitter = tremble(found[places]), tremble(truth.meshes[places])
    values: Mapping[str, float] = {"jitter": jitter, "jitter_ratio": jitter / real_jitter if real_jitter else np.nan}
    if not outside.any():
        return dict(values)
    background, real = flicker(drawn[places], outside), flicker(truth.pictures[places], outside)
    return {**values, "flicker": background, "flicker_ratio": background / real if real else np.nan}
