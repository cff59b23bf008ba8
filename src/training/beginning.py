"""Weights to begin with."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from ..errors import InputError, MissingFileError
from ..weights.catalogue import MODELS
from ..weights.folder import files_within, weights_root
from ..weights.layout import LIP_EDGE, MOUTH_TEXTURE, count_blocks, without_texture
from ..weights.load import load_strict, read_state
from ..weights.paths import shipped_weights_dir

SHIPPED = "shipped"
GENERATOR = "spade_generator"
_log = logging.getLogger(__name__)


def weights_folder(model: str, init: str) -> Path:
    """The folder that --init names.

    Args:
        model: that is trained.
        init: a weights folder, the folder within one in which the networks lie, or "shipped".

    Raises:
        InputError: weights of the model do not ship.
    """
    if init != SHIPPED:
        return weights_root(Path(init).expanduser(), [MODELS[model]])
    if any(file.repo is not None for file in MODELS[model].files.values()):
        raise InputError(f"no weights of {model} ship with the project: give the folder that holds some as --init")
    return shipped_weights_dir()


def load_from_folder(networks: Mapping[str, nn.Module], model: str, folder: Path) -> None:
    """Load networks strictly from a weights folder and nowhere else; nothing is fetched.

    Args:
        networks: by the names of their files; other files of the model may be missing.
        model: of the catalogue.
        folder: in the product's layout, files being ``.safetensors`` or else ``.pth``.

    Raises:
        MissingFileError: some are not there; the message names all of them.
        WeightsError: one cannot be read, or does not fit.
    """
    found = files_of(networks, model, folder)
    for name, network in networks.items():
        state = _with_own_texture(read_state(found[name]), network, found[name])
        load_strict(network, _with_lip_edge(state, network, found[name]), what=f"'{found[name]}'")


def blocks_in(folder: Path) -> dict[str, int]:
    """How many blocks the compact G of a weights folder has, by the names of constructor arguments; {} without one.

    Raises:
        WeightsError: its file cannot be read.
    """
    found = files_within(MODELS["compact"], folder)
    return count_blocks(read_state(found[GENERATOR])) if GENERATOR in found else {}


def with_blocks(params: Mapping[str, Any], blocks: Mapping[str, int]) -> Mapping[str, Any]:
    """A definition of the compact model with a G of so many blocks."""
    group = f"{GENERATOR}_params"
    return {**params, group: {**params[group], **blocks}} if blocks else params


def files_of(names: Iterable[str], model: str, folder: Path) -> dict[str, Path]:
    """Files of some networks of a model in a weights folder.

    Raises:
        MissingFileError: some are not there; the message names all of them.
    """
    files, found = MODELS[model].files, files_within(MODELS[model], folder)
    if missing := [files[name].path for name in names if name not in found]:
        raise MissingFileError(f"'{folder}' is no weights folder of {model}: it lacks {', '.join(missing)}")
    return {name: found[name] for name in names}


def _with_own_texture(state: dict[str, Any], network: nn.Module, file: Path) -> dict[str, Any]:
    """Weights of the compact G with the texture of the mouth that the network has, if any: stage 3 makes it anew."""
    rest = without_texture(state)
    own = {key: value for key, value in network.state_dict().items() if key.partition(".")[0] == MOUTH_TEXTURE}
    if len(rest) < len(state):
        what = "that of this run takes its place" if own else "only stage 3 trains one, so it is left out"
        _log.info("'%s' holds a texture of the mouth: %s", file, what)
    return {**rest, **own}


def _with_lip_edge(state: dict[str, Any], network: nn.Module, file: Path) -> dict[str, Any]:
    """Weights of before the compact W's points of the lips' edge, with the network's own."""
    own = network.state_dict()
    if LIP_EDGE not in own or LIP_EDGE in state:
        return state
    _log.info("'%s' is of before the points of the lips' edge: training adds them", file)
    return {**state, LIP_EDGE: own[LIP_EDGE]}
