"""Motion templates in the project's own format: safetensors, with what is no tensor in the JSON header.

The header holds format, version, model, frame rate (a fraction) and frame count, and nothing about where the motion
came from.
"""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ..errors import TemplateError
from .motion import Motion

FORMAT = "liveportrait-motion-template"
VERSION = "1"
_REQUIRED = ("R", "exp", "t", "scale")
_OPTIONAL = ("kp", "eye_ratio", "lip_ratio")
_MAX_HEADER = 2**20
_FRACTION = re.compile("([0-9]{1,30})/([0-9]{1,30})")  # `Fraction` itself would work for ever on "1e99999999"
_SIGNS = 80  # of a word of the file in a message


def encode(motion: Motion, fps: Fraction, model: str) -> bytes:
    """A template as the bytes of a safetensors file, float32; unknown canonical keypoints are left out."""
    values = {name: getattr(motion, name) for name in _REQUIRED + _OPTIONAL}
    if motion.kp.isnan().any():
        values["kp"] = None
    tensors = {
        name: value.detach().cpu().float().contiguous().clone() for name, value in values.items() if value is not None
    }
    header = {
        "format": FORMAT,
        "version": VERSION,
        "model": model,
        "fps": f"{fps.numerator}/{fps.denominator}",
        "n_frames": str(len(motion)),
    }
    return save(tensors, metadata=header)


def decode(data: bytes) -> tuple[Motion, Fraction, str]:
    """Motion, frame rate and model of a template; canonical keypoints that it lacks become NaN.

    Raises:
        TemplateError: if the file is damaged, of another format or version, incomplete or inconsistent.
    """
    header = read_header(data)
    if header.get("format") != FORMAT:
        raise TemplateError("the safetensors file is no motion template")
    if header.get("version") != VERSION:
        raise TemplateError(
            f"the template has version {_shown(header, 'version')}, this program reads version {VERSION}"
        )
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise TemplateError(f"the template is damaged: {str(error)[:_SIGNS]}") from error
    if missing := [name for name in _REQUIRED if name not in tensors]:
        raise TemplateError(f"the template lacks {', '.join(missing)}")
    known: dict[str, Any] = {name: tensors[name].float() for name in _REQUIRED + _OPTIONAL if name in tensors}
    known.setdefault("kp", torch.full_like(known["exp"], torch.nan))
    motion = Motion(**known)
    found = motion.R.shape[0] if motion.R.ndim else 0
    if header.get("n_frames") != str(found):
        raise TemplateError(f"the template says {_shown(header, 'n_frames')} frames but holds {found}")
    return motion, _fps(header), header.get("model", "")


def read_header(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file, from its whole content or its first megabyte.

    Raises:
        TemplateError: if there is none.
    """
    size = min(int.from_bytes(data[:8], "little"), _MAX_HEADER)
    try:
        header = json.loads(data[8 : 8 + size])["__metadata__"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise TemplateError("the file is no motion template: its header cannot be read") from error
    if not isinstance(header, dict) or not all(isinstance(value, str) for value in header.values()):
        raise TemplateError("the file is no motion template: its header holds no metadata")
    return header


def _fps(header: dict[str, str]) -> Fraction:
    found = _FRACTION.fullmatch(header.get("fps", ""))
    if found is None or int(found[2]) == 0:
        raise TemplateError(f"the template's frame rate {_shown(header, 'fps')!r} is no fraction")
    return Fraction(int(found[1]), int(found[2]))


def _shown(header: dict[str, str], name: str) -> str:
    return header.get(name, "")[:_SIGNS]
