"""Self-reenactment: a clip's neutral frame, driven by the clip itself, against the real frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..pipeline.progress import Progress, counted, silent
from .averages import ClipFigures, mean_of
from .choose_frames import neutral_frame, run_of_frames, spread_frames
from .clip import SIDE, Clip, Meshes, Pictures
from .common import Row, Sample, figures_in_common
from .face_parts import areas_of
from .identity import closeness
from .judges import Judges
from .landmarks import flicker, landmark_metrics, tremble
from .methods import Method
from .picture_metrics import Rgb, picture_metrics

_LEAST_RUN = 3  # frames that a second difference takes


@dataclass(frozen=True)
class _Truth:
    """The real frames of a clip that are measured.

    Attributes:
        source: number of the source frame.
        spread: numbers of the frames that are compared one by one.
        run: numbers of consecutive frames.
        frames: both, each once, in order.
        pictures: of `frames`.
        found: meshes that are found in the pictures; nan where the face is missed.
        meshes: the same, with those of the data where the face is missed: they say where to look, but are compared with
            nothing, since they were found in another way.
        faces: embeddings of the source and of `spread`, by number; None if not measured.
    """

    source: int
    spread: list[int]
    run: list[int]
    frames: list[int]
    pictures: Pictures
    found: Meshes
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
        For every clip and method the means over its frames; what is seen in faces, over the frames in which every
        method shows one.
    """
    samples = []
    for clip in counted(clips, "Self-reenactment", len(clips), progress):
        truth = _truth(clip, judges, frames_per_clip, run_length)
        for method in methods:
            drawn = method.draw(clip, truth.source, truth.frames)
            found = judges.finder.find(drawn, clip.meshes[truth.frames])
            samples.append(_sample(method.name, clip, truth, drawn, found, judges))
    return figures_in_common(samples)


def _truth(clip: Clip, judges: Judges, frames_per_clip: int, run_length: int) -> _Truth:
    source = neutral_frame(clip.motion)
    spread = spread_frames(len(clip), frames_per_clip, source)
    run = run_of_frames(clip.numbers.tolist(), run_length)
    frames = sorted({*spread, *run, source})
    pictures = clip.pictures(frames)
    found = judges.finder.find(pictures, clip.meshes[frames])
    meshes = np.where(np.isnan(found), clip.meshes[frames], found)
    faces = None
    if judges.identity is not None:
        compared = [source, *spread]
        places = [frames.index(frame) for frame in compared]
        faces = dict(zip(compared, judges.identity.embed(pictures[places], meshes[places]), strict=True))
    return _Truth(source, spread, run, frames, pictures, found, meshes, faces)


def _sample(name: str, clip: Clip, truth: _Truth, drawn: Pictures, found: Meshes, judges: Judges) -> Sample:
    spread, run = truth.places(truth.spread), truth.places(truth.run)
    return Sample(
        method=name,
        clip=clip.name,
        identity=clip.identity,
        lost=[bool(np.isnan(found[place]).any()) for place in spread],
        figures=mean_of([_picture(truth, drawn[place], place, judges) for place in spread])
        | _flicker(truth, drawn, run),
        faces={
            "faces": [_face(truth, drawn, found, place, judges) for place in spread],
            "triples": _jitter(found[run], truth.found[run]),
        },
    )


def _picture(truth: _Truth, drawn: Rgb, place: int, judges: Judges) -> Row:
    real = truth.pictures[place]
    row = picture_metrics(drawn, real, areas_of(truth.meshes[place], SIDE))
    if judges.perceptual is not None:
        row["lpips"] = judges.perceptual.distance(drawn, real)
    return row


def _face(truth: _Truth, drawn: Pictures, found: Meshes, place: int, judges: Judges) -> Row | None:
    """What needs the face of the result and of the real frame; None if one is missed."""
    if np.isnan(found[place]).any() or np.isnan(truth.found[place]).any():
        return None
    row = landmark_metrics(found[place], truth.found[place], SIDE)
    if judges.identity is None or truth.faces is None:
        return row
    (face,) = judges.identity.embed(drawn[place : place + 1], found[place : place + 1])
    to_real, to_source = (closeness(face, truth.faces[frame]) for frame in (truth.frames[place], truth.source))
    return {
        **row,
        "id_cosine": to_real.cosine,
        "id_distance": to_real.distance,
        "id_cosine_source": to_source.cosine,
        "id_distance_source": to_source.distance,
    }


def _jitter(found: Meshes, real: Meshes) -> list[Row | None]:
    """Of every three frames that follow each other; None where a face is missed in the result or in the real frames."""
    if len(found) < _LEAST_RUN:
        return []
    seen = np.isfinite(found) & np.isfinite(real)
    both = zip(*(tremble(np.where(seen, meshes, np.nan)) for meshes in (found, real)), strict=True)
    return [{"jitter": float(a), "jitter_real": float(b)} if np.isfinite(a + b) else None for a, b in both]


def _flicker(truth: _Truth, drawn: Pictures, run: Sequence[int]) -> Row:
    """Of the surroundings that the face never comes near; nothing where there are none, or no run."""
    outside = np.logical_and.reduce([areas_of(truth.meshes[place], SIDE).outside for place in run])
    if len(run) < _LEAST_RUN or not outside.any():
        return {}
    return {"flicker": flicker(drawn[run], outside), "flicker_real": flicker(truth.pictures[run], outside)}
