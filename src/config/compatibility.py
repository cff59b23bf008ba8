"""How the networks of one model definition depend on each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import InputError


def check_compatible(params: Mapping[str, Any], input_size: int = 256) -> None:
    """Check that F, M, W, G, S and R of one definition fit together (spec: networks, section 9).

    What a single network needs is checked when it is built; this is about what one hands to the next.

    Args:
        params: constructor arguments by ``<network>_params``, as in `models/base.yaml`.
        input_size: side of the picture that F sees, in pixels.

    Raises:
        InputError: two networks disagree; the message shows both values.
    """
    f, m = params["appearance_feature_extractor_params"], params["motion_extractor_params"]
    w, g = params["warping_module_params"], params["spade_generator_params"]
    dense = w["dense_motion_params"]
    _check_equal("channels of the volume (reshape_channel)", F=f["reshape_channel"], W=w["reshape_channel"])
    _check_equal("depth of the volume (reshape_depth)", F=f["reshape_depth"], W=dense["reshape_depth"])
    _check_equal("keypoints (num_kp)", M=m["num_kp"], W=w["num_kp"])
    _check_equal(
        "channels from W to G (block_expansion * 2 ** num_down_blocks, in G at most max_features)",
        W=w["block_expansion"] * 2 ** w["num_down_blocks"],
        G=min(g["max_features"], g["block_expansion"] * 2 ** g["num_down_blocks"]),
    )
    _check_size(input_size, f["num_down_blocks"], dense["num_blocks"])
    _check_heads(params["stitching_retargeting_module_params"], w["num_kp"])


def _check_equal(what: str, **values: int) -> None:
    """Raise unless all networks give the same value."""
    if len(set(values.values())) > 1:
        raise InputError(f"{what} differ: " + ", ".join(f"{network} has {value}" for network, value in values.items()))


def _check_size(input_size: int, halvings: int, levels: int) -> None:
    """Raise unless the picture can be halved in F, and its volume at every level of the hourglass."""
    step = 2 ** (halvings + levels)
    if input_size % step:
        raise InputError(
            f"an input of {input_size} pixels cannot be halved {halvings} times in F and {levels} times in W: "
            f"use a multiple of {step}, or fewer num_blocks"
        )


def _check_heads(heads: Mapping[str, Mapping[str, Any]], num_kp: int) -> None:
    """Raise unless S and R take and give as many numbers as the keypoints ask for."""
    k = 3 * num_kp
    expected = {
        "stitching": (2 * k, k + 2),  # both sets of keypoints; deltas, and a shift in x and y
        "lip": (k + 2, k),  # keypoints, ratios of source and target; deltas
        "eye": (k + 3, k),  # keypoints, two ratios of the source and one of the target; deltas
    }
    for name, sizes in expected.items():
        given = (heads[name]["input_size"], heads[name]["output_size"])
        if given != sizes:
            raise InputError(
                f"with {num_kp} keypoints, network {name} has input_size {sizes[0]} and output_size {sizes[1]}; "
                f"got {given[0]} and {given[1]}"
            )
