"""`evaluate`: all measurements of one run, in order, and what they found."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..pipeline.progress import Progress, silent
from ..training.data.index import IndexRow
from .averages import ClipFigures, counts_in_all, mean_over_clips, mean_over_people, without_nan
from .border import measure_border
from .clip import Clip
from .cross_reenactment import measure_cross
from .data_index import rows_of
from .identity_check import check_identity
from .judges import Judges
from .methods import BASELINES, Method, Networks
from .people import Pair, Sitter, pairs_of, sitters_of
from .plan import PAPER, Plan
from .retargeting import RetargetingFigure, measure_retargeting
from .self_reenactment import measure_self
from .speed import SpeedFigure, measure_speed


@dataclass(frozen=True)
class Material:
    """What is drawn.

    Attributes:
        clips: of several frames.
        sitters: pictures that others drive.
        pairs: who is driven by whom; none where there is one person only.
    """

    clips: list[Clip]
    sitters: list[Sitter]
    pairs: list[Pair]


@dataclass
class Report:
    """What was found.

    Attributes:
        methods: names of the sets of weights, the one in question first, then the baselines.
        not_measured: what was left out, and why.
    """

    methods: list[str]
    self_reenactment: list[ClipFigures] = field(default_factory=list)
    cross: list[ClipFigures] = field(default_factory=list)
    retargeting: list[RetargetingFigure] = field(default_factory=list)
    border: list[ClipFigures] = field(default_factory=list)
    speed: list[SpeedFigure] = field(default_factory=list)
    identity_check: dict[str, object] = field(default_factory=dict)
    not_measured: dict[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether anything was measured."""
        return any((self.self_reenactment, self.cross, self.retargeting, self.border, self.speed))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: means, and everything by clip."""
        return {
            "methods": self.methods,
            "not_measured": self.not_measured,
            "self": _averaged(self.self_reenactment),
            "cross": _averaged(self.cross),
            "border": _averaged(self.border),
            "retargeting": [figure.as_dict() for figure in self.retargeting],
            "speed": [figure.as_dict() for figure in self.speed],
            "identity_check": self.identity_check,
            "paper": PAPER,
        }


def open_material(data: Path, split: str, plan: Plan, most_clips: int | None = None) -> Material:
    """The clips and stills of a split.

    Args:
        data: training folder.
        split: held_out or train.
        plan: how many frames drive others.
        most_clips: so many clips at most, spread over the list; None = all.

    Raises:
        MissingFileError: there is no index.
        InputError: it, or a shot, cannot be read, or there is no clip.
    """
    rows = rows_of(data, split)
    clips = [Clip(row, data) for row in _spread([row for row in rows if row.frames > 1], most_clips)]
    stills = [Clip(row, data) for row in _spread([row for row in rows if row.frames == 1], most_clips)]
    sitters = sitters_of(clips, stills)
    return Material(clips, sitters, pairs_of(sitters, clips, plan.cross_frames))


def evaluate(
    material: Material, networks: Sequence[Networks], judges: Judges, plan: Plan, progress: Progress = silent
) -> Iterator[Report]:
    """Run the measurements of a plan.

    Args:
        material: what is drawn.
        networks: sets of weights, the one in question first.
        judges: what looks at the pictures.
        plan: what is measured.
        progress: told about every step.

    Yields:
        The same report after every measurement, so that what was found so far can be kept.

    Raises:
        LivePortraitError: a shot or weights that cannot be used.
    """
    methods = methods_of(networks)
    report = Report([method.name for method in methods], not_measured=_of_one_person(material, plan))
    parts = set(plan.parts) - set(report.not_measured)
    if "speed" in parts:  # first, while the machine is as free as it gets
        report.speed = measure_speed(networks, material.clips, plan.speed_runs)
    if judges.identity is not None and {"self", "cross"} & parts:  # where it is used
        report.identity_check = check_identity(material.clips, judges.identity, progress=progress)
    yield report
    if "self" in parts:
        report.self_reenactment = measure_self(
            material.clips,
            methods,
            judges,
            frames_per_clip=plan.frames_per_clip,
            run_length=plan.run_length,
            progress=progress,
        )
        report.not_measured |= _unsteady(report.self_reenactment, plan.run_length)
        yield report
    if "retargeting" in parts:
        report.retargeting = measure_retargeting(material.sitters, networks, judges.finder, progress)
        yield report
    if "cross" in parts:
        report.cross = measure_cross(material.pairs, networks, judges, progress)
        yield report
    if "border" in parts:
        report.border = measure_border(material.pairs, networks, progress)
        if not report.border:
            report.not_measured["border"] = "these networks give no flow of the picture"
        yield report


def methods_of(networks: Sequence[Networks]) -> list[Method]:
    """The sets of weights and the baselines that need none."""
    return [*networks, *(baseline() for baseline in BASELINES)]


def _of_one_person(material: Material, plan: Plan) -> dict[str, str]:
    """What takes two people where there is one."""
    if material.pairs:
        return {}
    (who,) = {clip.identity for clip in material.clips}
    why = (
        f"it takes clips of two people, and these show '{who}' only: hold out another one (prepare_data.py --held_out) "
        "or give more --clips"
    )
    names = {"cross": "cross", "border": "border", "sheets": "sheet_cross"}
    return {name: why for part, name in names.items() if part in plan.parts}


def _unsteady(figures: Sequence[ClipFigures], run_length: int) -> dict[str, str]:
    """Why no clip has a figure of steadiness, where that is so."""
    needs = {
        "jitter": "no three frames that follow each other show a face in every row",
        "flicker": "no three frames that follow each other have surroundings that the face never comes near",
    }
    return {
        name: f"{why} (--run_length {run_length}; it takes 3 or more)"
        for name, why in needs.items()
        if not any(math.isfinite(given.values.get(name, math.nan)) for given in figures)
    }


def _averaged(figures: Sequence[ClipFigures]) -> dict[str, Any]:
    names = list(dict.fromkeys(given.method for given in figures))
    return {
        "mean_over_clips": {name: without_nan(mean_over_clips(figures, name)) for name in names},
        "mean_over_people": {name: without_nan(mean_over_people(figures, name)) for name in names},
        "counts": {name: counts_in_all(figures, name) for name in names},
        "clips": [given.as_dict() for given in figures],
    }


def _spread(rows: Sequence[IndexRow], most: int | None) -> list[IndexRow]:
    if most is None or len(rows) <= most:
        return list(rows)
    return [rows[number * len(rows) // most] for number in range(most)]
