"""The official networks as they are: the reference for numbers and for speed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.motion_extractor import MotionExtractor
from ...modules.spade_generator import SPADEDecoder
from ...modules.warping_network import WarpingNetwork
from ..checkpoints import Checkpoints
from ..compiling import Compile, Network, uncompiled
from ..engine import SourceFeatures
from ..networks import to_bytes
from ..precision import exact_float32


class EagerOfficial:
    """F, M, W and G of the official layout (spec: networks, sections 2-7).

    Each network is read from disk when it is first used, so making a template reads M alone.

    Args:
        checkpoints: their files and definition, and the device.
        precision: of the convolutions and products, through autocast.
        compiler: compiles W and G, the networks that run for every frame.
    """

    def __init__(
        self, checkpoints: Checkpoints, precision: torch.dtype = torch.float32, compiler: Compile = uncompiled
    ) -> None:
        self._checkpoints, self._dtype, self._compiler = checkpoints, precision, compiler

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, 256, 256) to (B, 32, 16, 64, 64)."""
        with self._precision():
            volume: Tensor = self._appearance(pictures)
        return volume.float()

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        """Run M on (B, 3, 256, 256)."""
        with self._precision():
            heads = self._motion(pictures)
        return {name: value.float() for name, value in heads.items()}

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W and G: ``out`` (B, 3, 512, 512), and ``occlusion_map`` and ``deformation`` of W."""
        b = len(x_d)
        volume = features.volume.expand(b, *features.volume.shape[1:])
        with self._precision():
            warped = self._warping(volume, kp_driving=x_d, kp_source=x_s.expand(b, *x_s.shape[1:]))
            out = self._generator(warped["out"])
        return {name: value.float() for name, value in {**warped, "out": out}.items() if value is not None}

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """W and G: (B, 512, 512, 3) uint8."""
        return to_bytes(self.warp_decode(features, x_s, x_d)["out"])

    def _precision(self) -> AbstractContextManager[Any]:
        kind = self._checkpoints.device.type
        if self._dtype != torch.float32:
            return torch.autocast(kind, self._dtype)
        return exact_float32() if kind == "cuda" else nullcontext()

    @cached_property
    def _appearance(self) -> nn.Module:
        return self._checkpoints.build(AppearanceFeatureExtractor, "appearance_feature_extractor")

    @cached_property
    def _motion(self) -> nn.Module:
        return self._checkpoints.build(MotionExtractor, "motion_extractor")

    @cached_property
    def _warping(self) -> Network:
        return self._compiler(self._checkpoints.build(WarpingNetwork, "warping_module"))

    @cached_property
    def _generator(self) -> Network:
        return self._compiler(self._checkpoints.build(SPADEDecoder, "spade_generator"))
