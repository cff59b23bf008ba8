"""W and G apart, as only the plain backend has them."""

from __future__ import annotations

import torch

from ..engine.eager.compact import EagerCompact, shrunk
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
    b = len(inputs.x_d)
    volume, x_s = features.volume.expand(b, -1, -1, -1, -1), inputs.x_s.expand(b, -1, -1)

    def warp() -> dict[str, torch.Tensor]:
        with networks._precision(networks._dtype):
            warped: dict[str, torch.Tensor] = networks._warping(volume, kp_driving=inputs.x_d, kp_source=x_s)
        return warped

    feature = warp()["out"]

    def generate() -> None:
        with networks._precision(networks._dtype):
            networks._generator(feature)

    return {"W": warp, "G": generate}


def _compact(networks: EagerCompact, features: SourceFeatures, inputs: Inputs) -> dict[str, Call]:
    assert features.picture is not None
    small = shrunk(features.picture)
    feature, flow = networks._warping(features.volume, inputs.x_d, inputs.x_s)
    warped = warp_picture(small, flow)
    return {
        "W": lambda: networks._warping(features.volume, inputs.x_d, inputs.x_s),
        "G": lambda: networks._generator(feature, warped, inputs.x_d, inputs.x_s),
    }
