"""Layout of the official X-Pose checkpoint: shared heads under many names, and tensors that nothing reads.

Functions on state dicts; nothing here reads or writes a file (spec: xpose, sections 2 and 10).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from ..errors import WeightsError

logger = logging.getLogger(__name__)

_HEADS = re.compile(r"(?:(transformer\.decoder)\.)?(bbox_embed|pose_embed|pose_hw_embed)\.(\d+)\.(.+)")
_NAMES_SHOWN = 8


def xpose_state(content: Mapping[str, Any], needed: Collection[str]) -> dict[str, Tensor]:
    """The state dict of `XPose` out of the official file's content, or out of a converted one.

    Each head is one module that the official file lists once a layer, twice: below `transformer.decoder` and at the
    top. The copies become one; should they differ, the one counts that the official loader reads last.

    Args:
        content: the file's content: a state dict, or a dict that holds one as "model". `module.`, which distributed
            training puts before keys, is removed; unknown entries are ignored.
        needed: keys of the network.

    Raises:
        WeightsError: a needed key is missing; the message names it.
    """
    inner = content.get("model", content)
    if not isinstance(inner, Mapping):
        raise WeightsError(f"weights of X-Pose with a {type(inner).__name__} as 'model', not a dict of weights")
    given = {str(key).removeprefix("module."): value for key, value in inner.items()}
    state = {key: value for key, value in given.items() if key in needed} | _shared_heads(given)
    missing = [key for key in needed if key not in state]
    if missing:
        more = f" and {len(missing) - _NAMES_SHOWN} more" if len(missing) > _NAMES_SHOWN else ""
        raise WeightsError(
            f"weights of X-Pose without {len(missing)} needed entries ({', '.join(missing[:_NAMES_SHOWN])}{more}): "
            f"is it the right file? it begins with {list(given)[:3]}"
        )
    return {key: state[key] for key in needed}


def _shared_heads(given: Mapping[str, Any]) -> dict[str, Tensor]:
    """One copy of each head, under our name; a line in the log if the copies differ."""
    copies: dict[str, list[tuple[bool, int, Any]]] = {}
    for key, value in given.items():
        found = _HEADS.fullmatch(key)
        if found:
            inside, head, layer, rest = found.groups()
            copies.setdefault(f"transformer.decoder.{head}.{rest}", []).append((inside is None, int(layer), value))
    state, differing = {}, set()
    for key, found_copies in copies.items():
        *others, last = [value for _, _, value in sorted(found_copies, key=lambda copy: copy[:2])]
        state[key] = last
        if not all(_equal(other, last) for other in others):
            differing.add(key.split(".")[2])
    if differing:
        logger.warning(
            "copies of X-Pose's shared heads differ (%s): taking the last ones, as the official loader does",
            ", ".join(sorted(differing)),
        )
    return state


def _equal(a: Any, b: Any) -> bool:
    return isinstance(a, Tensor) and isinstance(b, Tensor) and a.shape == b.shape and torch.equal(a, b)
