"""Whether the face recognition network tells the measured people apart: distances of real frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..pipeline.progress import Progress, counted, silent
from .choose_frames import spread_frames
from .clip import Clip
from .identity import SAME_PERSON, Identity

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def check_identity(
    clips: Sequence[Clip], identity: Identity, frames_per_clip: int = 4, progress: Progress = silent
) -> dict[str, object]:
    """Distances of frames of one person and of different people.

    Args:
        clips: of all people.
        identity: the network.
        frames_per_clip: that are looked at.
        progress: told about every clip.

    Returns:
        For same_clip, same_person (other clips of that person) and other_person the number of pairs and the quantiles
        of their distances, and the share of wrong answers at dlib's threshold of 0.6.
    """
    embeddings, people, names = [], [], []
    for clip in counted(clips, "Telling people apart", len(clips), progress):
        frames = spread_frames(len(clip), frames_per_clip, without=-1)
        embeddings.append(identity.embed(clip.pictures(frames), clip.meshes[frames]))
        people += [clip.identity] * len(frames)
        names += [clip.name] * len(frames)
    return distances_between(np.concatenate(embeddings), people, names)


def distances_between(
    embeddings: NDArray[np.float64], people: Sequence[str], clips: Sequence[str]
) -> dict[str, object]:
    """Sum up all pairs of embeddings (n, 128) whose people and clips are known: see `check_identity`."""
    first, second = np.triu_indices(len(embeddings), 1)
    distances = np.linalg.norm(embeddings[first] - embeddings[second], axis=-1)
    same_person = np.array(people)[first] == np.array(people)[second]
    same_clip = np.array(clips)[first] == np.array(clips)[second]
    kinds = {"same_clip": same_clip, "same_person": same_person & ~same_clip, "other_person": ~same_person}
    return {
        **{name: _summary(distances[which]) for name, which in kinds.items()},
        "threshold": SAME_PERSON,
        "taken_for_others": _share(distances[same_person] >= SAME_PERSON),
        "taken_for_the_same": _share(distances[~same_person] < SAME_PERSON),
    }


def _summary(distances: NDArray[np.float64]) -> dict[str, object]:
    shares = _QUANTILES if len(distances) else ()
    return {"pairs": len(distances), **{f"q{100 * share:g}": float(np.quantile(distances, share)) for share in shares}}


def _share(which: NDArray[np.bool_]) -> float | None:
    return float(which.mean()) if len(which) else None
