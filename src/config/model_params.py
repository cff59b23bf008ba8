"""Model definitions: the constructor arguments of every network, as YAML, and how they depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..errors import InputError

_FOLDER = Path(__file__).parent / "models"


def read_model_params(name: str) -> dict[str, Any]:
    """The model definition `models/<name>.yaml`: keyword arguments by ``<network>_params``.

    Raises:
        InputError: there is no such definition.
    """
    file = _FOLDER / f"{name}.yaml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in _FOLDER.glob("*.yaml")))
        raise InputError(f"no model definition {name!r}; there are: {known}")
    return yaml.safe_load(file.read_text(encoding="utf-8"))["model_params"]


def check_compatible(params: Mapping[str, Any], input_size: int = 256) -> None:
    """Check that F, M, W, G, S and R of one definition fit together (spec: networks, section 9).

    What a single network needs is checked when it is built; this is about what one hands to the next.

    Args:
        params: keyword arguments by ``<network>_params``, as in `models/base.yaml`.
        input_size: side of the picture that F sees, in pixels.

    Raises:
        InputError: two networks disagree; the message shows both values.
    """
    f, m = params["appearance_feature_extractor_params"], params["motion_extractor_params"]
    w, g = params["warping_module_params"], params["spade_generator_params"]
    dense = w["dense_motion_params"]
    _equal("channels of the volume (reshape_channel)", F=f["reshape_channel"], W=w["reshape_channel"])
    _equal("depth of the volume (reshape_depth)", F=f["reshape_depth"], W=dense["reshape_depth"])
    _equal("channels of the flattened volume (max_features)", F=f["max_features"], W=w["max_features"])
    _equal("keypoints (num_kp)", M=m["num_kp"], W=w["num_kp"])
    wide = g["block_expansion"] * 2 ** g["num_down_blocks"]
    _equal(
        "channels from W to G (block_expansion * 2 ** num_down_blocks)",
        W=w["block_expansion"] * 2 ** w["num_down_blocks"],
        G=min(g["max_features"], wide),
    )
    _check_size(input_size, f["num_down_blocks"], dense["num_blocks"])
    _check_heads(params["stitching_retargeting_module_params"], 3 * m["num_kp"])


def _equal(what: str, **values: int) -> None:
    """Raise unless all networks give the same value."""
    if len(set(values.values())) > 1:
        raise InputError(f"{what} differ: " + ", ".join(f"{network} has {value}" for network, value in values.items()))


def _check_size(input_size: int, halvings: int, levels: int) -> None:
    """The volume's sides must survive every level of the hourglass, and be at least 2 for a grid."""
    step = 2**halvings * 2**levels
    if input_size % step or input_size < 2 ** (halvings + 1):
        raise InputError(
            f"an input of {input_size} pixels cannot be halved {halvings} times in F and {levels} times in W's hourglass: "
            f"use a multiple of {step}, or fewer levels"
        )


def _check_heads(heads: Mapping[str, Mapping[str, Any]], coordinates: int) -> None:
    """Input and output sizes that follow from the number of coordinates."""
    expected = {
        "stitching": (2 * coordinates, coordinates + 2),  # both sets of keypoints; deltas and a shift in x and y
        "lip": (coordinates + 2, coordinates),  # keypoints, ratios of the source and the target
        "eye": (coordinates + 3, coordinates),  # keypoints, two ratios of the source, one of the target
    }
    for name, sizes in expected.items():
        given = (heads[name]["input_size"], heads[name]["output_size"])
        if given != sizes:
            raise InputError(
                f"network {name} takes and gives {given[0]} and {given[1]} numbers; "
                f"with {coordinates // 3} keypoints it must be {sizes[0]} and {sizes[1]}"
            )
