"""`KeptSources`: portraits that are driven again and again, found, cropped and encoded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import fields
from threading import Lock

from ..config.argument_config import ArgumentConfig
from ..config.options import OutputOptions
from ..engine.engine import Engine
from ..media.given import Media
from ..media.sniff import MediaKind
from .source import Source

# Options that have no say in what a source is: all others are taken to have one, so that a new option is safe.
_NO_MATTER = {field.name for field in fields(OutputOptions)} - {"output_size"}
_NO_MATTER |= {"source", "driving", "motion_template"}
_NO_MATTER |= {"driving_multiplier", "animation_region", "driving_option", "expression_scale"}
_NO_MATTER |= {"eyes_retargeting_ratio", "lip_retargeting_ratio", "on_missing", "align"}


class KeptSources:
    """The sources that were used last. A run that finds its source here gives the result that it gives without.

    Only picture files are kept: a video's frames are read anew in any case. A file that was changed is another one.
    May be used from several threads, and with several models.

    Args:
        most: sources that are kept; the one that was not used for longest goes first. One takes some ten MiB.
    """

    def __init__(self, most: int = 8) -> None:
        self._most = most
        self._lock = Lock()
        self._sources: OrderedDict[Hashable, Source] = OrderedDict()

    def find(self, media: Media, engine: Engine, args: ArgumentConfig) -> Source | None:
        """The source of a file, if it was kept for the same model and options."""
        key = _key(media, engine, args)
        with self._lock:
            if key is None or key not in self._sources:
                return None
            self._sources.move_to_end(key)
            return self._sources[key]

    def keep(self, source: Source, media: Media, engine: Engine, args: ArgumentConfig) -> None:
        """Remember a source that was read from a file with these options."""
        key = _key(media, engine, args)
        if key is None:
            return
        with self._lock:
            self._sources[key] = source
            self._sources.move_to_end(key)
            while len(self._sources) > self._most:
                self._sources.popitem(last=False)


def _key(media: Media, engine: Engine, args: ArgumentConfig) -> Hashable | None:
    """What a source depends on; None for what is not kept."""
    if media.kind is not MediaKind.PICTURE or media.path is None:
        return None
    state = media.path.stat()
    file = (str(media.path), state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns)
    options = tuple(repr(value) for name, value in sorted(vars(args).items()) if name not in _NO_MATTER)
    return (file, engine, options)
