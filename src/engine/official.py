"""`OfficialEngine`: the networks of the published checkpoints."""

from __future__ import annotations

import math

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NoFaceError
from ..motion.keypoints import LIP_ARRAY, motion_from_kp_info, refine_kp_info
from ..motion.motion import Motion
from ..motion.template_pickle import OFFICIAL_MODEL
from .base import BaseEngine
from .checkpoints import Checkpoints
from .engine import Meshes, SourceFeatures
from .networks import OfficialNetworks
from .steady_batches import SteadyBatches
from .turns import in_turn


class OfficialEngine(BaseEngine[OfficialNetworks]):
    """F, M, W, G and S+R of the official layout (spec: networks, sections 2-7).

    Args:
        name: of the weights, "base" or "animals".
        checkpoints: its files and definition, and the device.
        networks: F, M, W and G, run in one way or another.
        batches: as for `BaseEngine`.
    """

    keypoints = OFFICIAL_MODEL  # those of people and of animals go together
    reads_meshes = False
    farthest_yaw = math.inf
    always_crops_driving = False
    crop_size = 256
    output_size = 512
    warps_picture = False
    repeats_border = False
    neutral_exp = LIP_ARRAY

    def __init__(
        self, name: str, checkpoints: Checkpoints, networks: OfficialNetworks, batches: SteadyBatches | None = None
    ) -> None:
        super().__init__(checkpoints, networks, batches)
        self.name = name
        self.moves_absolutely = name == "animals"
        self.batch_size = 8 if self.device.type == "cuda" else 1  # more at once is no faster on a processor

    def prepare(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Crops (B, H, W, 3) uint8 to (B, 3, 256, 256) in 0..1; other sizes are squashed, as in the original."""
        size = (self.crop_size, self.crop_size)
        if pictures.shape[1:3] != size:
            pictures = np.stack([cv2.resize(picture, size) for picture in pictures])
        return self._tensor(pictures)

    @in_turn
    @torch.no_grad()
    def encode_source(self, pictures: Tensor) -> SourceFeatures:
        """Run F: (B, 3, 256, 256) to feature volumes (B, 32, 16, 64, 64)."""
        return SourceFeatures(self._networks.appearance(pictures))

    @in_turn
    @torch.no_grad()
    def get_kp_info(self, pictures: Tensor, refine: bool = True) -> dict[str, Tensor]:
        """Head outputs of M for (B, 3, 256, 256); refined: angles (B, 1) in degrees, kp and exp (B, 21, 3)."""
        info = self._networks.motion(pictures)
        return refine_kp_info(info) if refine else info

    def get_motion(self, pictures: Tensor | None, meshes: Meshes | None = None, like: Motion | None = None) -> Motion:
        """Motion of B pictures; mesh landmarks and earlier motion are not needed and ignored."""
        assert pictures is not None, "this engine reads pictures"
        return motion_from_kp_info(self.get_kp_info(pictures))

    def record_motion(self) -> _Recorder:
        """A recorder that runs M batch by batch."""
        return _Recorder(self)


class _Recorder:
    """Runs M on each batch and keeps the resulting numbers; M takes any crop for a face."""

    def __init__(self, engine: OfficialEngine) -> None:
        self._engine = engine
        self._parts: list[Motion] = []
        self.shown: list[bool] = []

    def add(self, pictures: Tensor) -> None:
        self._parts.append(self._engine.get_motion(pictures))
        self.shown += [True] * len(pictures)

    def add_meshes(self, meshes: Meshes) -> None:
        raise NotImplementedError("this engine reads pictures")

    def motion(self, to_crop: NDArray[np.floating] | None = None) -> Motion:
        if not self._parts:
            raise NoFaceError("no motion can be read where there is no frame with a face")
        return Motion.cat(self._parts)
