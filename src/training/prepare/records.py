"""What is remembered of every input file in `.state/`, so that a later run does only what is missing."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...media.lock import hold
from ..data.index import INDEX, SHOTS, SUFFIX
from .file_record import FileRecord, ShotRecord
from .json_file import read_json, write_json
from .options import LabelOptions, ShotOptions
from .remembered_split import as_json, from_json
from .sources import Source

REPORT = "prepare_report.json"
_STATE = ".state"
_OPTIONS, _INPUT, _SPLIT, _LOCK, _FORMAT = "options.json", "input.json", "split.json", "lock", 3


class FolderError(InputError):
    """The training folder cannot be used: the run ends, whichever file it was at."""


class Records:
    """The records of a training folder.

    Args:
        folder: the training folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._state = folder / _STATE

    def hold(self) -> AbstractContextManager[None]:
        """Keep other runs out of the folder, which is made if it is not there.

        Raises:
            InputError: one is in it, or it holds something else, or it cannot be written to.
        """
        self._refuse_foreign()
        return hold(self._state / _LOCK, self._folder, "another folder")

    def begin(self, options: ShotOptions, *, overwrite: bool) -> None:
        """Make the folder ready for a run.

        Args:
            options: that decide about the shots.
            overwrite: remove what an earlier run left.

        Raises:
            InputError: it was made with other options, holds something else, or cannot be written to.
        """
        wanted = {"format": _FORMAT, **asdict(options)}
        path = self._state / _OPTIONS
        try:
            if overwrite and path.is_file():
                self._clear()
            if path.is_file():
                self._compare(json.loads(path.read_text(encoding="utf-8")), wanted)
            else:
                self._refuse_foreign()
                (self._folder / SHOTS).mkdir(parents=True, exist_ok=True)
                write_json(path, wanted)
            self._sweep()
        except ValueError as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"'{path}' is damaged: use another folder or --overwrite") from error
        except OSError as error:
            raise InputError(f"'{self._folder}' cannot be written to: {error.strerror or error}") from error

    def read(self, source: Source) -> FileRecord | None:
        """The record of a file if it is unchanged and all its shots are there."""
        try:
            content = read_json(self._path(source))
            record = FileRecord(**content | {"shots": [ShotRecord(**shot) for shot in content["shots"]]})
        except (TypeError, KeyError):  # none, or a damaged one: the file is due again
            return None
        there = all(self.shot(shot.name).is_file() for shot in record.shots)
        return record if record.is_of(source) and there else None

    def write(self, source: Source, record: FileRecord) -> None:
        """Remember a file; its shots must lie there. Shots that an earlier version of it had are removed.

        Raises:
            FolderError: it cannot be written.
        """
        written = {shot.name for shot in record.shots}
        try:
            self._remove_shots(source, keep=written)
            write_json(self._path(source), asdict(record))
        except OSError as error:
            raise self._unwritable(error) from error

    def forget(self, source: Source) -> None:
        """Remove the record of a file and all its shots.

        Raises:
            FolderError: they cannot be removed.
        """
        try:
            self._path(source).unlink(missing_ok=True)
            self._remove_shots(source)
        except OSError as error:
            raise self._unwritable(error) from error

    def keep_input(self, folder: Path, sources: Collection[Source]) -> None:
        """Remember the input folder. A second one would take the first one's place: only a folder that moved may.

        Args:
            folder: of the input.
            sources: its files.

        Raises:
            InputError: files of another folder are remembered that are not in this one.
            FolderError: it cannot be written.
        """
        path, here = self._state / _INPUT, str(folder.resolve())
        before = read_json(path).get("folder")
        if before == here:
            return
        lost = self._not_among(sources) if before else 0
        if lost:
            raise InputError(
                f"'{self._folder}' was made from '{before}', of which {lost} files are not in '{here}': name another "
                "--output, or bring both into one folder (links to folders are followed); "
                f"if it is the same folder at a new place, remove '{path}'"
            )
        try:
            write_json(path, {"folder": here})
        except OSError as error:
            raise self._unwritable(error) from error

    def split(self) -> LabelOptions:
        """What decided who is held out, see `remembered_split`; nothing if no run has said it.

        Raises:
            InputError: it is damaged, so nobody knows who was.
        """
        path = self._state / _SPLIT
        try:
            return from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return LabelOptions()
        except (OSError, ValueError) as error:
            raise InputError(
                f"'{path}', which remembers who is held out, is damaged ({error}): remove it and say again who is, by "
                "--held_out, --held_out_share, --seed, --identity_from and --labels"
            ) from error

    def keep_split(self, about: LabelOptions) -> None:
        """Remember what decides who is held out.

        Raises:
            FolderError: it cannot be written.
        """
        try:
            write_json(self._state / _SPLIT, as_json(about))
        except OSError as error:
            raise self._unwritable(error) from error

    def shot(self, name: str) -> Path:
        """The file of a shot."""
        return self._folder / SHOTS / f"{name}{SUFFIX}"

    def others(self, sources: Collection[Source]) -> int:
        """Number of files that are remembered and not among these."""
        known = {self._path(source).name for source in sources}
        return sum(path.name not in known for path in self._paths())

    def _not_among(self, sources: Collection[Source]) -> int:
        """Number of remembered files that none of these is, by name and size: copies may have another time."""
        here = {(source.name, source.bytes) for source in sources}
        remembered = (read_json(path) for path in self._paths())
        return sum((content.get("source"), content.get("bytes")) not in here for content in remembered)

    def _paths(self) -> Iterator[Path]:
        """The records of all files."""
        return (path for path in self._state.glob("*.json") if path.name not in (_OPTIONS, _INPUT, _SPLIT))

    def _path(self, source: Source) -> Path:
        return self._state / f"{source.stem}.json"

    def _remove_shots(self, source: Source, keep: Collection[str] = ()) -> None:
        # All of the name, since that of another file may begin alike.
        name = re.compile(rf"{re.escape(source.stem)}_[0-9]+")
        for path in (self._folder / SHOTS).glob(f"{source.stem}_*{SUFFIX}"):
            if name.fullmatch(path.stem) and path.stem not in keep:
                path.unlink(missing_ok=True)

    def _refuse_foreign(self) -> None:
        if (self._folder / INDEX).exists() and not (self._state / _OPTIONS).is_file():
            raise InputError(f"'{self._folder}' holds an {INDEX} of something else: name another folder")

    def _unwritable(self, error: OSError) -> FolderError:
        return FolderError(f"'{self._folder}' cannot be written to: {error.strerror or error}")

    def _compare(self, made: object, wanted: dict[str, Any]) -> None:
        if not isinstance(made, dict):
            raise ValueError("no object")
        if made.get("format") != _FORMAT:
            raise InputError(
                f"'{self._folder}' was made by another version of prepare_data.py: it can be trained on, but not added "
                "to; use another folder or --overwrite"
            )
        other = [name for name in wanted if made.get(name) != wanted[name]]
        if other:
            told = ", ".join(f"--{name} was {made.get(name)}, now {wanted[name]}" for name in other)
            raise InputError(
                f"'{self._folder}' was made with other options ({told}): use another folder or --overwrite"
            )

    def _clear(self) -> None:
        """Remove all that is ours; the options go last, since the folder counts as ours by them."""
        shots = (self._folder / SHOTS).glob(f"*{SUFFIX}")
        ours = [self._folder / INDEX, self._folder / REPORT, *self._paths(), *shots]
        for path in [*ours, *(self._state / name for name in (_INPUT, _SPLIT, _OPTIONS))]:
            path.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a killed run had begun to write."""
        for folder in (self._folder, self._folder / SHOTS, self._state):
            for path in folder.glob(".*.part*"):
                path.unlink(missing_ok=True)
