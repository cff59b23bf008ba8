"""The same frames for all methods: a frame in which one of them loses the face counts for none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .averages import ClipFigures, mean_of, with_ratios

Row = dict[str, float]


@dataclass(frozen=True)
class Sample:
    """What one method gave on one clip, before it is known what the others managed.

    Attributes:
        method: its name.
        clip: its name.
        identity: label of the person.
        lost: for every frame that is compared, whether its face was missed.
        figures: what needs no face.
        faces: what needs one, a row a frame (or triple of frames) for each kind; None where it could not be measured.
    """

    method: str
    clip: str
    identity: str
    lost: Sequence[bool]
    figures: Row = field(default_factory=dict)
    faces: dict[str, list[Row | None]] = field(default_factory=dict)


def figures_in_common(samples: Sequence[Sample]) -> list[ClipFigures]:
    """Means of every clip and method over what all methods managed there, in the order that came.

    A method that lost the face in every frame of every clip has no such figures, and so takes none from the others.

    Args:
        samples: every method on every clip.

    Returns:
        With `lost` (share of frames) among the values, and among the counts: frames, lost, and for each kind of rows
        how many were compared.
    """
    hopeless = lost_throughout(samples)
    clips: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.method not in hopeless:
            clips.setdefault(sample.clip, []).append(sample)
    return [_figures(sample, [] if sample.method in hopeless else clips[sample.clip]) for sample in samples]


def lost_throughout(samples: Iterable[Sample]) -> set[str]:
    """Names of the methods that show no face anywhere."""
    alive: dict[str, bool] = {}
    for sample in samples:
        alive[sample.method] = alive.get(sample.method, False) or not all(sample.lost)
    return {method for method, shows in alive.items() if not shows}


def _figures(sample: Sample, peers: Sequence[Sample]) -> ClipFigures:
    """Args: peers are all that are compared on this clip, the sample among them; none: nothing of its faces counts."""
    lost, frames = sum(sample.lost), len(sample.lost)
    values, counts = dict(sample.figures), {"frames": frames, "lost": lost}
    for kind, rows in sample.faces.items():
        others = list(zip(*(peer.faces[kind] for peer in peers), strict=True))
        kept = [row for row, all_rows in zip(rows, others, strict=False) if row and None not in all_rows]
        values |= mean_of(kept)
        counts[kind] = len(kept)
    if frames:
        values["lost"] = lost / frames
    return ClipFigures(sample.method, sample.clip, sample.identity, with_ratios(values), counts)
