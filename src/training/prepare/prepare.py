"""`prepare()`: a folder of videos and pictures becomes a training folder."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

from ...errors import InputError
from ..data.index import IndexRow, write_index
from .file_record import FileRecord, ShotRecord
from .labels import Label, Labels
from .options import WHO, PrepareOptions
from .pool import cores, prepare_files
from .records import Records
from .report import Report, write_report
from .sources import Source, find_sources
from .split import split_of

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, int], None]
"""Told after every file: files done and files in all, of this run, and frames done."""

_SHOWN = 10  # names in a message
_CROPPED = 288  # side of pictures that are cropped already, as the product of a run is


def prepare(options: PrepareOptions, progress: Progress = lambda done, total, frames: None) -> Report:
    """Turn a folder of videos and pictures into a training folder, or do what is missing of that.

    The training folder holds `shots/`, `index.csv` and `prepare_report.json`; what was done is remembered in `.state/`.
    When the work is stopped, the index names what is ready.

    Args:
        options: all of them.
        progress: told after every file.

    Raises:
        MissingFileError: there is no such input.
        InputError: an option, the labels or the output folder cannot be used (another run is in it, or it was made of
            another input), or the input holds nothing of use.
        WeightsError: the face networks cannot be used.
    """
    options.check()
    source_folder, folder = Path(options.input).expanduser(), Path(options.output).expanduser()
    labels = Labels(options.about)
    sources, others = find_sources(source_folder, without=folder)
    if not sources:
        raise InputError(f"'{options.input}' holds no video and no picture")
    _check_identities(options, sources, labels)
    records, report = Records(folder), Report({}, [], others)
    with records.hold():
        records.begin(options.shots, overwrite=options.overwrite)
        records.keep_input(source_folder, sources)
        due = _due(options, sources, labels, records, report)
        _tell(options, sources, labels, report, records.others(sources))
        try:
            _run(folder, options, due, report, progress)
        finally:
            _tell_of_sides(report)
            report.rows = _rows(report, labels, options)
            write_index(folder, report.rows)
            write_report(folder, report.as_dict())
    return report


def _due(
    options: PrepareOptions, sources: Sequence[Source], labels: Labels, records: Records, report: Report
) -> list[Source]:
    """What is to be done, the largest files first; all other files go into the report."""
    due = []
    for source in sources:
        if _is_small(labels.of(source.name), options):
            report.small.append(source.name)
            continue
        record = records.read(source)
        if record is None or (record.error and options.retry):
            due.append(source)
        else:
            report.records[source.name] = record
    return sorted(due, key=lambda source: -source.bytes)


def _run(folder: Path, options: PrepareOptions, due: Sequence[Source], report: Report, progress: Progress) -> None:
    workers = min(options.workers or cores(), len(due))
    frames = 0
    progress(0, len(due), frames)
    if not due:
        return
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
    rows = []
    for name, record in report.records.items():
        label = labels.of(name)
        several = len({shot.person for shot in record.shots}) > 1
        for shot in record.shots:
            identity = f"{label.identity}#{shot.person}" if several else label.identity
            rows.append(_row(record, shot, label, identity, options))
    return rows


def _row(record: FileRecord, shot: ShotRecord, label: Label, identity: str, options: PrepareOptions) -> IndexRow:
    about = options.about
    measured = asdict(shot) | {"fps": Fraction(shot.fps) if shot.fps else None}
    del measured["person"]
    if label.face_px is not None:
        measured["face_px"] = label.face_px
    return IndexRow(
        kind="still" if record.kind == "still" else "clip",
        identity=identity,
        # Of all people of the label at once: one of them may be alone in another file of it.
        split=split_of(label.identity, about.held_out, about.held_out_share, about.seed),
        source=record.source,
        licence=label.licence,
        origin=label.origin,
        **measured,
    )


def _check_identities(options: PrepareOptions, sources: Sequence[Source], labels: Labels) -> None:
    if options.about.held_out_share and options.about.identity_from is None:
        unknown = [source.name for source in sources if not labels.names(source.name)]
        if unknown:
            raise InputError(f"of {len(unknown)} files no label says whom they show ({_some(unknown)}), but {WHO}")


def _tell(options: PrepareOptions, sources: Sequence[Source], labels: Labels, report: Report, gone: int) -> None:
    """Say what a user may not expect."""
    if report.records:
        logger.info("%d files are ready already", len(report.records))
    if report.unusable:
        logger.info("%d files could not be read by an earlier run: --retry tries them again", len(report.unusable))
    if gone:
        logger.info("%d files of earlier runs are no longer in the input: not in the index", gone)
    without = [source.name for source in sources if source.name not in labels]
    if options.about.labels is not None and without:
        logger.warning("%d files have no label: %s", len(without), _some(without))
    identities = {labels.of(source.name).identity for source in sources}
    strangers = [identity for identity in options.about.held_out if identity not in identities]
    if strangers:
        logger.warning("no file shows these of the --held_out: %s", _some(strangers))


def _tell_of_sides(report: Report) -> None:
    sides = Counter(record.side for record in report.records.values() if record.side not in (0, _CROPPED))
    if sides:
        logger.warning(
            "%d files are not %d pixels wide (%s): their middle 8/9 is taken for the nominal crop, the rest for margin",
            sides.total(),
            _CROPPED,
            _some([f"{side}: {count}" for side, count in sides.most_common()]),
        )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
