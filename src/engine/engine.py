"""`Engine`: the one interface through which networks are used, whichever model they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..motion.motion import Motion
from .heads import Heads

Meshes = NDArray[np.floating]  # (B, 478, 3) mesh landmarks in crop coordinates: -1..1 over the crop's edges


@dataclass(frozen=True)
class SourceFeatures:
    """What a model keeps of one source crop; opaque to everybody but the engine that made it.

    Attributes:
        volume: feature volume of the network F, (1, C, D, H, W) float32.
        picture: the crop itself where the model warps it (compact), (1, 3, N, N) float32 in 0..1.
        is_grey: the picture has no colours, so nothing painted into it should have any (compact).
    """

    volume: Tensor
    picture: Tensor | None = None
    is_grey: bool = False


class MotionRecorder(Protocol):
    """Collects the motion of one clip, batch after batch, and keeps numbers only."""

    def add(self, pictures: Tensor | None, meshes: Meshes | None) -> None:
        """Take the next B crops, (B, 3, H, W) in 0..1, or their mesh landmarks where the engine reads those."""
        ...

    def motion(self) -> Motion:
        """The motion of all frames so far."""
        ...


class Engine(Protocol):
    """Runs the networks of one model on one device. All tensors are float32 on that device.

    Attributes:
        name: the keypoint space; a motion template of another name must not be mixed in.
        device: where the networks live.
        batch_size: frames per call that suit the model and the device.
        reads_meshes: motion comes from mesh landmarks (a picture is only needed where there are none).
        always_crops_driving: driving frames must show the face in the nominal framing.
        crop_size: side at which it takes crops in.
        repeats_border: crops that reach beyond the picture go on with its border; otherwise they are black there.
        neutral_exp: expression of relaxed, closed lips, (21, 3): what a still driver is compared with.
    """

    name: str
    device: torch.device
    batch_size: int
    reads_meshes: bool
    always_crops_driving: bool
    crop_size: int
    repeats_border: bool
    neutral_exp: Tensor

    def prepare(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Crops (B, H, W, 3) uint8 RGB of any size to the networks' input (B, 3, h, w) in 0..1."""
        ...

    def encode_source(self, picture: Tensor) -> SourceFeatures:
        """Features of one prepared source crop (1, 3, h, w): the expensive state, made once per source."""
        ...

    def get_kp_info(self, pictures: Tensor, refine: bool = True) -> dict[str, Tensor]:
        """Motion in the official form: pitch, yaw, roll, t, exp, scale, kp (spec: networks, section 6)."""
        ...

    def get_motion(self, pictures: Tensor, meshes: Meshes | None = None) -> Motion:
        """Motion of B independent pictures, (B, 3, h, w) prepared.

        Raises:
            NoFaceError: the model reads mesh landmarks, none were given and a picture shows no face.
        """
        ...

    def record_motion(self) -> MotionRecorder:
        """A recorder for the frames of one clip."""
        ...

    @property
    def heads(self) -> Heads:
        """S and R, the small networks on keypoints."""
        ...

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """Pictures of one source under B driving poses.

        Args:
            features: of one source (or of B sources, one a frame).
            x_s: source keypoints, (1, 21, 3) or (B, 21, 3).
            x_d: driving keypoints, (B, 21, 3).

        Returns:
            ``out`` (B, 3, N, N) in 0..1 (N = 512), and what else the model's W computes.

        Raises:
            InputError: the features are of another model.
        """
        ...
