"""`benchmark.py`: measure whole runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.table import Table

from ..config.options import ModelName
from .console import run_and_report


@dataclass
class Memory:
    """Peak memory for driving clips of several lengths: it must not grow with them."""

    driving: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: d0.mp4)")] = None
    """Clip that is repeated until it is long enough."""
    seconds: tuple[float, ...] = (5.0, 60.0)
    """Lengths of the clips."""
    model: ModelName = "compact"
    """Model to run."""


@dataclass
class Jitter:
    """How much a result trembles, plain and with --smooth, and what that costs the mouth."""

    source: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: s0.jpg)")] = None
    """Portrait."""
    driving: Annotated[Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: d0.mp4)")] = None
    """Driving clip from a camera that stands still."""
    model: ModelName = "compact"
    """Model to run."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, measure, print a table; returns the exit code."""
    command = tyro.extras.subcommand_cli_from_dict(
        {"memory": Memory, "jitter": Jitter}, description="Measure whole runs.", args=argv, use_underscores=True
    )

    def measure(console: Console) -> None:
        Console().print(_memory(command) if isinstance(command, Memory) else _jitter(command))

    return run_and_report(measure)


def _memory(command: Memory) -> Table:
    from ..benchmark.memory import measure_memory  # torch takes seconds to import: not for --help

    table = Table("clip", "frames", "seconds", "peak memory", "more than the first", title=f"memory, {command.model}")
    first: float | None = None
    driving = command.driving or _example("driving/d0.mp4")
    for use in measure_memory(driving, command.seconds, ["--model", command.model]):
        first = use.peak_mib if first is None else first
        table.add_row(
            f"{use.clip_seconds:g} s",
            str(use.n_frames),
            f"{use.seconds:.1f}",
            f"{use.peak_mib:.0f} MiB",
            f"{use.peak_mib - first:+.0f} MiB",
        )
    return table


def _jitter(command: Jitter) -> Table:
    from ..benchmark.steadiness import measure_steadying

    source, driving = command.source or _example("source/s0.jpg"), command.driving or _example("driving/d0.mp4")
    rows = measure_steadying(source, driving, command.model)
    table = Table(
        "clip", "jitter", "of plain", "mouth range", "of plain", "mouth lag", title=f"jitter, {command.model}"
    )
    plain = rows["plain"]
    for name, row in rows.items():
        table.add_row(
            name,
            f"{row.jitter:.3f} %",
            _share(row.jitter, plain.jitter),
            f"{row.mouth_range:.3f}",
            _share(row.mouth_range, plain.mouth_range),
            f"{row.lag(plain):+d} frames",
        )
    return table


def _share(value: float, of: float) -> str:
    return f"{value / of:.0%}" if of else "-"


def _example(name: str) -> Path:
    from ..weights.paths import assets_dir

    return assets_dir() / "examples" / name
