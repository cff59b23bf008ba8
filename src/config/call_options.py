"""Options given to one call: names checked, command-line spellings understood, the caller's config left as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, get_type_hints

from .argument_config import ArgumentConfig
from .options import AppOptions, InputOptions, ModelOptions, MotionOptions, OutputOptions, RuntimeOptions

_OF_FILES = {field.name for group in (InputOptions, OutputOptions) for field in fields(group)} - {
    "faces",
    "output_size",
    "source_points",
    "driving_kind",
}
_OF_FILES |= {
    "on_missing",
    "align",
    "smooth",
    "driving_smooth_observation_variance",
    "flag_source_video_eye_retargeting",
}


def call_options(args: ArgumentConfig, options: Mapping[str, Any]) -> ArgumentConfig:
    """A copy of the arguments with some options changed.

    Args:
        args: all options.
        options: changes by official name or by a long command-line spelling.

    Raises:
        TypeError: an option that does not exist, that is given twice under two names, or that is fixed when the
            wrapper is made (model, device, detector), or that only the web pages have.
    """
    aliases = _aliases()
    known = {field.name for field in fields(ArgumentConfig)}
    fixed = {field.name for group in (ModelOptions, RuntimeOptions) for field in fields(group)} - {"batch_size"}
    fixed |= {"detector", "det_thresh", "animal_detector", "animal_face_type", "animals", "paste_unstitched"}
    pages = {field.name for field in fields(AppOptions)}
    changes: dict[str, Any] = {}
    for given, value in options.items():
        name = aliases.get(given, given)
        if name not in known:
            raise TypeError(f"execute() has no option {given!r}; the options are those of --help")
        if name in fixed:
            raise TypeError(f"{given!r} is fixed when the wrapper is made: make another LivePortraitWrapper for it")
        if name in pages:
            raise TypeError(f"execute() has no option {given!r}: it belongs to the web pages")
        if name in changes:
            raise TypeError(f"{given!r} repeats the option {name!r} under another name")
        changes[name] = value
    return replace(args, **changes)


def live_options(args: ArgumentConfig, source: Any, options: Mapping[str, Any]) -> ArgumentConfig:
    """The arguments of a source that is driven frame by frame: those about files and whole clips mean nothing there.

    Args:
        args: all options.
        source: the portrait.
        options: changes, as for `call_options`.

    Raises:
        TypeError: as `call_options`, or an option about drivers' files, results' files or whole clips.
    """
    aliases = _aliases()
    for given in options:
        if aliases.get(given, given) in _OF_FILES:
            raise TypeError(f"this call has no option {given!r}: it belongs to files and whole clips")
    return call_options(args, {**options, "source": source})


def retargeting_options(args: ArgumentConfig, source: Any, options: Mapping[str, Any]) -> ArgumentConfig:
    """The arguments of a video whose lips are retargeted: those about a driver's motion mean nothing there.

    Args:
        args: all options.
        source: the video.
        options: changes, as for `call_options`.

    Raises:
        TypeError: as `call_options`, or an option about motion that is carried over.
    """
    aliases = _aliases()
    motion = {field.name for field in fields(MotionOptions)} - {"smooth"}
    for given in options:
        name = aliases.get(given, given)
        if name in motion | {"source"}:
            why = "the video comes first" if name == "source" else "it belongs to the motion of a driver"
            raise TypeError(f"retarget_video() has no option {given!r}: {why}")
    return call_options(args, {**options, "source": source})


def _aliases() -> dict[str, str]:
    """Other long spelling -> official name."""
    found: dict[str, str] = {}
    for name, hint in get_type_hints(ArgumentConfig, include_extras=True).items():
        for note in getattr(hint, "__metadata__", ()):
            for alias in getattr(note, "aliases", None) or ():
                if alias.startswith("--"):
                    found[alias.removeprefix("--").replace("-", "_")] = name
    return found
