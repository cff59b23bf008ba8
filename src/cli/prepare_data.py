"""`prepare_data.py`: a folder of videos and pictures becomes a training folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ..training.prepare.options import PrepareOptions
from .console import run_command
from .sheets import Sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..training.prepare.report import Report

DESCRIPTION = """Turn any folder of videos and pictures into the training format.

Every shot (what lies between two hard cuts) of a face becomes one file of crops and mesh landmarks: OUTPUT/shots/.
One row of OUTPUT/index.csv tells of each. A second call does only what is missing.

Examples:
  python prepare_data.py --input footage --output data --identity_from folder --held_out_share 0.1
  python prepare_data.py --input pack --output data --cropped --labels pack/index.json --held_out id119215 id236656"""
_SHOWN = 20  # files in a list


def parse(argv: Sequence[str] | None = None) -> PrepareOptions:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(tyro.conf.OmitArgPrefixes[PrepareOptions], description=DESCRIPTION, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, prepare, report; returns the exit code."""
    return run_command(parse, _prepare, argv)


def _prepare(options: PrepareOptions, console: Console) -> str:
    from ..training.prepare.prepare import prepare  # takes seconds to import: not for --help

    with _FilesBar(console) as bar:
        report = prepare(options, bar)
    for sheet in sheets(report):
        sheet.show()
    return options.output


class _FilesBar:
    """A bar of files, with the frames a second beside it."""

    def __init__(self, console: Console) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files,")
        frames = TextColumn("{task.fields[frames]} frames,")
        self._progress = Progress(*columns, frames, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
        self._task = self._progress.add_task("Preparing", total=None, frames=0)

    def __call__(self, done: int, total: int, frames: int) -> None:
        if total:
            self._progress.start()
            self._progress.update(self._task, completed=done, total=total, frames=frames)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def sheets(report: Report) -> list[Sheet]:
    """What is in the training folder, and what was dropped and why."""
    rows: list[list[str]] = []
    for split in ("train", "held_out"):
        for kind in ("clip", "still"):
            some = [row for row in report.rows if (row.split, row.kind) == (split, kind)]
            people = len({row.identity for row in some})
            rows.append([split, f"{kind}s", str(len(some)), str(sum(row.frames for row in some)), str(people)])
    ready = Sheet("ready", ["split", "", "shots", "frames", "identities"], rows)
    licences = Counter(row.licence for row in report.rows)
    if licences:
        counts = (f"{_visible(name)} ({count})" for name, count in licences.most_common())
        ready.notes.append(f"licences: {', '.join(counts)}")
    result = [ready]
    if report.dropped():
        cells = [[reason, str(frames), str(files)] for reason, (frames, files) in report.dropped().items()]
        result.append(Sheet("dropped", ["why", "frames", "in files"], cells))
    for title, files in (
        ("files that gave no shot", report.empty),
        ("videos and pictures that could not be read", report.unusable),
        ("files with a small face by their label", dict.fromkeys(report.small, "face_px is below --least_face")),
        ("other files, passed over", report.others),
    ):
        if files:
            result.append(_list_of_files(f"{title}: {len(files)}", files))
    return result


def _list_of_files(title: str, files: dict[str, str]) -> Sheet:
    shown = [[_visible(name), _visible(why)] for name, why in list(files.items())[:_SHOWN]]
    more = [f"and {len(files) - _SHOWN} more: see prepare_report.json"] if len(files) > _SHOWN else []
    return Sheet(title, ["file", "why"], shown, more)


def _visible(text: str) -> str:
    """A text that any terminal takes: names of files may hold half characters."""
    return text.encode(errors="backslashreplace").decode()
