"""Rows that would get into each other's way, refused before any work is done."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ..config.argument_config import ArgumentConfig
from ..errors import InputError
from ..storage.places import folder_of, joined, same, stem_of, suffix_of
from .columns import with_options
from .row import Row, numbers


def check_rows(rows: Sequence[Row], args: ArgumentConfig, others: Collection[str]) -> None:
    """Make sure that no result replaces another one, an input, or a file of the job.

    Args:
        rows: all of the job.
        args: options of rows that say nothing else.
        others: places of the manifest and the table.

    Raises:
        InputError: naming the rows.
    """
    outputs: dict[str, list[int]] = {}
    for row in rows:
        for output in written_by(row, args):
            outputs.setdefault(same(output), []).append(row.number)
    _refuse_shared(outputs)
    reading: dict[str, list[int]] = {}
    for row in rows:
        for place in row.inputs:
            reading.setdefault(place, []).append(row.number)
    for place, readers in reading.items():
        if same(place) in outputs:
            writers = numbers(outputs[same(place)])
            raise InputError(f"the output of {writers} would overwrite '{place}', an input of {numbers(readers)}")
    for place in others:
        if same(place) in outputs:
            raise InputError(f"the output of {numbers(outputs[same(place)])} would overwrite '{place}'")


def _refuse_shared(outputs: dict[str, list[int]]) -> None:
    shared = {output: at for output, at in outputs.items() if len(at) > 1}
    if shared:
        output, at = next(iter(shared.items()))
        more = f" ({len(shared) - 1} more outputs are shared as well)" if len(shared) > 1 else ""
        raise InputError(f"{numbers(at)} have the same output '{output}': give each one of its own{more}")


def written_by(row: Row, args: ArgumentConfig) -> Iterator[str]:
    """Places of all files that a row may write."""
    yield row.output
    options = with_options(args, row.options)
    folder, stem = folder_of(row.output), stem_of(row.output)
    if options.concat is True:
        yield joined(folder, f"{stem}_concat{suffix_of(row.output)}")
    if options.animals and options.gif is True and suffix_of(row.output) != ".gif":
        yield joined(folder, f"{stem}.gif")
