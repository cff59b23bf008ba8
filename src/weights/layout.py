"""Layouts of files: three heads in one, spectral norm (spec: networks, sections 4.2 and 7), parts that came later.

Functions on state dicts and built networks; nothing here reads or writes a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import WeightsError

LIP_EDGE = "dense_motion_network.lip_edge"  # of the compact W, whose first weights had none
MOUTH_TEXTURE = "mouth_texture"  # of the compact G; without it G's own colours are all there is
BLOCKS = {"num_middle": "G_middle_", "refine_blocks": "refine."}  # of the compact G: argument: how its keys begin
_EVERY_G = "heat_in.weight"  # a key of each compact G, and of nothing else
_HEADS = {"retarget_shoulder": "stitching", "retarget_mouth": "lip", "retarget_eye": "eye"}  # official name: ours


def split_stitching(state: Mapping[str, Any]) -> dict[str, dict[str, Tensor]]:
    """The state dicts of S, R_lip and R_eyes out of the one file that holds them.

    Args:
        state: either one dict a network under its official name, or a flat dict whose keys start with the official or
            the short name of the network. `module.`, which distributed training puts into keys, is removed; entries of
            anything else are ignored.

    Returns:
        ``stitching``, ``lip`` and ``eye``.

    Raises:
        WeightsError: a network is missing.
    """
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in _HEADS.values()}
    for key, value in _flat(state):
        head, _, rest = key.partition(".")
        name = _HEADS.get(head, head)
        if name in parts:
            parts[name][rest.replace("module.", "")] = value
    missing = [name for name, part in parts.items() if not part]
    if missing:
        raise WeightsError(
            f"stitching weights without {', '.join(missing)}: is it the right file? it begins with {list(state)[:3]}"
        )
    return parts


def as_trained(params: Mapping[str, Any], state: Mapping[str, Any]) -> Mapping[str, Any]:
    """The definition of a network as the weights of a file had it.

    Some lack a part that the product works without: the lips' edge of the compact W, the mouth's texture of the compact
    G. And the compact G has as many blocks as its file; of a kind that it has none of, as many as the definition says,
    since such a file is rather one that lost them.

    Args:
        params: constructor arguments of a network.
        state: flat state dict of a file.
    """
    if params.keys() >= BLOCKS.keys():
        params = {**params, **count_blocks(state)}
    if MOUTH_TEXTURE in params and len(without_texture(state)) == len(state):
        return without_texture(params)
    dense = params.get("dense_motion_params", {})
    if "lip_edge_reach" not in dense or LIP_EDGE in state:
        return params
    return {**params, "dense_motion_params": {key: dense[key] for key in dense if key != "lip_edge_reach"}}


def count_blocks(state: Mapping[str, Any]) -> dict[str, int]:
    """How many blocks the compact G of a state dict has, by the names of constructor arguments.

    Args:
        state: flat state dict of a file.

    Returns:
        Only kinds that there are: nothing of another network.
    """
    if _EVERY_G not in state:
        return {}
    return {name: count for name, begins in BLOCKS.items() if (count := _count(state, begins))}


def without_texture(params: Mapping[str, Any]) -> dict[str, Any]:
    """Constructor arguments of a network, or its state dict, without the texture of the mouth."""
    return {name: value for name, value in params.items() if name.partition(".")[0] != MOUTH_TEXTURE}


def _count(state: Mapping[str, Any], begins: str) -> int:
    """How many modules with a number after that beginning there are."""
    return len({key.removeprefix(begins).partition(".")[0] for key in state if key.startswith(begins)})


def _flat(state: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """All entries of a dict of tensors or of dicts of tensors, keys joined by a dot."""
    for key, value in state.items():
        if isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", tensor) for inner, tensor in value.items())
        else:
            yield key, value


def fold_spectral_norm(module: nn.Module) -> None:
    """Replace every spectral-norm convolution inside `module`, in place, by a plain one that computes the same.

    The stored vectors decide the weight, `weight_orig / (u . weight_orig v)`, as in the original's eval mode.
    A module without spectral norm is left as it is.
    """
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d) and hasattr(layer, "weight_orig"):
            trainable = layer.get_parameter("weight_orig").requires_grad
            nn.utils.remove_spectral_norm(layer)
            layer.weight.requires_grad_(trainable)


def unfold_spectral_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a folded G in the official layout, for export.

    Each folded convolution gets `weight_orig`, `weight_u` and `weight_v` for which the official formula gives back its
    weight (v is not a unit vector; only their product counts).

    Args:
        state: state dict of a G whose spectral norm was folded, or that never had any.

    Returns:
        The same entries, the blocks' `conv_0`, `conv_1` and `conv_s` in the official layout.

    Raises:
        WeightsError: such a convolution is zero everywhere.
    """
    official: dict[str, Tensor] = {}
    for key, value in state.items():
        stem, _, last = key.rpartition(".")
        if last == "weight" and stem.rpartition(".")[2] in ("conv_0", "conv_1", "conv_s"):
            u, v = _vectors(value, stem)
            official |= {f"{stem}.weight_orig": value, f"{stem}.weight_u": u, f"{stem}.weight_v": v}
        else:
            official[key] = value
    return official


def _vectors(weight: Tensor, stem: str) -> tuple[Tensor, Tensor]:
    """Vectors with u . W v = 1, W being the weight with a row an output channel: u picks its largest row."""
    rows = weight.detach().flatten(1)
    largest = rows.norm(dim=1).argmax()
    row = rows[largest]
    if not row.any():
        raise WeightsError(f"{stem}.weight is all zero, which spectral norm cannot represent")
    u = torch.zeros_like(rows[:, 0])
    u[largest] = 1
    return u, row / row.square().sum()
