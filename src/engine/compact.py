"""`CompactEngine`: the small networks that ship with the project; motion comes from mesh landmarks."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ..errors import InputError, NoFaceError
from ..face.face import Points, Rgb
from ..modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ..modules.compact.compose import compose, warp_picture
from ..modules.compact.spade_generator import CompactSPADEDecoder
from ..modules.compact.warping_network import CompactWarpingNetwork
from ..motion.mesh import FaceMeasures, measure, motion_from_meshes, motion_of, neutral_expression
from ..motion.motion import Motion
from ..motion.pose import degrees
from .checkpoints import Checkpoints
from .engine import Meshes, SourceFeatures
from .heads import Heads

logger = logging.getLogger(__name__)

INTERNAL_SIZE = 128  # the networks see the crop at this size
OUTPUT_SIZE = 512
_GREY = 0.02  # colourfulness of black-and-white photographs with the noise of JPEG
_ADVICE = "crops must show a face from the front"

Mesh = NDArray[np.floating]  # (478, 3)
MeshOfCrop = Callable[[Rgb], Points | None]  # (H, W, 3) uint8 -> landmarks (478, 3) in pixels, None without a face


class CompactEngine:
    """F, W and G at 128 px that warp the picture itself; S and R as in the original (see the weights' model card).

    Args:
        checkpoints: its files and definition, and the device.
        mesh_of_crop: finds the mesh in a crop that comes without landmarks.
    """

    name = "compact"
    reads_meshes = True
    always_crops_driving = True
    crop_size = OUTPUT_SIZE
    repeats_border = True  # it warps the picture itself: black from outside would be pulled into sight
    batch_size = 4

    def __init__(self, checkpoints: Checkpoints, mesh_of_crop: MeshOfCrop) -> None:
        self.device = checkpoints.device
        self._checkpoints = checkpoints
        self._mesh_of_crop = mesh_of_crop
        self.neutral_exp = neutral_expression()

    def prepare(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Crops (B, H, W, 3) uint8 to (B, 3, N, N) in 0..1; N is their own shorter side, at most 512."""
        height, width = pictures.shape[1:3]
        side = min(height, width, OUTPUT_SIZE)
        if (height, width) != (side, side):
            how = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
            pictures = np.stack([cv2.resize(picture, (side, side), interpolation=how) for picture in pictures])
        tensor = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device)
        return tensor.permute(0, 3, 1, 2).float().div_(255.0)

    @torch.no_grad()
    def encode_source(self, picture: Tensor) -> SourceFeatures:
        """Run F once on the crop at 128 px, and keep the crop at 512 px for the warp."""
        small = _shrunk(picture)
        if picture.shape[-1] != OUTPUT_SIZE:
            size = (OUTPUT_SIZE, OUTPUT_SIZE)
            picture = F.interpolate(picture, size=size, mode="bicubic", align_corners=False).clamp_(0, 1)
        return SourceFeatures(self._appearance(small), picture, is_grey=_colourfulness(small) < _GREY)

    def get_kp_info(self, pictures: Tensor, refine: bool = True) -> dict[str, Tensor]:
        """Motion in the official form: angles (B, 1) in degrees; kp and exp (B, 21, 3), or flat if not refined."""
        motion = self.get_motion(pictures)
        pitch, yaw, roll = degrees(motion.R)
        info = {"pitch": pitch, "yaw": yaw, "roll": roll, "t": motion.t, "exp": motion.exp, "scale": motion.scale}
        info = {name: value.reshape(len(pictures), -1) for name, value in {**info, "kp": motion.kp}.items()}
        if refine:
            info |= {"exp": motion.exp, "kp": motion.kp}
        return info

    def get_motion(self, pictures: Tensor, meshes: Meshes | None = None) -> Motion:
        """Motion of B independent pictures, from their mesh landmarks or from a mesh of our own finding."""
        meshes = self.find_meshes(pictures) if meshes is None else meshes
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

    @torch.no_grad()
    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W, G and the warp of the crop: ``out`` (B, 3, 512, 512) in 0..1, ``flow`` (B, 2, 64, 64)."""
        if features.picture is None:
            raise InputError("these source features are of another model: make them with the one that uses them")
        feature, flow = self._warping(features.volume, x_d, x_s)
        small = warp_picture(_shrunk(features.picture), flow)
        residual, paint = self._generator(feature, small, x_d, x_s)
        out = compose(features.picture, flow, residual, paint, x_d, x_s)
        if features.is_grey:  # G paints lips and skin in colour
            out = out.mean(dim=1, keepdim=True).expand_as(out)
        return {"out": out.clamp(0, 1), "flow": flow}

    @cached_property
    def heads(self) -> Heads:
        """S and R."""
        return self._checkpoints.heads()

    @cached_property
    def _appearance(self) -> nn.Module:
        return self._checkpoints.build(AppearanceFeatureExtractor, "appearance_feature_extractor")

    @cached_property
    def _warping(self) -> nn.Module:
        return self._checkpoints.build(CompactWarpingNetwork, "warping_module")

    @cached_property
    def _generator(self) -> nn.Module:
        return self._checkpoints.build(CompactSPADEDecoder, "spade_generator")


def _colourfulness(picture: Tensor) -> float:
    """How far the channels of a picture (1, 3, N, N) lie apart on average, 0..1."""
    return float((picture.amax(dim=1) - picture.amin(dim=1)).mean())


def _shrunk(picture: Tensor) -> Tensor:
    """A picture (B, 3, N, N) at the networks' size."""
    return F.adaptive_avg_pool2d(picture, INTERNAL_SIZE)


class _Recorder:
    """Keeps the measures of a clip's faces; frames without a face hold the last one, leading ones the first."""

    def __init__(self, engine: CompactEngine) -> None:
        self._engine = engine
        self._faces: list[FaceMeasures] = []
        self._shows_face: list[bool] = []  # of every frame

    def add(self, pictures: Tensor | None, meshes: Meshes | None) -> None:
        if meshes is not None:
            found: list[Mesh | None] = list(meshes)
        else:
            assert pictures is not None, "either pictures or meshes"
            found = self._engine.look_for_meshes(pictures)
        self._shows_face += [mesh is not None for mesh in found]
        faces = [mesh for mesh in found if mesh is not None]
        if faces:
            self._faces.append(measure(np.stack(faces)))

    def motion(self) -> Motion:
        n_frames, n_faces = len(self._shows_face), sum(self._shows_face)
        if not n_faces:
            raise NoFaceError(f"no face found in any of {n_frames} frames: {_ADVICE}")
        motion = motion_of(FaceMeasures.cat(self._faces))
        if n_faces < n_frames:
            message = "the mesh network finds no face in %d of %d frames: they hold the motion of the frame before"
            logger.warning(message, n_frames - n_faces, n_frames)
            motion = motion[(torch.tensor(self._shows_face).cumsum(0) - 1).clamp_(min=0)]
        return motion.to(self._engine.device)
