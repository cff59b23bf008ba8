"""Rows that would get into each other's way, refused before any work is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from ..config.argument_config import ArgumentConfig
from ..errors import InputError
from ..storage.places import folder_of, is_remote, joined, same, stem_of, suffix_of
from .columns import with_options
from .row import Row, numbers

_Users = dict[str, list[int]]  # place -> numbers of the rows that use it


def check_rows(rows: Sequence[Row], args: ArgumentConfig, table: str, manifest: str | None) -> None:
    """Make sure that no result and no table replaces another result, an input, or a file of the job.

    Args:
        rows: all of the job.
        args: options of rows that say nothing else.
        table: its place.
        manifest: its place, if there is one.

    Raises:
        InputError: naming the rows.
    """
    alike = cache(same)  # it asks the disk
    outputs: _Users = {}
    for row in rows:
        for output in written_by(row, args):
            outputs.setdefault(alike(output), []).append(row.number)
    _refuse_shared(outputs)
    readers = _readers(rows)
    _refuse_among_inputs(outputs, readers, alike)
    _refuse_table(table, readers, manifest, alike)
    for other in (table, manifest):
        if other is not None and alike(other) in outputs:
            raise InputError(f"the output of {numbers(outputs[alike(other)])} would overwrite '{other}'")


def check_reach(rows: Sequence[Row], table: str) -> None:
    """Make sure that workers which are processes of their own reach the files of a job.

    Raises:
        InputError: a place is in the memory of this process.
    """
    for place in [table, *(place for row in rows for place in (*row.inputs, row.output))]:
        if place.startswith("memory://"):
            raise InputError(f"'{place}' is in the memory of one process: workers of Ray would not find it")


def _refuse_among_inputs(outputs: _Users, readers: _Users, alike: Callable[[str], str]) -> None:
    folders = {alike(folder_of(output)): writers for output, writers in outputs.items()}
    for place, at in readers.items():
        if alike(place) in outputs:
            writers = numbers(outputs[alike(place)])
            raise InputError(f"the output of {writers} would overwrite '{place}', an input of {numbers(at)}")
        if alike(place) in folders:
            writers = numbers(folders[alike(place)])
            raise InputError(f"the output of {writers} would lie in the folder '{place}', an input of {numbers(at)}")


def _refuse_table(table: str, readers: _Users, manifest: str | None, alike: Callable[[str], str]) -> None:
    if manifest is not None and alike(manifest) == alike(table):
        raise InputError(f"the table '{table}' is the manifest: name another --results")
    for place, at in readers.items():
        if alike(place) == alike(table):
            raise InputError(f"the table '{table}' is an input of {numbers(at)}: name another --results")
        # frames of a remote folder are told from a table by their content, which takes fetching
        if is_remote(table) and alike(place) == alike(folder_of(table)):
            raise InputError(f"the table '{table}' would lie in the folder '{place}', an input of {numbers(at)}")


def _readers(rows: Sequence[Row]) -> _Users:
    """Input -> numbers of the rows that read it."""
    readers: _Users = {}
    for row in rows:
        for place in row.inputs:
            readers.setdefault(place, []).append(row.number)
    return readers


def _refuse_shared(outputs: _Users) -> None:
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
