"""What a user of `prepare()` may not expect, said in the log."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from .labels import Labels
from .options import LabelOptions
from .remembered_split import in_words
from .report import Report
from .sources import Source

logger = logging.getLogger(__name__)

CROPPED = 288  # side of pictures that are cropped already, as the product of a run is
_SHOWN = 10  # names in a message


def tell_of_files(report: Report, gone: int) -> None:
    """What is done already, and what is not done any more.

    Args:
        report: of the run before it begins.
        gone: number of files of earlier runs that are no longer in the input.
    """
    if report.records:
        logger.info("%d files are ready already", len(report.records))
    if report.unusable:
        logger.info("%d files could not be read by an earlier run: --retry tries them again", len(report.unusable))
    if gone:
        logger.info("%d files of earlier runs are no longer in the input: not in the index", gone)


def tell_of_labels(about: LabelOptions, sources: Sequence[Source], labels: Labels) -> None:
    """Files without a label, and people to hold out whom no file shows."""
    without = [source.name for source in sources if source.name not in labels]
    if about.labels and without:
        logger.warning("%d files have no label: %s", len(without), some(without))
    identities = {labels.of(source.name).identity for source in sources}
    strangers = [identity for identity in about.held_out or () if identity not in identities]
    if strangers:
        by_table = sum(labels.names(source.name) for source in sources)
        by_name = by_table < len(sources)
        ways = ["--labels"] * (by_table > 0) + [f"--identity_from {labels.rule}"] * by_name
        logger.warning(
            "no file shows these of the --held_out: %s; by %s there are %d identities: %s%s",
            some(strangers),
            " and ".join(ways),
            len(identities),
            some(sorted(identities)),
            "; --identity_from folder takes the files of a folder for one person"
            if by_name and labels.rule == "file"
            else "",
        )


def tell_of_earlier_split(taken: LabelOptions) -> None:
    """The options that a run takes from those before it, since it does not give them."""
    words = in_words(taken)
    if words:
        logger.info(
            "held out as by the run before: %s (each of these options can be given anew; 0, --held_out alone or "
            "--labels '' take one back, and --overwrite all of them)",
            words,
        )


def tell_of_leaving(shots: Mapping[str, int]) -> None:
    """People who were held out and become training data, with the number of their shots."""
    if shots:
        logger.warning(
            "%d identities with %d shots were held out so far and become training data: %s",
            len(shots),
            sum(shots.values()),
            some(list(shots)),
        )


def tell_of_sides(report: Report) -> None:
    """Pictures that were cropped already and are not as large as ours."""
    sides = Counter(record.side for record in report.records.values() if record.side not in (0, CROPPED))
    if sides:
        logger.warning(
            "%d files are not %d pixels wide (%s): their middle 8/9 is taken for the nominal crop, the rest for margin",
            sides.total(),
            CROPPED,
            some([f"{side}: {count}" for side, count in sides.most_common()]),
        )


def tell_of_nobody_held_out(report: Report, about: LabelOptions) -> None:
    """People were to be held out, and there is nobody who could be measured."""
    if not report.rows or not (about.held_out or about.held_out_share):
        return
    held_out = [row for row in report.rows if row.split == "held_out"]
    people, all_people = ({row.identity for row in rows} for rows in (held_out, report.rows))
    if not any(row.kind == "clip" and row.frames > 1 for row in held_out):
        logger.warning(
            "%d of %d identities are held out%s, so evaluate.py has nothing to measure: name some by --held_out, or "
            "give a larger --held_out_share or another --seed (now %s)",
            len(people),
            len(all_people),
            ", none of them with a clip" if people else "",
            in_words(about),
        )


def some(names: Sequence[str]) -> str:
    """The first ten names, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
