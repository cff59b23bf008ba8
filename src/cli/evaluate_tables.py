"""The figures of `evaluate.py` as tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..evaluation.plan import PAPER
from .sheets import Sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..evaluation.averages import ClipFigures
    from ..evaluation.evaluation import Report

    _Mean = Callable[[Iterable[ClipFigures], str], dict[str, float]]

# Column -> the figure's name and its form.
_PICTURES = {
    "L1": ("l1", ".4f"),
    "PSNR": ("psnr", ".2f"),
    "SSIM": ("ssim", ".3f"),
    "L1 mouth": ("l1_mouth", ".4f"),
    "L1 eyes": ("l1_eyes", ".4f"),
    "L1 face": ("l1_face", ".4f"),
    "sharpness": ("sharpness", ".2f"),
    "LPIPS": ("lpips", ".4f"),
}
_FACES = {
    "landmarks": ("landmarks", ".4f"),
    "lips": ("landmarks_lips", ".4f"),
    "eyes": ("landmarks_eyes", ".4f"),
    "eye ratio": ("eye_ratio", ".3f"),
    "lip ratio": ("lip_ratio", ".3f"),
    "AKD px": ("akd", ".2f"),
    "id cosine": ("id_cosine", ".3f"),
    "id distance": ("id_distance", ".3f"),
    "to source": ("id_distance_source", ".3f"),
    "jitter": ("jitter_ratio", ".2f"),
    "flicker": ("flicker_ratio", ".2f"),
    "lost": ("lost", ".1%"),
}
_CROSS = {
    "id cosine": ("id_cosine", ".3f"),
    "id distance": ("id_distance", ".3f"),
    "AED": ("aed", ".4f"),
    "APD degrees": ("apd", ".2f"),
    "eye ratio": ("eye_ratio", ".3f"),
    "lip ratio": ("lip_ratio", ".3f"),
    "lost": ("lost", ".1%"),
}
_BORDER = {
    f"{place}, {words}": (f"{place}_{name}", ".2f")
    for place in ("ring", "shoulders")
    for name, words in (("stitched", "with S"), ("unstitched", "without"))
}


# Title -> the lines below the table; what is better is said in words, since not every terminal has arrows.
_NOTES = {
    "pictures, self-reenactment": [
        "better: PSNR and SSIM higher, sharpness near 1 (the real frames'), the others lower",
        f"for scale only: the paper reports, of {PAPER['data']} (other people, crops, size and conventions),"
        f" PSNR {PAPER['psnr']}, SSIM {PAPER['ssim']} and L1 {PAPER['l1']} for self-reenactment",
    ],
    "faces and time, self-reenactment": [
        "better: id cosine higher, jitter and flicker near 1 (the real frames'), the others lower; to source: no aim",
        "distances of meshes in eye distances; ratios: absolute errors; identity against the real frame (below 0.6: the"
        " same person)",
        "landmarks are found by the network from which the compact model's keypoints come (MediaPipe's mesh)",
    ],
    "cross-reenactment": [
        "better: id cosine higher, the others lower; means over the pairs of each source's person, then over people",
        "identity against the source; AED in eye distances; copy = what no motion at all gives",
        "landmarks are found by the network from which the compact model's keypoints come (MediaPipe's mesh)",
    ],
    "motion where nothing should move, cross-reenactment": [
        "better: lower; mean length of the picture's flow in pixels of 512; means over people as above",
    ],
}


def tables_of(report: Report) -> list[Sheet]:
    """A table for every measurement that was made."""
    from ..evaluation.averages import mean_over_clips, mean_over_people

    made = [
        _table("pictures, self-reenactment", report.self_reenactment, _PICTURES, mean_over_clips),
        _table("faces and time, self-reenactment", report.self_reenactment, _FACES, mean_over_clips),
        _table("cross-reenactment", report.cross, _CROSS, mean_over_people),
        _retargeting(report),
        _table("motion where nothing should move, cross-reenactment", report.border, _BORDER, mean_over_people),
        _speed(report),
    ]
    return [sheet for sheet in made if sheet is not None]


def not_measured(report: Report) -> list[str]:
    """A line for everything that was left out, and why."""
    return [f"not measured: {what}: {why}" for what, why in report.not_measured.items()]


def _table(
    title: str, figures: Sequence[ClipFigures], columns: Mapping[str, tuple[str, str]], mean: _Mean
) -> Sheet | None:
    if not figures:
        return None
    means = {name: mean(figures, name) for name in dict.fromkeys(given.method for given in figures)}
    shown = {column: how for column, how in columns.items() if any(how[0] in values for values in means.values())}
    rows = [
        [name, *(_cell(values.get(figure), form) for figure, form in shown.values())] for name, values in means.items()
    ]
    return Sheet(title, ["method", *shown], rows, [*_NOTES[title], _amount(figures, faces=columns in (_FACES, _CROSS))])


def _amount(figures: Sequence[ClipFigures], *, faces: bool) -> str:
    """How much was measured: clips or pairs, people, and frames in which all methods show a face."""
    from ..evaluation.averages import counts_in_all

    clips, people = len({given.clip for given in figures}), len({given.identity for given in figures})
    words = f"{clips} clips or pairs of {people} people, 256 pixels"
    if not faces:
        return words
    # of those that lose every face nothing is compared
    counts = [counts_in_all(figures, name) for name in {given.method for given in figures}]
    compared, frames = (max(count.get(name, 0) for count in counts) for name in ("faces", "frames"))
    return f"{words}; faces: {compared} of {frames} frames, those in which every method shows one"


def _retargeting(report: Report) -> Sheet | None:
    if not report.retargeting:
        return None
    rows = [
        [
            figure.method,
            figure.part,
            _cell(figure.spearman, ".3f"),
            _cell(figure.monotone, ".0%"),
            _cell(figure.slope, ".2f"),
            _cell(figure.slope_to_0_4, ".2f"),
            _cell(figure.lowest, ".3f"),
            _cell(figure.highest, ".3f"),
            str(figure.lost),
        ]
        for figure in report.retargeting
    ]
    columns = ["method", "part", "Spearman", "monotone steps", "slope", "slope to 0.4", "ratio at 0", "ratio at 0.8"]
    notes = [
        "better: higher, but the ratio at 0",
        f"{max(figure.sources for figure in report.retargeting)} sources, those in which every method shows a face at"
        " every target",
    ]
    return Sheet("retargeting: openings for targets 0 to 0.8", [*columns, "lost"], rows, notes)


def _speed(report: Report) -> Sheet | None:
    from ..evaluation.speed import BATCH

    if not report.speed:
        return None
    rows = [
        [
            figure.method,
            f"{figure.ms_per_picture:.1f}",
            f"{figure.timing.low * 1e3 / BATCH:.1f} - {figure.timing.high * 1e3 / BATCH:.1f}",
        ]
        for figure in report.speed
    ]
    note = f"better: lower; 512 pixels, {BATCH} a call, median of {report.speed[0].timing.n}, in turns"
    return Sheet("time of W+G", ["method", "ms a picture", "quartiles"], rows, [note])


def _cell(value: object, form: str) -> str:
    return format(value, form) if isinstance(value, float) and math.isfinite(value) else "-"
