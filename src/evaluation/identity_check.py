"""Whether the face recognition network tells the measured people apart: distances of real frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

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
    person, clip = np.array(people), np.array(clips)
    found: dict[str, list[NDArray[np.float64]]] = {"same_clip": [], "same_person": [], "other_person": []}
    for number in range(len(embeddings) - 1):  # row by row: all differences at once would be 128 numbers a pair
        (distances,) = cdist(embeddings[number : number + 1], embeddings[number + 1 :])
        same_person, same_clip = person[number + 1 :] == person[number], clip[number + 1 :] == clip[number]
        found["same_clip"].append(distances[same_clip])
        found["same_person"].append(distances[same_person & ~same_clip])
        found["other_person"].append(distances[~same_person])
    kinds = {name: np.concatenate([np.empty(0), *parts]) for name, parts in found.items()}
    same = np.concatenate([kinds["same_clip"], kinds["same_person"]])
    return {
        **{name: _summary(distances) for name, distances in kinds.items()},
        "threshold": SAME_PERSON,
        "taken_for_others": _share(same >= SAME_PERSON),
        "taken_for_the_same": _share(kinds["other_person"] < SAME_PERSON),
    }


def _summary(distances: NDArray[np.float64]) -> dict[str, object]:
    shares = _QUANTILES if len(distances) else ()
    return {"pairs": len(distances), **{f"q{100 * share:g}": float(np.quantile(distances, share)) for share in shares}}


def _share(which: NDArray[np.bool_]) -> float | None:
    return float(which.mean()) if len(which) else None
