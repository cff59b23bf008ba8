"""What a result depends on, as short marks: contents of inputs, options, weights."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..config.options import AppOptions, ModelOptions, RuntimeOptions
from ..errors import InputError, MissingFileError
from ..face.create_detector import auto_animal_detector, auto_detector
from ..media.folder_reader import is_frame
from ..pipeline.inputs import COMPACT
from ..storage.places import is_remote
from ..storage.stores import mark_of
from ..weights.resolve import ResolvedModel
from .columns import with_options
from .row import Row

_MISSING = "missing"
_PLACES = {"source", "driving", "motion_template", "output", "output_dir", "report", "save_motion_template"}
# Where a network runs changes nothing that anybody sees; which weights run is marked by their content.
_NO_MATTER = {field.name for group in (AppOptions, ModelOptions, RuntimeOptions) for field in fields(group)} | _PLACES
_NO_MATTER -= {"precision", "flag_use_half_precision"}  # as given: what auto takes may differ from machine to machine

# All options that the motion read from a driver depends on, but for --smooth, which is applied to templates as well.
SHAPING = (
    *("animals", "driving_kind", "on_missing", "flag_crop_driving_video", "flag_eye_retargeting"),
    *("flag_lip_retargeting", "scale_crop_driving_video", "vx_ratio_crop_driving_video"),
    *("vy_ratio_crop_driving_video", "detector", "det_thresh", "animal_detector", "animal_face_type", "batch_size"),
    *("device", "engine", "precision", "flag_use_half_precision", "flag_do_torch_compile"),
)


class Fingerprints:
    """Marks of contents; a file is read once as long as it does not change.

    Args:
        at_once: all marks are those of one moment: stores are asked once about each of their files.
    """

    def __init__(self, *, at_once: bool = False) -> None:
        self._known: dict[tuple[str, int, int], str] = {}
        self._remote: dict[str, str] | None = {} if at_once else None

    def row(self, row: Row, args: ArgumentConfig, model: str) -> str:
        """The mark of all that decides about the result of a row.

        Args:
            row: the row.
            args: options of rows that say nothing else.
            model: mark of the model.

        Raises:
            StoreError: a remote file cannot be asked about.
        """
        options = vars(with_options(args, row.options))
        chosen = {name: repr(value) for name, value in options.items() if name not in _NO_MATTER}
        return _digest([model, chosen, *(self.content(place) for place in row.inputs)])

    def motion(self, driving: Path, args: ArgumentConfig, model: str) -> str:
        """The mark of all that decides about the motion read from a driver."""
        chosen = {name: repr(getattr(args, name)) for name in SHAPING}
        return _digest([model, chosen, self.content(str(driving))])

    def content(self, place: str) -> str:
        """The mark of what a file or a folder of pictures holds; of a remote one what its store says of it.

        Raises:
            StoreError: a remote file cannot be asked about.
        """
        if is_remote(place):
            return self._of_remote(place)
        try:
            path = Path(place)
            if path.is_dir():
                files = sorted(file for file in path.iterdir() if is_frame(file))
                return _digest([[file.name, self._of_file(file)] for file in files])
            return self._of_file(path)
        except (OSError, ValueError):  # the row will tell what is wrong with it
            return _MISSING

    def _of_remote(self, place: str) -> str:
        if self._remote is not None and place in self._remote:
            return self._remote[place]
        try:
            mark = mark_of(place)
        except (MissingFileError, InputError):
            mark = _MISSING
        if self._remote is not None:
            self._remote[place] = mark
        return mark

    def _of_file(self, path: Path) -> str:
        state = path.stat()
        key = (str(path), state.st_size, state.st_mtime_ns)
        if key not in self._known:
            with path.open("rb") as file:
                self._known[key] = hashlib.file_digest(file, "sha256").hexdigest()
        return self._known[key]


def model_mark(model: ResolvedModel, *, animals: bool) -> str:
    """Name of a model, and a mark of its weights and of the detectors that `auto` takes beside them.

    Args:
        model: whose files are marked.
        animals: the portraits are of animals.
    """
    marks = Fingerprints()
    parts: list[object] = [[role, marks.content(str(path))] for role, path in sorted(model.files.items())]
    parts.append(auto_detector(model.folder, official_model=model.name != COMPACT))
    if animals:
        parts.append(auto_animal_detector(model.folder))
    return f"{model.name}-{_digest(parts)[:12]}"


def _digest(parts: Iterable[object]) -> str:
    return hashlib.sha256(json.dumps(list(parts), sort_keys=True).encode()).hexdigest()[:32]
