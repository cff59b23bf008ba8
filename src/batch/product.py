"""Two folders become rows: every portrait with every driver."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from ..errors import InputError, MissingFileError
from ..media.containers import VIDEO_SUFFIXES
from ..media.picture import PICTURE_SUFFIXES
from ..storage.files import Files
from ..storage.places import is_remote, joined, name_of, same, stem_of, suffix_of
from ..storage.stores import listed, reaching
from .row import Row
from .stills import Stills

_log = logging.getLogger(__name__)

_TEMPLATES = {".safetensors", ".pkl"}
_SOURCES = PICTURE_SUFFIXES | VIDEO_SUFFIXES
_DRIVINGS = _SOURCES | _TEMPLATES


def product(sources: str, drivings: str, output_dir: str) -> list[Row]:
    """Every file of one folder driven by every file of another, in the order of their names.

    Args:
        sources: folder of pictures and videos; folders in it and hidden files are passed over.
        drivings: folder of videos, pictures and motion templates, likewise.
        output_dir: folder of the results, <source>--<driving>.mp4; .jpg where both are stills.

    Raises:
        MissingFileError: there is no such folder.
        InputError: nothing of use is in it, or results would go among the inputs.
        StoreError: a remote one cannot be listed.
    """
    for name, folder in (("sources", sources), ("drivings", drivings)):
        if same(folder) == same(output_dir):
            raise InputError(f"--output_dir is the folder of --{name}: the next run would take results for inputs")
    rows: list[Row] = []
    all_drivings = _media(drivings, "drivings", _DRIVINGS)
    all_sources = _media(sources, "sources", _SOURCES)
    _refuse_shared_names(all_sources, "sources")
    _refuse_shared_names(all_drivings, "drivings")
    with closing(Files(0)) as files:
        stills = Stills(files)
        for source in all_sources:
            for driving in all_drivings:
                suffix = ".jpg" if stills.is_still(source) and stills.is_still(driving) else ".mp4"
                name = f"{stem_of(source)}--{stem_of(driving)}{suffix}"
                rows.append(Row(len(rows) + 1, source, (driving,), joined(output_dir, name)))
    return rows


def _refuse_shared_names(places: Collection[str], option: str) -> None:
    """Results are called after their inputs, without suffixes."""
    known: dict[str, str] = {}
    for place in places:
        other = known.setdefault(stem_of(place), place)
        if other is not place:
            both = f"'{name_of(other)}' and '{name_of(place)}'"
            raise InputError(f"results of {both} in --{option} would have the same name: rename one of them")


def _media(folder: str, option: str, suffixes: Collection[str]) -> list[str]:
    names = [name for name in _names(folder, option) if not name.startswith(".")]
    found = sorted((name for name in names if suffix_of(name) in suffixes), key=_natural_order)
    if not found:
        raise InputError(f"the folder --{option} '{folder}' holds no file that ends in {' '.join(sorted(suffixes))}")
    if others := len(names) - len(found):
        _log.info("%d other files of '%s' are passed over", others, folder)
    return [joined(folder, name) for name in found]


def _names(folder: str, option: str) -> list[str]:
    """Names of the files in a folder."""
    try:
        with reaching(folder, f"folder --{option}"):
            if not is_remote(folder):
                return [path.name for path in Path(folder).iterdir() if path.is_file()]
            return [entry.name for entry in listed(folder, f"folder --{option}")]
    except FileNotFoundError as error:
        raise MissingFileError(f"--{option}: there is no folder '{folder}'") from error


def _natural_order(name: str) -> list[tuple[int, int, str]]:
    """Numbers in names count as numbers."""
    return [(0, int(part), part) if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]
