"""Which graphs a model is exported as: for each a module, inputs to trace it with, and names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ...modules.motion_extractor import MotionExtractor
from ...modules.spade_generator import SPADEDecoder
from ...modules.warping_network import WarpingNetwork
from ...weights.layout import fold_spectral_norm
from ..checkpoints import Checkpoints
from ..compact_sizes import INTERNAL_SIZE, OUTPUT_SIZE
from .compact_form import CompactForm
from .generator_form import GeneratorForm
from .warping_form import WarpingForm

APPEARANCE, MOTION, WARP_DECODE = "appearance", "motion", "warp_decode"
STITCHING, RETARGET_EYE, RETARGET_LIP = "stitching", "retarget_eye", "retarget_lip"
MOTION_HEADS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")
_OFFICIAL_SIZE = 256
_BATCH = 2  # of the inputs that graphs are traced with: one would be taken for a constant
_F, _HEADS = "appearance_feature_extractor", "stitching_retargeting_module"


@dataclass(frozen=True)
class Graph:
    """What is exported.

    Attributes:
        module: tensors in, one tensor or a tuple of tensors out; every first axis is the batch.
        inputs: what it is traced with, by name.
        outputs: their names.
    """

    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: tuple[str, ...]


def graphs_of(model: str, checkpoints: Checkpoints) -> dict[str, Callable[[], Graph]]:
    """The graphs of a model by name; each is built when called, and can be dropped before the next.

    Args:
        model: "base", "animals" or "compact".
        checkpoints: its files and definition.
    """
    official = model != "compact"
    graphs: dict[str, Callable[[], Graph]] = {APPEARANCE: lambda: _appearance(checkpoints, official)}
    if official:
        graphs |= {MOTION: lambda: _motion(checkpoints), WARP_DECODE: lambda: _official_warp_decode(checkpoints)}
    else:
        graphs[WARP_DECODE] = lambda: _compact_warp_decode(checkpoints)
    heads = {STITCHING: "stitching", RETARGET_EYE: "eye", RETARGET_LIP: "lip"}
    return graphs | {name: lambda role=role: _head(checkpoints, role) for name, role in heads.items()}


def _appearance(checkpoints: Checkpoints, official: bool) -> Graph:
    side = _OFFICIAL_SIZE if official else INTERNAL_SIZE
    network = checkpoints.build(AppearanceFeatureExtractor, _F)
    return Graph(network, {"picture": torch.rand(_BATCH, 3, side, side)}, ("volume",))


def _motion(checkpoints: Checkpoints) -> Graph:
    network = _Heads(checkpoints.build(MotionExtractor, "motion_extractor"))
    return Graph(network, {"picture": torch.rand(_BATCH, 3, _OFFICIAL_SIZE, _OFFICIAL_SIZE)}, MOTION_HEADS)


def _official_warp_decode(checkpoints: Checkpoints) -> Graph:
    w = checkpoints.build(WarpingNetwork, "warping_module")
    g = checkpoints.build(SPADEDecoder, "spade_generator")
    fold_spectral_norm(g)
    volume, keypoints = _volume(checkpoints, _OFFICIAL_SIZE), _keypoints(checkpoints)
    depth, height, width = volume.shape[2:]
    module = _OfficialWarpDecode(WarpingForm(w, (depth, height, width)), GeneratorForm(g, (height, width)))
    outputs = ("out", "deformation", "occlusion_map")[: 2 + (w.dense_motion_network.occlusion is not None)]
    return Graph(module, {"volume": volume, "x_s": keypoints, "x_d": keypoints + 0.01}, outputs)


def _compact_warp_decode(checkpoints: Checkpoints) -> Graph:
    module = CompactForm(
        checkpoints.build(CompactWarpingNetwork, "warping_module"),
        checkpoints.build(CompactSPADEDecoder, "spade_generator"),
    )
    keypoints = _keypoints(checkpoints)
    inputs = {
        "volume": _volume(checkpoints, INTERNAL_SIZE),
        "picture": torch.rand(_BATCH, 3, OUTPUT_SIZE, OUTPUT_SIZE),
        "is_grey": torch.zeros(_BATCH, dtype=torch.bool),
        "x_s": keypoints,
        "x_d": keypoints + 0.01,
    }
    return Graph(module, inputs, ("out", "flow"))


def _head(checkpoints: Checkpoints, role: str) -> Graph:
    network = getattr(checkpoints.heads(), role)
    size = checkpoints.params[f"{_HEADS}_params"][role]["input_size"]
    return Graph(network, {"keypoints": torch.rand(_BATCH, size)}, ("delta",))


def _volume(checkpoints: Checkpoints, side: int) -> Tensor:
    params = checkpoints.params[f"{_F}_params"]
    plane = side >> params["num_down_blocks"]
    return torch.rand(_BATCH, params["reshape_channel"], params["reshape_depth"], plane, plane)


def _keypoints(checkpoints: Checkpoints) -> Tensor:
    return torch.rand(_BATCH, checkpoints.params["warping_module_params"]["num_kp"], 3) - 0.5


class _Heads(nn.Module):
    """M, its heads in the order of `MOTION_HEADS`."""

    def __init__(self, network: MotionExtractor) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        heads = self.network(picture)
        return tuple(heads[name] for name in MOTION_HEADS)


class _OfficialWarpDecode(nn.Module):
    """W and G."""

    def __init__(self, w: WarpingForm, g: GeneratorForm) -> None:
        super().__init__()
        self.w, self.g = w, g

    def forward(self, volume: Tensor, x_s: Tensor, x_d: Tensor) -> tuple[Tensor, ...]:
        warped = self.w(volume, x_d, x_s)
        feature = warped.pop("out")
        return (self.g(feature), *warped.values())
