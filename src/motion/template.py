"""`MotionTemplate`: motion over time, kept in a file (spec: pipeline, section 6).

Two formats: the project's own `.safetensors` (the default), and the official `.pkl`. What a file is, is judged by its
content. Driving needs a template only, no picture of the driver, and none is kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from torch import Tensor

from ..errors import InputError, MissingFileError, TemplateError, WriteError
from . import template_pickle, template_safetensors
from .keypoints import NUM_KP
from .motion import Motion
from .template_pickle import OFFICIAL_MODEL

MAX_BYTES = 256 * 2**20
MAX_FPS = 1000
_CODECS = {".safetensors": template_safetensors, ".pkl": template_pickle}


@dataclass(frozen=True, eq=False)
class MotionTemplate:
    """Motion over time.

    Attributes:
        motion: one entry a frame, n >= 1. Canonical keypoints that are unknown (driving does not need them) are NaN.
        fps: frames a second.
        model: whose keypoints these are: "base" for the official ones, of people and of animals.

    Raises:
        TemplateError: if shapes do not agree or a number is not finite.
    """

    motion: Motion
    fps: Fraction
    model: str = OFFICIAL_MODEL

    def __post_init__(self) -> None:
        """Check shapes, numbers, frame rate and model name."""
        n, motion = self.n_frames, self.motion
        if n < 1:
            raise TemplateError("a motion template needs at least one frame")
        _check("R", motion.R, (n, 3, 3))
        _check("exp", motion.exp, (n, NUM_KP, 3))
        _check("t", motion.t, (n, 3))
        _check("scale", motion.scale, (n, 1))
        _check("kp", motion.kp, (n, NUM_KP, 3), may_be_unknown=True)
        if motion.eye_ratio is not None:
            _check("eye_ratio", motion.eye_ratio, (n, 2))
        if motion.lip_ratio is not None:
            _check("lip_ratio", motion.lip_ratio, (n, 1))
        if not 0 < self.fps <= MAX_FPS:
            raise TemplateError(f"a template's frame rate must lie between 0 and {MAX_FPS}, got {self.fps}")
        if not (0 < len(self.model) <= 64 and self.model.isprintable()):
            raise TemplateError(f"a template's model must be a short name, got {self.model[:80]!r}")

    @property
    def n_frames(self) -> int:
        """Number of frames."""
        return len(self.motion)

    @property
    def is_video(self) -> bool:
        """Whether there is more than a still to follow."""
        return self.n_frames > 1

    def check_model(self, name: str) -> None:
        """Make sure that a model understands these keypoints.

        Raises:
            TemplateError: if they belong to another model.
        """
        if name != self.model:
            official = "base (of animals: --model animals)"
            raise TemplateError(
                f"this motion template holds keypoints of the model {self.model!r} and cannot drive {name!r}: "
                f"use --model {official if self.model == OFFICIAL_MODEL else self.model}, or make a template of the "
                f"driving video with --model {official if name == OFFICIAL_MODEL else name}"
            )


def load_template(path: str | Path) -> MotionTemplate:
    """Read a template of either format; the file's name does not matter.

    Raises:
        MissingFileError: if there is no such file.
        InputError: if it cannot be opened.
        TemplateError: if it is no template, damaged, too large, inconsistent, or holds code (none of it runs).
    """
    path = Path(path)
    if not path.exists():
        raise MissingFileError(f"no motion template at {path}")
    if not path.is_file():
        raise TemplateError(f"{path} is no motion template but a folder")
    if (size := path.stat().st_size) > MAX_BYTES:
        raise TemplateError(f"{path} is {size >> 20} MiB; no motion template is larger than {MAX_BYTES >> 20} MiB")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the motion template {path}: {error.strerror}") from error
    try:
        motion, fps, model = _CODECS[_format(data)].decode(data)
        return MotionTemplate(motion, fps, model)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from error.__cause__


def template_path(path: str | Path) -> Path:
    """Where a template will be written if this name is asked for.

    Args:
        path: `.safetensors` or `.pkl`; without a suffix `.safetensors` is added.

    Raises:
        InputError: for another suffix, or a file that is not ours.
    """
    path = Path(path)
    if not path.suffix:
        path = path.with_name(f"{path.name}.safetensors")
    if path.suffix.lower() not in _CODECS:
        raise InputError(f"a motion template ends in {' or '.join(_CODECS)}, not in {path.suffix!r}: {path}")
    if path.exists() and not _is_ours(path):
        raise InputError(f"{path} exists and is no template that this program wrote: choose another name")
    return path


def save_template(template: MotionTemplate, path: str | Path) -> Path:
    """Write a template; the suffix chooses the format.

    Args:
        template: what to write.
        path: `.safetensors`, or `.pkl` for the official layout; without a suffix `.safetensors` is added. Folders are
            made. A template that this project wrote earlier is replaced, any other file is left alone.

    Returns:
        The path that was written.

    Raises:
        InputError: for another suffix, or a file that is not ours.
        WriteError: for a place that cannot be written.
    """
    path = template_path(path)
    data = _CODECS[path.suffix.lower()].encode(template.motion, template.fps, template.model)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(path, data)
    except OSError as error:
        raise WriteError(f"cannot write the motion template {path}: {error.strerror}") from error
    return path


def _write_whole(path: Path, data: bytes) -> None:
    """Write under another name first, so that no half file ever bears the final one."""
    partial = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _format(data: bytes) -> str:
    """The suffix under which a content is known."""
    if data[:1] == b"\x80":
        return ".pkl"
    if data[8:9] == b"{":
        return ".safetensors"
    raise TemplateError("the file is no motion template")


def _is_ours(path: Path) -> bool:
    """Whether this project wrote a file."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(2**20)
    if head.startswith(template_pickle.PREAMBLE):
        return True
    try:
        return template_safetensors.read_header(head).get("format") == template_safetensors.FORMAT
    except TemplateError:
        return False


def _check(name: str, value: Tensor, shape: tuple[int, ...], may_be_unknown: bool = False) -> None:
    if tuple(value.shape) != shape:
        raise TemplateError(f"the template's {name} must have shape {shape}, got {tuple(value.shape)}")
    if value.isfinite().all() or (may_be_unknown and value.isnan().all()):
        return
    raise TemplateError(f"the template's {name} holds numbers that are not finite")
