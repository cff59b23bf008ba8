"""`CompactEngine`: the small networks that ship with the project; motion comes from mesh landmarks."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ..errors import NoFaceError
from ..face.face import Points, Rgb
from ..motion.measures import FaceMeasures, measure
from ..motion.mesh import motion_from_meshes, motion_of, motion_with_shape, neutral_expression
from ..motion.motion import Motion
from ..motion.pose import degrees
from .base import BaseEngine
from .checkpoints import Checkpoints
from .compact_sizes import OUTPUT_SIZE, shrunk
from .engine import Meshes, SourceFeatures
from .networks import Networks
from .steady_batches import SteadyBatches
from .turns import in_turn

_GREY = 0.02  # colourfulness of black-and-white photographs with the noise of JPEG
_ADVICE = "crops must show a face from the front"

Mesh = NDArray[np.floating]  # (478, 3)
MeshOfCrop = Callable[[Rgb], Points | None]  # (H, W, 3) uint8 -> landmarks (478, 3) in pixels, None without a face


class CompactEngine(BaseEngine[Networks]):
    """F, W and G at 128 px that warp the picture itself; S and R as in the original (see the weights' model card).

    Args:
        checkpoints: its files and definition, and the device.
        mesh_of_crop: finds the mesh in a crop that comes without landmarks.
        networks: F, W and G, run in one way or another.
        batches: as for `BaseEngine`.
    """

    name = keypoints = "compact"
    moves_absolutely = False
    reads_meshes = True
    farthest_yaw = 30.0  # by eye: see the model card of the shipped weights
    always_crops_driving = True
    crop_size = output_size = OUTPUT_SIZE
    warps_picture = True
    repeats_border = True  # black from outside would be pulled into sight
    batch_size = 4

    def __init__(
        self,
        checkpoints: Checkpoints,
        mesh_of_crop: MeshOfCrop,
        networks: Networks,
        batches: SteadyBatches | None = None,
    ) -> None:
        super().__init__(checkpoints, networks, batches)
        self._mesh_of_crop = mesh_of_crop
        self.neutral_exp = neutral_expression()

    def prepare(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Crops (B, H, W, 3) uint8 to (B, 3, N, N) in 0..1; N is their own shorter side, at most 512."""
        height, width = pictures.shape[1:3]
        side = min(height, width, OUTPUT_SIZE)
        if (height, width) != (side, side):
            how = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
            pictures = np.stack([cv2.resize(picture, (side, side), interpolation=how) for picture in pictures])
        return self._tensor(pictures)

    @in_turn
    @torch.no_grad()
    def encode_source(self, pictures: Tensor) -> SourceFeatures:
        """Run F on the crops (B, 3, N, N) at 128 px, and keep them at 512 px for the warp."""
        small = shrunk(pictures)
        if pictures.shape[-1] != OUTPUT_SIZE:
            size = (OUTPUT_SIZE, OUTPUT_SIZE)
            pictures = F.interpolate(pictures, size=size, mode="bicubic", align_corners=False).clamp_(0, 1)
        return SourceFeatures(self._networks.appearance(small), pictures, is_grey=(_colourfulness(small) < _GREY).cpu())

    def get_kp_info(self, pictures: Tensor, refine: bool = True) -> dict[str, Tensor]:
        """Motion in the official form: angles (B, 1) in degrees; kp and exp (B, 21, 3), or flat if not refined."""
        motion = self.get_motion(pictures)
        pitch, yaw, roll = degrees(motion.R)
        info = {"pitch": pitch, "yaw": yaw, "roll": roll, "t": motion.t, "exp": motion.exp, "scale": motion.scale}
        info = {name: value.reshape(len(pictures), -1) for name, value in {**info, "kp": motion.kp}.items()}
        if refine:
            info |= {"exp": motion.exp, "kp": motion.kp}
        return info

    def get_motion(self, pictures: Tensor | None, meshes: Meshes | None = None, like: Motion | None = None) -> Motion:
        """Motion of B independent pictures, from their mesh landmarks or from a mesh of our own finding."""
        if meshes is None:
            assert pictures is not None, "either pictures or meshes"
            meshes = self.find_meshes(pictures)
        if like is not None:
            return motion_with_shape(meshes, like.kp[0]).to(self.device)
        return Motion.cat([motion_from_meshes(mesh[None]) for mesh in meshes]).to(self.device)

    def find_meshes(self, pictures: Tensor) -> Meshes:
        """Mesh landmarks (B, 478, 3) in crop coordinates of prepared crops that came without any.

        Raises:
            NoFaceError: a picture shows no face.
        """
        meshes = self.look_for_meshes(pictures)
        missing = [str(number) for number, mesh in enumerate(meshes, 1) if mesh is None]
        if missing:
            raise NoFaceError(f"no face found in picture {', '.join(missing)} of {len(meshes)}: {_ADVICE}")
        return np.stack([mesh for mesh in meshes if mesh is not None])

    @in_turn
    def look_for_meshes(self, pictures: Tensor) -> list[Mesh | None]:
        """Mesh landmarks (478, 3) in crop coordinates of each prepared crop, None where it shows no face."""
        images = pictures.mul(255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        half = pictures.shape[-1] / 2
        meshes = (self._mesh_of_crop(image) for image in images)
        # pixels to -1..1; z has no origin
        return [None if mesh is None else mesh / half - np.array([1.0, 1.0, 0.0]) for mesh in meshes]

    def record_motion(self) -> _Recorder:
        """A recorder that measures mesh landmarks: the shape of a face is judged over its whole clip."""
        return _Recorder(self)


def _colourfulness(pictures: Tensor) -> Tensor:
    """How far the channels of each picture (B, 3, N, N) lie apart on average, (B,) in 0..1."""
    return (pictures.amax(dim=1) - pictures.amin(dim=1)).mean((1, 2))


class _Recorder:
    """Keeps the measures of a clip's faces: in crop coordinates, or in pixels of the picture if meshes are given."""

    def __init__(self, engine: CompactEngine) -> None:
        self._engine = engine
        self._faces: list[FaceMeasures] = []
        self._of_picture = False
        self.shown: list[bool] = []

    def add(self, pictures: Tensor) -> None:
        found = self._engine.look_for_meshes(pictures)
        self.shown += [mesh is not None for mesh in found]
        if faces := [mesh for mesh in found if mesh is not None]:
            self._faces.append(measure(np.stack(faces)))

    def add_meshes(self, meshes: Meshes) -> None:
        self._of_picture = True
        self._faces.append(measure(meshes))
        self.shown += [True] * len(meshes)

    def motion(self, to_crop: NDArray[np.floating] | None = None) -> Motion:
        if not self._faces:
            raise NoFaceError(f"no face found in any of {len(self.shown)} frames: {_ADVICE}")
        assert self._of_picture == (to_crop is not None), "meshes of the picture need matrices, and crops do not"
        faces = FaceMeasures.cat(self._faces)
        if to_crop is not None:
            faces = faces.through(to_crop, OUTPUT_SIZE)
        return motion_of(faces).to(self._engine.device)
