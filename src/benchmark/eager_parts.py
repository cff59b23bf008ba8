"""W and G apart, as only the plain backend has them."""

from __future__ import annotations

import torch

from ..engine.compact_sizes import shrunk
from ..engine.eager.compact import EagerCompact
from ..engine.eager.official import EagerOfficial
from ..engine.engine import SourceFeatures
from ..engine.networks import Networks
from ..modules.compact.compose import warp_picture
from .inputs import Inputs
from .timing import Call


@torch.no_grad()
def eager_parts(networks: Networks, features: SourceFeatures, inputs: Inputs) -> dict[str, Call]:
    """W and G of a plain backend, each as a call of its own; nothing for other backends."""
    if isinstance(networks, EagerOfficial):
        return _official(networks, features, inputs)
    if isinstance(networks, EagerCompact):
        return _compact(networks, features, inputs)
    return {}


def _official(networks: EagerOfficial, features: SourceFeatures, inputs: Inputs) -> dict[str, Call]:
    feature = networks.warp(features, inputs.x_s, inputs.x_d)["out"]
    return {
        "W": lambda: networks.warp(features, inputs.x_s, inputs.x_d),
        "G": lambda: networks.generate(feature),
    }


def _compact(networks: EagerCompact, features: SourceFeatures, inputs: Inputs) -> dict[str, Call]:
    assert features.picture is not None
    feature, flow = networks.warp(features, inputs.x_s, inputs.x_d)
    warped = warp_picture(shrunk(features.picture), flow)
    return {
        "W": lambda: networks.warp(features, inputs.x_s, inputs.x_d),
        "G": lambda: networks.generate(feature, warped, inputs.x_s, inputs.x_d),
    }
