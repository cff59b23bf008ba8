"""`Expression`: what the sliders of the portrait editor say, kept in a small JSON file, and as motion over time."""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ..errors import InputError, MissingFileError
from .motion import Motion
from .retarget import KeypointNetworks
from .sliders import SLIDERS, edited_motion
from .template import MotionTemplate

FORMAT, VERSION = "liveportrait-expression", 1
HIGHEST_TARGET = 0.8  # opening of eyes and lips
MAX_BYTES = 64 * 2**10
TEMPLATE_FPS = Fraction(25)
_EASE, _HOLD = 25, 25  # frames in which an expression comes, stays and goes


@dataclass(frozen=True)
class Expression:
    """Settings of the portrait editor.

    Attributes:
        sliders: slider name to value (`SLIDERS`); sliders that are missing stay at their default.
        eye_target: eye opening, 0 (closed) to 0.8; None: the portrait's own.
        lip_target: lip opening, likewise.

    Raises:
        InputError: an unknown slider, or a value outside of its range.
    """

    sliders: Mapping[str, float] = field(default_factory=dict, hash=False)
    eye_target: float | None = None
    lip_target: float | None = None

    def __post_init__(self) -> None:
        """Check all values, and keep what cannot be changed from outside."""
        values = {name: _slider_value(name, value) for name, value in self.sliders.items()}
        object.__setattr__(self, "sliders", MappingProxyType(values))
        for name in ("eye_target", "lip_target"):
            target = getattr(self, name)
            if target is not None:
                object.__setattr__(self, name, _checked(name, target, 0.0, HIGHEST_TARGET))

    def motion(self, source: Motion, networks: KeypointNetworks, strength: float = 1.0) -> Motion:
        """The portrait (one frame) with a share of the expression, 0 to 1: see `edited_motion`."""
        return edited_motion(
            source, self.sliders, networks, eye_target=self.eye_target, lip_target=self.lip_target, strength=strength
        )

    def template(self, source: Motion, networks: KeypointNetworks, model: str) -> MotionTemplate:
        """Motion that goes from the portrait to its edited form within a second, stays there for one, and goes back.

        Driven by it, the same portrait takes on the edited form, and another one the same change.

        Args:
            source: the portrait, one frame.
            networks: eye and lip retargeting.
            model: whose keypoints these are.
        """
        rise = [0.5 - 0.5 * math.cos(math.pi * step / _EASE) for step in range(_EASE)]
        shares = [*rise, *([1.0] * _HOLD), 1.0, *reversed(rise)]
        motion = Motion.cat([self.motion(source, networks, share) for share in shares])
        return MotionTemplate(motion, TEMPLATE_FPS, model)


def save_expression(expression: Expression, path: str | Path) -> Path:
    """Write an expression as JSON.

    Raises:
        InputError: the file cannot be written.
    """
    path = Path(path)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "sliders": dict(expression.sliders),
        "eye_target": expression.eye_target,
        "lip_target": expression.lip_target,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"the expression '{path}' cannot be written: {error.strerror or error}") from error
    return path


def load_expression(path: str | Path) -> Expression:
    """Read an expression that `save_expression` wrote.

    Raises:
        MissingFileError: there is no such file.
        InputError: not such a file, or values that no slider has; the message says which.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"there is no expression at '{path}'")
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"'{path.name}' is no expression: the file is too large")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError, OSError) as error:
        raise InputError(f"'{path.name}' is no expression: it cannot be read as JSON") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"'{path.name}' is no expression that the portrait editor saved")
    if content.get("version") != VERSION:
        version = reprlib.repr(content.get("version"))
        raise InputError(f"'{path.name}' is an expression of version {version}, known is {VERSION}")
    sliders = content.get("sliders")
    if not isinstance(sliders, dict):
        raise InputError(f"'{path.name}' is no expression: its sliders are missing")
    return Expression(sliders, content.get("eye_target"), content.get("lip_target"))


def _slider_value(name: str, value: Any) -> float:
    if name not in SLIDERS:
        raise InputError(f"unknown slider {reprlib.repr(name)}; known are {', '.join(SLIDERS)}")
    return _checked(f"slider {name}", value, SLIDERS[name].low, SLIDERS[name].high)


def _checked(name: str, value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InputError(f"{name} must lie between {low} and {high}, got {reprlib.repr(value)}")
    return float(value)
