"""`Engine`: the one interface through which networks are used, whichever model they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..motion.motion import Motion
from .heads import Heads

Meshes = NDArray[np.floating]  # (B, 478, 3) mesh landmarks


@dataclass(frozen=True)
class SourceFeatures:
    """What a model keeps of B source crops; opaque to everybody but the engine that made it.

    Attributes:
        volume: feature volumes of the network F, (B, C, D, H, W) float32.
        picture: the crops themselves where the model warps them (compact), (B, 3, N, N) float32 in 0..1.
        is_grey: which pictures have no colours, so that nothing painted into them should have any (compact), (B,) bool
            on the CPU; None = none of them.
    """

    volume: Tensor
    picture: Tensor | None = None
    is_grey: Tensor | None = None

    def __len__(self) -> int:
        return len(self.volume)

    def __getitem__(self, index: slice | Sequence[int]) -> SourceFeatures:
        """Features of some of the sources."""
        index = index if isinstance(index, slice) else list(index)
        return SourceFeatures(
            self.volume[index],
            None if self.picture is None else self.picture[index],
            None if self.is_grey is None else self.is_grey[index],
        )


class MotionRecorder(Protocol):
    """Collects the motion of one face in a clip, batch after batch, and keeps numbers only.

    One recorder is given either pictures or meshes.

    Attributes:
        shown: for every frame added, whether its crop showed a face.
    """

    shown: list[bool]

    def add(self, pictures: Tensor) -> None:
        """Take the next B prepared crops, (B, 3, h, w)."""
        ...

    def add_meshes(self, meshes: Meshes) -> None:
        """Take the mesh landmarks of the next B frames, for engines that read meshes.

        Args:
            meshes: (B, 478, 3) pixels of the picture: pixel edges at whole numbers; z in pixels, larger = farther.
        """
        ...

    def motion(self, to_crop: NDArray[np.floating] | None = None) -> Motion:
        """The motion so far, of the frames that show a face.

        Args:
            to_crop: with meshes, where their crops are: one matrix (3, 3), or one a mesh (T, 3, 3), from pixels of the
                picture to pixels of a 512 crop (pixel centres at whole numbers); scale, rotation and shift only.

        Raises:
            NoFaceError: no frame shows a face.
            InputError: matrices that do not fit.
        """
        ...


class Engine(Protocol):
    """Runs the networks of one model on one device; all tensors are float32 on that device.

    Threads may share an engine: its networks are used by one call at a time (S and R, which take no time, aside).

    Attributes:
        name: the model, by the name of its weights.
        keypoints: the keypoint space; a motion template of another one must not be mixed in.
        moves_absolutely: takes over a driver's motion as it is, scaled to the source's size: the official way with
            animals (spec: pipeline, section 14).
        device: where the networks live.
        batch_size: frames per call that suit the model and the device.
        reads_meshes: motion comes from mesh landmarks (a picture is only needed where there are none).
        farthest_yaw: degrees by which a source's face may be turned before it tears where its head turns back; infinite
            where that is not known.
        always_crops_driving: driving frames must show the face in the nominal framing.
        crop_size: side at which it takes crops in.
        output_size: side of the pictures that it makes.
        repeats_border: crops that reach beyond the picture go on with its border; otherwise they are black there.
        neutral_exp: expression of relaxed, closed lips, (21, 3): what a still driver is compared with.
    """

    name: str
    keypoints: str
    moves_absolutely: bool
    device: torch.device
    batch_size: int
    reads_meshes: bool
    farthest_yaw: float
    always_crops_driving: bool
    crop_size: int
    output_size: int
    repeats_border: bool
    neutral_exp: Tensor

    def prepare(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Crops (B, H, W, 3) uint8 RGB of any size to the networks' input (B, 3, h, w) in 0..1."""
        ...

    def encode_source(self, pictures: Tensor) -> SourceFeatures:
        """Features of B prepared source crops (B, 3, h, w): the expensive state, made once per source picture."""
        ...

    def get_kp_info(self, pictures: Tensor, refine: bool = True) -> dict[str, Tensor]:
        """Motion in the official form: pitch, yaw, roll, t, exp, scale, kp (spec: networks, section 6)."""
        ...

    def get_motion(self, pictures: Tensor | None, meshes: Meshes | None = None, like: Motion | None = None) -> Motion:
        """Motion of B independent pictures.

        Args:
            pictures: prepared, (B, 3, h, w); None where the engine reads meshes and they are given.
            meshes: their landmarks in crop coordinates (-1..1 over the crop's edges), if they are known already.
            like: earlier motion of the same person, whose canonical keypoints hold on where a model derives them from
                the pictures; None = every picture on its own.

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
        """Pictures of one source under B driving poses, or of B sources under one each.

        Args:
            features: of one source, or of B sources.
            x_s: source keypoints, (1, 21, 3) or (B, 21, 3).
            x_d: driving keypoints, (B, 21, 3).

        Returns:
            ``out`` (B, 3, N, N) in 0..1 (N: `output_size`), and what else the model's W computes.

        Raises:
            InputError: the features are of another model.
        """
        ...

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> NDArray[np.uint8]:
        """The pictures of `warp_decode` alone, as bytes (B, N, N, 3) RGB: what a clip is made of.

        Raises:
            InputError: the features are of another model.
        """
        ...
