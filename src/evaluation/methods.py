"""Ways to draw the frames of a clip from one of them: the networks, and two baselines that need none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..engine.engine import Engine, SourceFeatures
from ..motion.keypoints import transform_keypoint
from ..motion.mesh_points import opening
from ..motion.motion import Motion
from .clip import SIDE, Clip, Pictures
from .thin_plate import warped_by_landmarks


class Method(Protocol):
    """Draws frames of a clip from one of them.

    Attributes:
        name: as it stands in the tables.
    """

    name: str

    def draw(self, clip: Clip, source: int, frames: Sequence[int]) -> Pictures:
        """Frames of a clip as its frame `source` shows them, (n, 256, 256, 3) uint8."""
        ...


class CopyOfSource:
    """The source frame itself, whatever is asked for."""

    name = "copy"

    def draw(self, clip: Clip, source: int, frames: Sequence[int]) -> Pictures:
        """The same picture n times."""
        return np.repeat(clip.pictures([source]), len(frames), axis=0)


class ThinPlateWarp:
    """The source frame, warped by a thin-plate spline of the mesh landmarks."""

    name = "tps"

    def draw(self, clip: Clip, source: int, frames: Sequence[int]) -> Pictures:
        """A warp for every frame."""
        (picture,) = clip.pictures([source])
        warps = [warped_by_landmarks(picture, clip.meshes[source], clip.meshes[frame]) for frame in frames]
        return np.stack(warps)


BASELINES = (CopyOfSource, ThinPlateWarp)


class Networks:
    """A set of weights.

    Args:
        name: as it stands in the tables.
        engine: that runs them.
    """

    def __init__(self, name: str, engine: Engine) -> None:
        self.name, self.engine = name, engine
        self._encoded: tuple[Clip, int, SourceFeatures] | None = None  # the last source: it is driven by many

    def draw(self, clip: Clip, source: int, frames: Sequence[int]) -> Pictures:
        """Absolute keypoints of the clip's own motion on the source's face, no stitching: self-reenactment."""
        motion = self.motion(clip, [source, *frames])
        # a network sees another canonical face in every frame; the mesh has one for the whole clip
        x = transform_keypoint(replace(motion, kp=motion.kp[:1].expand_as(motion.kp)))
        return self.driven(self.features(clip, source), x[:1], x[1:])

    def motion(self, clip: Clip, frames: Sequence[int]) -> Motion:
        """Motion of frames of a clip, on the engine's device: of the whole clip's mesh, or by the network M."""
        if self.engine.reads_meshes:
            return clip.motion[torch.tensor(list(frames))].to(self.engine.device)
        pictures = self.engine.prepare(clip.pictures(frames))
        return Motion.cat([self.engine.get_motion(part) for part in pictures.split(self.engine.batch_size)])

    def picture_motion(self, clip: Clip, frame: int) -> Motion:
        """Motion of one frame as of a picture that stands alone, with the ratios of its mesh."""
        mesh = clip.meshes[[frame]]
        motion = self.engine.get_motion(self.engine.prepare(clip.pictures([frame])), mesh)
        if motion.lip_ratio is None:
            ratios = torch.from_numpy(opening(mesh)).float().to(self.engine.device)
            motion = replace(motion, eye_ratio=ratios[:, :2], lip_ratio=ratios[:, 2:])
        return motion

    def features(self, clip: Clip, source: int) -> SourceFeatures:
        """Of one frame; a model that warps the picture warps it at 256 pixels.

        Enlarging it, as the product does, and shrinking the result would blur what is compared with the real frame.
        """
        if self._encoded is None or self._encoded[0] is not clip or self._encoded[1] != source:
            prepared = self.engine.prepare(clip.pictures([source]))
            features = self.engine.encode_source(prepared)
            features = features if features.picture is None else replace(features, picture=prepared)
            self._encoded = clip, source, features
        return self._encoded[2]

    def driven(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Pictures:
        """Pictures of one source at 256 pixels, rounded, (n, 256, 256, 3).

        Args:
            features: of the source.
            x_s: (1, 21, 3).
            x_d: (n, 21, 3).
        """
        return measured_size(torch.cat([out["out"] for out in self.outputs(features, x_s, x_d)]))

    def outputs(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Iterator[dict[str, Tensor]]:
        """What `Engine.warp_decode` gives, batch after batch."""
        for part in x_d.split(self.engine.batch_size):
            yield self.engine.warp_decode(features, x_s, part)


def measured_size(pictures: Tensor) -> Pictures:
    """Pictures (n, 3, N, N) in 0..1 as (n, 256, 256, 3) uint8, shrunk by area."""
    levels = F.interpolate(pictures, size=(SIDE, SIDE), mode="area").clamp(0, 1).mul(255).round().byte()
    shown: Pictures = levels.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return shown
