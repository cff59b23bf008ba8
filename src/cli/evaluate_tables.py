"""The figures of `evaluate.py` as tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..evaluation.plan import PAPER
from .sheets import Sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..evaluation.averages import ClipFigures
    from ..evaluation.evaluation import Report

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


def tables_of(report: Report) -> list[Sheet]:
    """A table for every measurement that was made."""
    made = [
        _pictures(report),
        _table("faces and time, self-reenactment", report.self_reenactment, _FACES),
        _table("cross-reenactment", report.cross, _CROSS),
        _retargeting(report),
        _table("motion where nothing should move, cross-reenactment", report.border, _BORDER),
        _speed(report),
    ]
    sheets = [sheet for sheet in made if sheet is not None]
    notes = {
        "faces and time, self-reenactment": "distances of meshes in eye distances; ratios: absolute errors; identity"
        " against the real frame (below 0.6: the same person); jitter and flicker: real = 1",
        "cross-reenactment": "identity against the source; AED in eye distances; copy = what no motion at all gives",
        "motion where nothing should move, cross-reenactment": "mean length of the picture's flow in pixels of 512",
    }
    for sheet in sheets:
        if sheet.title in notes:
            sheet.notes.append(notes[sheet.title])
    if sheets:
        sheets[-1].notes += [f"not measured: {what}: {why}" for what, why in report.not_measured.items()]
    return sheets


def _pictures(report: Report) -> Sheet | None:
    sheet = _table("pictures, self-reenactment", report.self_reenactment, _PICTURES)
    if sheet is None:
        return None
    by_figure = {name: PAPER.get(figure) for name, (figure, _) in _PICTURES.items()}
    cells = [_cell(by_figure[column], _PICTURES[column][1]) for column in sheet.columns[1:]]
    sheet.rows = [*sheet.rows, ["the paper's*", *cells]]
    clips = len({given.clip for given in report.self_reenactment})
    people = len({given.identity for given in report.self_reenactment})
    sheet.notes = [
        f"{clips} clips of {people} people, 256 pixels, values in 0..1, sharpness: real = 1",
        f"* for scale only: other people, crops and size ({PAPER['data']})",
    ]
    return sheet


def _table(title: str, figures: Sequence[ClipFigures], columns: Mapping[str, tuple[str, str]]) -> Sheet | None:
    from ..evaluation.averages import mean_over_clips

    if not figures:
        return None
    means = {name: mean_over_clips(figures, name) for name in dict.fromkeys(given.method for given in figures)}
    shown = {column: how for column, how in columns.items() if any(how[0] in mean for mean in means.values())}
    rows = [[name, *(_cell(mean.get(figure), form) for figure, form in shown.values())] for name, mean in means.items()]
    return Sheet(title, ["method", *shown], rows)


def _retargeting(report: Report) -> Sheet | None:
    if not report.retargeting:
        return None
    rows = [
        [
            figure.method,
            figure.part,
            f"{figure.spearman:.3f}",
            f"{figure.monotone:.0%}",
            f"{figure.slope:.2f}",
            f"{figure.slope_to_0_4:.2f}",
            f"{figure.lowest:.3f}",
            f"{figure.highest:.3f}",
        ]
        for figure in report.retargeting
    ]
    columns = ["method", "part", "Spearman", "monotone steps", "slope", "slope to 0.4", "ratio at 0", "ratio at 0.8"]
    return Sheet("retargeting: openings for targets 0 to 0.8", columns, rows)


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
    note = f"512 pixels, {BATCH} a call, median of {report.speed[0].timing.n}, in turns"
    return Sheet("time of W+G", ["method", "ms a picture", "quartiles"], rows, [note])


def _cell(value: object, form: str) -> str:
    return format(value, form) if isinstance(value, float) and math.isfinite(value) else "-"
