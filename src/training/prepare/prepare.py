"""`prepare()`: a folder of videos and pictures becomes a training folder."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from ...errors import InputError
from ..data.index import IndexRow, write_index
from .labels import Label, Labels
from .options import PrepareOptions
from .pool import cores, prepare_files
from .quality import Reason
from .record import FileRecord, Records, ShotRecord, write_report
from .sources import Source, find_sources
from .split import split_of

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, int], None]
"""Told after every file: files done and files in all, of this run, and frames done."""

_SHOWN = 10  # names in a message


@dataclass
class Report:
    """What became of the input.

    Attributes:
        records: of all files that could be used, by name.
        small: files whose label says that the face is too small, by name.
        others: files that are neither video nor picture, and why.
        rows: of the index.
        done: number of files that this run prepared.
    """

    records: dict[str, FileRecord]
    small: list[str]
    others: dict[str, str]
    rows: list[IndexRow] = field(default_factory=list)
    done: int = 0

    @property
    def unusable(self) -> dict[str, str]:
        """Videos and pictures that could not be read, and why."""
        return {name: record.error for name, record in self.records.items() if record.error}

    @property
    def empty(self) -> dict[str, str]:
        """Files that were read but gave no shot, and the most frequent reason."""
        records = (record for record in self.records.values() if not record.error and not record.shots)
        return {
            record.source: max(record.dropped, key=lambda reason: record.dropped[reason]) if record.dropped else "empty"
            for record in records
        }

    def dropped(self) -> dict[str, tuple[int, int]]:
        """By reason: frames that were dropped, and files in which that happened; in the order of `Reason`."""
        frames, files = Counter[str](), Counter[str]()
        for record in self.records.values():
            frames.update(record.dropped)
            files.update(record.dropped.keys())
        return {reason.value: (frames[reason.value], files[reason.value]) for reason in Reason if frames[reason.value]}

    def as_dict(self) -> dict[str, Any]:
        """All of it for `prepare_report.json`."""
        incomplete = [r for r in self.records.values() if r.dropped or r.error or r.messages]
        return {
            "files": len(self.records) + len(self.small),
            "shots": len(self.rows),
            "frames": {"seen": sum(r.frames for r in self.records.values()), "kept": sum(r.frames for r in self.rows)},
            "dropped": {reason: {"frames": n, "files": m} for reason, (n, m) in self.dropped().items()},
            "incomplete": [
                {"file": r.source, "frames": r.frames, "kept": r.kept}
                | {name: value for name in ("dropped", "error", "messages") if (value := getattr(r, name))}
                for r in incomplete
            ],
            "small": self.small,
            "others": self.others,
        }


def prepare(options: PrepareOptions, progress: Progress = lambda done, total, frames: None) -> Report:
    """Turn a folder of videos and pictures into a training folder, or do what is missing of that.

    The training folder holds `shots/`, `index.csv` and `prepare_report.json`; what was done is remembered in `.state/`.
    When the work is stopped, the index names what is ready.

    Args:
        options: all of them.
        progress: told after every file.

    Raises:
        MissingFileError: there is no such input.
        InputError: an option, the labels or the output folder cannot be used, or the input holds nothing of use.
        WeightsError: the face networks cannot be used.
    """
    options.check()
    source_folder, folder = Path(options.input).expanduser(), Path(options.output).expanduser()
    labels = Labels(options.about)
    sources, others = find_sources(source_folder, without=folder)
    if not sources:
        raise InputError(f"'{options.input}' holds no video and no picture")
    records = Records(folder)
    records.begin(options.shots, overwrite=options.overwrite)
    wanted = [source for source in sources if not _is_small(labels.of(source.name), options)]
    report = Report({}, [s.name for s in sources if s not in set(wanted)], others)
    known = {source: records.read(source) for source in wanted}
    report.records.update({source.name: record for source, record in known.items() if record is not None})
    _tell(options, sources, labels, len(report.records), records.others(sources))
    due = sorted((source for source in wanted if known[source] is None), key=lambda source: -source.bytes)
    try:
        _run(folder, options, due, report, progress)
    finally:
        report.rows = _rows(report, labels, options)
        write_index(folder, report.rows)
        write_report(folder, report.as_dict())
    return report


def _run(folder: Path, options: PrepareOptions, due: Sequence[Source], report: Report, progress: Progress) -> None:
    workers = max(min(options.workers or cores(), len(due)), 1)
    frames = 0
    progress(0, len(due), frames)
    with closing(prepare_files(folder, options.shots, due, workers)) as records:
        for record in records:
            report.records[record.source] = record
            report.done += 1
            frames += record.frames
            for message in filter(None, [record.error, *record.messages]):
                logger.warning("%s", message)
            progress(report.done, len(due), frames)


def _is_small(label: Label, options: PrepareOptions) -> bool:
    return label.face_px is not None and label.face_px < options.shots.least_face


def _rows(report: Report, labels: Labels, options: PrepareOptions) -> list[IndexRow]:
    return [
        _row(record, shot, labels.of(name), options) for name, record in report.records.items() for shot in record.shots
    ]


def _row(record: FileRecord, shot: ShotRecord, label: Label, options: PrepareOptions) -> IndexRow:
    about = options.about
    measured = asdict(shot) | {"fps": Fraction(shot.fps) if shot.fps else None}
    if label.face_px is not None:
        measured["face_px"] = label.face_px
    return IndexRow(
        kind="still" if record.kind == "still" else "clip",
        identity=label.identity,
        split=split_of(label.identity, about.held_out, about.held_out_share, about.seed),
        source=record.source,
        licence=label.licence,
        origin=label.origin,
        **measured,
    )


def _tell(options: PrepareOptions, sources: Sequence[Source], labels: Labels, ready: int, gone: int) -> None:
    """Say what a user may not expect."""
    if ready:
        logger.info("%d files are ready already", ready)
    if gone:
        logger.info("%d files of earlier runs are no longer in the input: not in the index", gone)
    without = [source.name for source in sources if source.name not in labels]
    if options.about.labels is not None and without:
        logger.warning("%d files have no label: %s", len(without), _some(without))
    identities = {labels.of(source.name).identity for source in sources}
    strangers = [identity for identity in options.about.held_out if identity not in identities]
    if strangers:
        logger.warning("no file shows these of the --held_out: %s", _some(strangers))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
