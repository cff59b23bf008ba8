"""F and M of the official layout as they are, for all backends that run them in torch."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.motion_extractor import MotionExtractor
from ..checkpoints import Checkpoints
from ..compiling import Compile, uncompiled
from ..exact_float32 import exact_float32
from ..networks import at_least_float32


class OfficialExtractors:
    """F and M (spec: networks, sections 2 and 3).

    Each network is read from disk when it is first used, so making a template reads M alone.

    Args:
        checkpoints: their files and definition, and the device.
        precision: of the convolutions and products, through autocast; F and M take no bfloat16.
        compiler: for W and G, the networks that run for every frame.
    """

    def __init__(
        self, checkpoints: Checkpoints, precision: torch.dtype = torch.float32, compiler: Compile = uncompiled
    ) -> None:
        self._checkpoints, self._dtype, self._compiler = checkpoints, precision, compiler

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, 256, 256) to (B, 32, 16, 64, 64)."""
        with self._precision(self._extracted()):
            volume: Tensor = self._appearance(pictures)
        return at_least_float32(volume)

    def motion(self, pictures: Tensor) -> dict[str, Tensor]:
        """Run M on (B, 3, 256, 256)."""
        with self._precision(self._extracted()):
            heads = self._motion(pictures)
        return {name: at_least_float32(value) for name, value in heads.items()}

    def _extracted(self) -> torch.dtype:
        """Keypoints and head poses in bfloat16 would tremble, so F and M are spared it."""
        return torch.float32 if self._dtype == torch.bfloat16 else self._dtype

    def _precision(self, dtype: torch.dtype) -> AbstractContextManager[Any]:
        device = self._checkpoints.device
        return exact_float32(device) if dtype == torch.float32 else torch.autocast(device.type, dtype)

    @cached_property
    def _appearance(self) -> nn.Module:
        return self._checkpoints.build(AppearanceFeatureExtractor, "appearance_feature_extractor")

    @cached_property
    def _motion(self) -> nn.Module:
        return self._checkpoints.build(MotionExtractor, "motion_extractor")
