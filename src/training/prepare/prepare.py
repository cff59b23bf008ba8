"""`prepare()`: a folder of videos and pictures becomes a training folder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path

from ...errors import InputError, MissingFileError
from ..data.index import IndexRow, Split, read_index, write_index
from .file_record import FileRecord, ShotRecord
from .labels import Label, Labels
from .options import WHO, LabelOptions, PrepareOptions
from .pool import cores, prepare_files
from .records import Records
from .remarks import (
    some,
    tell_of_earlier_split,
    tell_of_files,
    tell_of_labels,
    tell_of_leaving,
    tell_of_nobody_held_out,
    tell_of_sides,
)
from .remembered_split import leaving, taken_over, with_remembered
from .report import Report, write_report
from .sources import Source, find_sources
from .split import split_of

logger = logging.getLogger(__name__)

Progress = Callable[[int, int, int], None]
"""Told after every file: files done and files in all, of this run, and frames done."""


def prepare(options: PrepareOptions, progress: Progress = lambda done, total, frames: None) -> Report:
    """Turn a folder of videos and pictures into a training folder, or do what is missing of that.

    The training folder holds `shots/`, `index.csv` and `prepare_report.json`; what was done is remembered in `.state/`.
    When the work is stopped, the index names what is ready. Who is held out is remembered before the work begins: a run
    takes each option about it that it does not give from those before, and warns of people who become training data.

    Args:
        options: all of them.
        progress: told after every file.

    Raises:
        MissingFileError: there is no such input.
        InputError: an option, the labels or the output folder cannot be used (another run is in it, it was made of
            another input, or what it remembers of who is held out is damaged), or the input holds nothing of use.
        WeightsError: the face networks cannot be used.
    """
    options.check()
    source_folder, folder = Path(options.input).expanduser(), Path(options.output).expanduser()
    if folder.resolve() == source_folder.resolve():
        raise InputError(f"--output '{folder}' is --input itself: give another folder, lest shots lie among footage")
    records = Records(folder)
    sources, others = find_sources(source_folder, without=folder)
    if not sources:
        raise InputError(f"'{options.input}' holds no video and no picture")
    report = Report({}, [], others)
    _as_before(options, records, sources)  # what is refused leaves no folder; another run may still be in this one
    with records.hold():
        given = options.about
        options, labels = _as_before(options, records, sources)
        tell_of_earlier_split(taken_over(given, options.about))
        records.begin(options.shots, overwrite=options.overwrite)
        records.keep_input(source_folder, sources)
        records.keep_split(options.about)  # before the work: a run may be killed
        due = _due(options, sources, labels, records, report)
        tell_of_files(report, gone=records.others(sources))
        tell_of_labels(options.about, sources, labels)
        tell_of_leaving(_leaving(folder, sources, labels, options))
        try:
            _run(folder, options, due, report, progress)
        except KeyboardInterrupt:
            logger.warning("left after %d of %d files: the same command goes on", report.done, len(due))
            raise
        finally:
            tell_of_sides(report)
            report.rows = _rows(report, labels, options)
            tell_of_nobody_held_out(report, options.about)
            write_index(folder, report.rows)
            write_report(folder, report.as_dict())
    return report


def _as_before(options: PrepareOptions, records: Records, sources: Sequence[Source]) -> tuple[PrepareOptions, Labels]:
    """The options, with those about who is held out that this run does not give as they were before; and the labels."""
    if not options.overwrite:
        options = replace(options, about=with_remembered(options.about, records.split()))
    labels = Labels(options.about)
    _check_identities(options.about, sources, labels)
    return options, labels


def _leaving(folder: Path, sources: Sequence[Source], labels: Labels, options: PrepareOptions) -> dict[str, int]:
    """Who was held out by the index so far and is trained on now, with the number of their shots."""
    try:
        rows = read_index(folder)
    except (MissingFileError, InputError):  # none yet, or one that this run mends
        return {}
    sides = {source.name: _side(labels.of(source.name), options.about) for source in sources}
    trained = {labels.of(name).identity for name, side in sides.items() if side == "train"}
    return leaving(rows, sides.get, trained)


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
        split=_side(label, about),
        source=record.source,
        licence=label.licence,
        origin=label.origin,
        **measured,
    )


def _side(label: Label, about: LabelOptions) -> Split:
    return split_of(label.identity, about.held_out or (), about.held_out_share or 0.0, about.seed or 0)


def _check_identities(about: LabelOptions, sources: Sequence[Source], labels: Labels) -> None:
    if about.held_out_share and about.identity_from is None:
        if not about.labels:
            raise InputError(WHO)
        unknown = [source.name for source in sources if not labels.names(source.name)]
        if unknown:
            raise InputError(f"of {len(unknown)} files no label says whom they show ({some(unknown)}), but {WHO}")
