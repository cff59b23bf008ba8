"""`Templates`: the motion of every driver, read once and kept in a folder for all portraits and all runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..errors import Cancelled, LivePortraitError, WriteError
from ..storage.files import Files
from ..storage.places import is_remote, joined
from ..storage.stores import exists
from .fingerprints import Fingerprints

Run = Callable[[ArgumentConfig], object]


class Templates:
    """Motion templates by what they were made of.

    Args:
        folder: where they are kept, a path or a URL.
        make: does a run that makes one.
        files: fetches and stores those of a remote folder.
        fingerprints: marks of contents.
        model: mark of the model.
    """

    def __init__(
        self,
        folder: str,
        make: Run,
        files: Files,
        fingerprints: Fingerprints,
        model: str,
    ) -> None:
        self._folder, self._run, self._files = folder, make, files
        self._fingerprints, self._model = fingerprints, model
        self._refused: dict[str, tuple[type[LivePortraitError], str]] = {}  # an error itself would hold on to frames

    def of(self, driving: Path, args: ArgumentConfig) -> Path:
        """The template of a driver.

        Args:
            driving: a video or folder of pictures.
            args: how its motion is read.

        Raises:
            LivePortraitError: the driver is at fault; of one that was read before, at once.
            StoreError: a remote folder cannot be reached.
            WriteError: the template cannot be written.
        """
        mark = self._fingerprints.motion(driving, args, self._model)
        if mark in self._refused:
            kind, text = self._refused[mark]
            raise kind(text)
        place = joined(self._folder, f"{mark}.safetensors")
        if exists(place):
            return self._files.fetch(place)
        path = self._files.scratch(place) if is_remote(place) else Path(place)
        try:
            self._make(driving, args, path)
        except (Cancelled, WriteError):  # no fault of the driver
            raise
        except LivePortraitError as error:
            self._refused[mark] = type(error), self._files.told(str(error))
            raise
        if not is_remote(place):
            return path
        self._files.store(path, place, "motion template")
        return self._files.fetch(place)

    def _make(self, driving: Path, args: ArgumentConfig, path: Path) -> None:
        alone = replace(args, source=None, driving=str(driving), save_motion_template=str(path))
        # Templates are steadied when they are used: what is kept serves runs with and without it.
        self._run(replace(alone, output=None, source_points=None, smooth=False))
