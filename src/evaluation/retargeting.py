"""Whether eyes and lips open as far as they are told to: targets through R_eyes and R_lip, openings in the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor

from ..motion.keypoints import transform_keypoint
from ..motion.mesh_points import opening
from ..motion.motion import Motion
from ..motion.sliders import edit_portrait
from ..pipeline.progress import Progress, counted, silent
from .landmarks import MeshFinder
from .methods import Networks
from .people import Sitter

TARGETS = tuple(round(0.1 * step, 1) for step in range(9))  # 0 to 0.8, the sliders' range
_STEP_BACK = 0.005  # of a ratio: less is the landmarks' noise


@dataclass(frozen=True)
class RetargetingFigure:
    """How one part of the face follows its target, for one set of weights; means over sources.

    Attributes:
        method: its name.
        part: eyes or lips.
        spearman: rank correlation of target and opening.
        monotone: share of steps of the target at which the opening does not shrink by more than 0.005.
        slope: opening gained per unit of the target (least squares).
        slope_to_0_4: the same for targets up to 0.4, beyond which eyes do not open.
        lowest: opening at the target 0.
        highest: opening at the target 0.8.
        openings: mean opening at every target of `TARGETS`.
        sources: that were measured: those in which every set of weights shows a face at every target.
        lost: sources in which this one does not.
    """

    method: str
    part: str
    spearman: float
    monotone: float
    slope: float
    slope_to_0_4: float
    lowest: float
    highest: float
    openings: list[float]
    sources: int
    lost: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without what could not be measured."""
        values = {name: _or_none(value) for name, value in asdict(self).items()}
        return {**values, "openings": [_or_none(value) for value in self.openings], "targets": list(TARGETS)}


def measure_retargeting(
    sitters: Sequence[Sitter], methods: Sequence[Networks], finder: MeshFinder, progress: Progress = silent
) -> list[RetargetingFigure]:
    """Open and close eyes and lips of every source, one after the other, as the editor does (stitched).

    Args:
        sitters: the sources.
        methods: sets of weights.
        finder: of meshes.
        progress: told about every source.

    Returns:
        For every set of weights eyes and lips, all over the same sources. A set that shows no face in any source has
        nan, and takes no source from the others.
    """
    curves: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for sitter in counted(sitters, "Retargeting", len(sitters), progress):
        for method in methods:
            source = method.picture_motion(sitter.clip, sitter.frame)
            features, x_s = method.features(sitter.clip, sitter.frame), transform_keypoint(source)
            for part, edit in _edits(method, source).items():
                x_d = torch.cat([edit(target) for target in TARGETS])
                drawn = method.driven(features, x_s, x_d)
                ratios = opening(finder.find(drawn, np.repeat(sitter.mesh, len(TARGETS), axis=0)))
                curve = ratios[:, :2].mean(1) if part == "eyes" else ratios[:, 2]
                curves.setdefault((method.name, part), []).append(curve)
    return same_sources({key: np.stack(found) for key, found in curves.items()})


def same_sources(curves: Mapping[tuple[str, str], NDArray[np.float64]]) -> list[RetargetingFigure]:
    """Sum up the openings (sources, targets), nan where a face was missed, of every method and part."""
    figures = []
    for (method, part), own in curves.items():
        whole = [np.isfinite(found).all(1) for (_, other), found in curves.items() if other == part]
        shown = [found for found in whole if found.any()]
        mine = np.isfinite(own).all(1)
        kept = own[np.logical_and.reduce(shown)] if mine.any() else own[mine]
        figures.append(replace(figure_of(method, part, kept), lost=int((~mine).sum())))
    return figures


def figure_of(method: str, part: str, curves: NDArray[np.float64]) -> RetargetingFigure:
    """Sum up openings (n, targets) of n sources; nan if there are none."""
    if not len(curves):
        return RetargetingFigure(
            method,
            part,
            spearman=math.nan,
            monotone=math.nan,
            slope=math.nan,
            slope_to_0_4=math.nan,
            lowest=math.nan,
            highest=math.nan,
            openings=[math.nan] * len(TARGETS),
            sources=0,
        )
    ranks = [float(spearmanr(TARGETS, curve).statistic) if np.ptp(curve) else 0.0 for curve in curves]
    mean = curves.mean(0)
    return RetargetingFigure(
        method=method,
        part=part,
        spearman=float(np.mean(ranks)),
        monotone=float((np.diff(curves, axis=1) > -_STEP_BACK).mean()),
        slope=_slope(mean, len(TARGETS)),
        slope_to_0_4=_slope(mean, TARGETS.index(0.4) + 1),
        lowest=float(mean[0]),
        highest=float(mean[-1]),
        openings=[float(value) for value in mean],
        sources=len(curves),
    )


def _slope(curve: NDArray[np.float64], count: int) -> float:
    """Of the first targets; that of a mean is the mean of the slopes."""
    return float(np.polyfit(TARGETS[:count], curve[:count], 1)[0])


def _or_none(value: Any) -> Any:
    """JSON has no nan."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _edits(method: Networks, source: Motion) -> dict[str, Callable[[float], Tensor]]:
    heads = method.engine.heads
    return {
        "eyes": lambda target: edit_portrait(source, {}, heads, eye_target=target),
        "lips": lambda target: edit_portrait(source, {}, heads, lip_target=target),
    }
