"""Prepares files in this process, where a test can reach in and no other process has to begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from src.training.prepare.file_record import FileRecord
from src.training.prepare.one_file import Preparer
from src.training.prepare.options import ShotOptions
from src.training.prepare.sources import Source


def prepare_here(folder: Path, options: ShotOptions, sources: Sequence[Source], workers: int) -> Iterator[FileRecord]:
    """What `pool.prepare_files` yields."""
    yield from map(Preparer(folder, options).prepare, sources)
