"""Figures as tables: for a terminal, and in Markdown."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..benchmark.clip import ClipFigure
    from ..benchmark.footprint import FootprintFigure
    from ..benchmark.modules import ModuleFigure
    from ..benchmark.parity import ParityFigure
    from ..benchmark.peak import PeakFigure
    from ..benchmark.rewrites import RewriteFigure

_WIDE = 160  # columns where nobody's terminal says how many


@dataclass
class Sheet:
    """A table before it is shown.

    Attributes:
        title: what it is about.
        columns: their names.
        rows: cells as text.
        notes: lines below it.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: list[str] = field(default_factory=list)

    def show(self) -> None:
        """Print it to stdout."""
        console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
        # as texts: in names of the user's, brackets would be taken for markup
        table = Table(title=Text(self.title, "table.title"), title_justify="left")
        for column in self.columns:
            table.add_column(Text(column))
        for row in self.rows:
            table.add_row(*map(Text, row))
        console.print(table)
        for note in self.notes:
            console.print(Text(note))

    def markdown(self) -> str:
        """The same as Markdown."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        table = [f"| {' | '.join(map(_in_a_cell, cells))} |" for cells in lines]
        return "\n".join([f"### {self.title}", "", *table, "", *(f"{note}  " for note in self.notes)])


def modules_sheet(title: str, figures: Sequence[ModuleFigure]) -> Sheet:
    """One row a network, batch size and engine."""
    single = any(figure.batch_size > 1 and figure.ratio_single for figure in figures)
    columns = [
        "network",
        "batch",
        "engine",
        "ms a picture",
        "quartiles",
        "x eager",
        *["x eager, batch 1"][: int(single)],
    ]
    rows = [
        [
            figure.module,
            str(figure.batch_size),
            figure.variant,
            _ms(figure.ms_per_picture),
            f"{_ms(figure.timing.low * 1e3 / figure.batch_size)} - {_ms(figure.timing.high * 1e3 / figure.batch_size)}",
            f"{figure.ratio:.2f}",
            *[_or_dash(figure.ratio_single, "{:.2f}")][: int(single)],
            _or_dash(None if figure.gmac is None else figure.gmac / figure.batch_size, "{:.2f}", least=0.01),
            _or_dash(figure.gflops, "{:.0f}", least=1),
            f"{figure.memory_mib:.0f} MiB",
        ]
        for figure in figures
    ]
    return Sheet(title, [*columns, "GMAC", "GFLOP/s", "memory"], rows)


def footprint_sheet(title: str, figures: Sequence[FootprintFigure]) -> Sheet:
    """One row an engine and batch size."""
    rows = [[figure.variant, str(figure.batch_size), f"{figure.memory_mib:.0f} MiB"] for figure in figures]
    return Sheet(title, ["engine", "batch", "memory, weights included"], rows)


def parity_sheet(title: str, figures: Sequence[ParityFigure]) -> Sheet:
    """One row an engine."""
    columns = ["engine", "picture, max", "PSNR", "levels, max", "volume of F, max", "heads of M, max", "asked", ""]
    rows = [
        [
            figure.variant,
            f"{figure.picture:.1e}",
            f"{figure.psnr:.1f} dB" if math.isfinite(figure.psnr) else "equal" if figure.psnr > 0 else "not a number",
            str(figure.levels),
            f"{figure.volume:.1e}",
            _or_dash(figure.heads, "{:.1e}"),
            figure.limit,
            "passes" if figure.passes else "FAILS",
        ]
        for figure in figures
    ]
    judged = [(figure.variant, figure.distances) for figure in figures]
    judged += [(f"{figure.variant}, heads of M", figure.heads_distances) for figure in figures]
    notes = [f"{what}: {distances.words}" for what, distances in judged if distances and distances.words]
    return Sheet(title, columns, rows, notes)


def peak_sheet(title: str, figures: Sequence[PeakFigure]) -> Sheet:
    """One row an operation and precision."""
    rows = [
        [figure.operation, figure.precision, _ms(figure.timing.median * 1e3), f"{figure.gflops:.0f}"]
        for figure in figures
    ]
    return Sheet(title, ["operation", "precision", "ms", "GFLOP/s"], rows)


def rewrites_sheet(title: str, figures: Sequence[RewriteFigure]) -> Sheet:
    """One row a rewrite."""
    rows = [
        [
            figure.name,
            _ms(figure.plain.median * 1e3),
            _ms(figure.fused.median * 1e3),
            f"{figure.plain.median / figure.fused.median:.2f}",
            str(figure.calls),
            _ms(figure.saved * 1e3),
        ]
        for figure in figures
    ]
    return Sheet(title, ["rewrite", "plain, ms", "fused, ms", "times as fast", "times a picture", "saved, ms"], rows)


def clip_sheet(title: str, figures: Sequence[ClipFigure]) -> Sheet:
    """One row an engine; stages in ms a frame."""
    stages = list(dict.fromkeys(stage for figure in figures for stage in figure.busy))
    columns = [
        "engine",
        "fps",
        "x eager",
        "wall",
        *stages,
        "ffmpeg's",
        "networks / wall",
        "cores",
        "start-up",
        "source",
    ]
    rows = [
        [
            figure.variant,
            f"{figure.fps:.1f}",
            f"{figure.ratio:.2f}",
            _ms(figure.wall * 1e3 / figure.n_frames),
            *(_ms(figure.busy.get(stage, 0.0) * 1e3 / figure.n_frames) for stage in stages),
            _ms(figure.encoder * 1e3 / figure.n_frames),
            f"{figure.network_share:.0%}",
            f"{figure.cores:.1f}",
            f"{figure.startup:.1f} s",
            f"{figure.source:.2f} s",
        ]
        for figure in figures
    ]
    frames = figures[0].n_frames if figures else 0
    note = f"{frames} frames; wall and stages in ms a frame; stages overlap; ffmpeg encodes in a process of its own"
    return Sheet(
        title, columns, rows, [note, "start-up (networks loaded, first frames) and source are not in wall and fps"]
    )


def _in_a_cell(text: str) -> str:
    """A text that ends neither its cell nor its row in Markdown."""
    return text.replace("|", "\\|").replace("\n", " ")


def _ms(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _or_dash(value: float | None, form: str, least: float = 0.0) -> str:
    return "-" if value is None or value < least else form.format(value)
