"""The compact networks, fused for the processor: the same numbers in half of the time or less."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.pool import ThreadPool
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from ...modules.appearance_feature_extractor import AppearanceFeatureExtractor
from ...modules.compact.spade_generator import CompactSPADEDecoder
from ...modules.compact.warping_network import CompactWarpingNetwork
from ..checkpoints import Checkpoints
from ..compact_sizes import shrunk
from ..engine import SourceFeatures
from .compact_aperture import Aperture
from .compact_compose import compose, truncated
from .compact_generator import FusedGenerator
from .compact_openings import Openings
from .compact_sampling import warp
from .compact_warping import FusedWarping, SourceVolume

Array = NDArray[np.float32]


@dataclass(frozen=True)
class _Source:
    """What is done once per source: of one for all frames, or of one a frame.

    Attributes:
        volume: for W.
        small: the pictures at the networks' size, each (n, n, 4) in -1..1.
        pictures: what is warped, each (N, N, 4) in 0..255, without colours where the source has none.
        is_grey: which have none.
    """

    volume: SourceVolume
    small: list[Array]
    pictures: list[Array]
    is_grey: list[bool]


@dataclass(frozen=True)
class _Frames:
    """B frames as the networks leave them.

    Attributes:
        source: what is warped.
        flow: (B, 2, S, S).
        flows: the same, (B, S, S, 2).
        residual: (B, n, n, 4), in levels of 255.
        paint: the same.
        apertures: where to paint.
    """

    source: _Source
    flow: Tensor
    flows: Array
    residual: Array
    paint: Array
    apertures: list[Aperture]

    def picture(self, frame: int) -> Array:
        """One frame at full size, (N, N, 4) in 0..255."""
        source = frame % len(self.source.pictures)
        picture = warp(self.source.pictures[source], self.flows[frame])
        residual, paint = self.residual[frame], self.paint[frame]
        if self.source.is_grey[source]:
            residual, paint = _grey(residual), _grey(paint)
        compose(picture, residual, paint, self.apertures[frame])
        return picture


class FusedCompact:
    """F, W and G at 128 px and the warp of the crop itself, on the processor.

    Args:
        checkpoints: their files and definition; each network is read when it is first used.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._features: weakref.ref[SourceFeatures] | None = None
        self._source: _Source | None = None

    def appearance(self, pictures: Tensor) -> Tensor:
        """Run F: (B, 3, 128, 128) to (B, 24, 4, 16, 16)."""
        volume: Tensor = self._appearance(pictures)
        return volume

    def warp_decode(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> dict[str, Tensor]:
        """W, G and the warp of the crop: ``out`` (B, 3, 512, 512), ``flow`` (B, 2, 64, 64)."""
        job = self._networks(features, x_s, x_d)
        pictures = torch.from_numpy(np.stack(self._each(job.picture, len(x_d))))
        return {"out": pictures[..., :3].permute(0, 3, 1, 2).contiguous().div_(255), "flow": job.flow}

    def draw(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> Tensor:
        """The pictures as bytes, (B, 512, 512, 3) uint8."""
        job = self._networks(features, x_s, x_d)
        return torch.from_numpy(np.stack(self._each(lambda frame: truncated(job.picture(frame)), len(x_d))))

    @cached_property
    def _appearance(self) -> nn.Module:
        return self._checkpoints.build(AppearanceFeatureExtractor, "appearance_feature_extractor")

    @cached_property
    def _warping(self) -> FusedWarping:
        return FusedWarping(self._checkpoints.build(CompactWarpingNetwork, "warping_module"))

    @cached_property
    def _generator(self) -> FusedGenerator:
        return FusedGenerator(self._checkpoints.build(CompactSPADEDecoder, "spade_generator"))

    @cached_property
    def _threads(self) -> ThreadPool:
        # that of concurrent.futures takes no work any more when the main thread has ended and others still go on
        threads = ThreadPool(torch.get_num_threads())
        weakref.finalize(self, threads.close)
        return threads

    def _each(self, work: Callable[[int], Any], count: int) -> list[Any]:
        """Frames side by side: OpenCV and numpy let other threads run meanwhile."""
        return [work(0)] if count == 1 else self._threads.map(work, range(count), 1)

    def _networks(self, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> _Frames:
        """Everything but the steps at full size."""
        source = self._prepared(features)
        feature, flow = self._warping(source.volume, x_d, x_s)
        flows = flow.permute(0, 2, 3, 1).contiguous().numpy()
        small = [warp(source.small[i % len(source.small)], at) for i, at in enumerate(flows)]
        openings, mouth = Openings(x_d.numpy(), x_s.numpy()), self._generator.mouth
        maps = torch.from_numpy(openings.maps(len(small[0]) // 2))
        residual, paint = (y.numpy() for y in self._generator(feature, torch.from_numpy(np.stack(small)), x_d, maps))
        if mouth is not None and any(aperture.mouth for aperture in openings.apertures):
            # not in another thread meanwhile: that took longer than it does here
            mouth.mix(paint, mouth.textures(small, x_d.numpy(), openings), openings.apertures)
        return _Frames(source, flow, flows, residual, paint, openings.apertures)

    def _prepared(self, features: SourceFeatures) -> _Source:
        """What depends on the source alone, made when the features are not those of the call before."""
        if self._source is None or self._features is None or self._features() is not features:
            self._source, self._features = self._prepare(features), weakref.ref(features)
        return self._source

    def _prepare(self, features: SourceFeatures) -> _Source:
        assert features.picture is not None, "features of the compact model hold the picture"
        is_grey = [False] * len(features) if features.is_grey is None else features.is_grey.tolist()
        small, pictures = _rows(shrunk(features.picture) * 2 - 1), _rows(features.picture * 255)
        shown = [_grey(picture) if grey else picture for picture, grey in zip(pictures, is_grey, strict=True)]
        return _Source(self._warping.prepare(features.volume), list(small), shown, is_grey)


def _rows(pictures: Tensor) -> Array:
    """Pictures (B, 3, N, N) as (B, N, N, 4), the fourth channel being zero."""
    return F.pad(pictures, (0, 0, 0, 0, 0, 1)).permute(0, 2, 3, 1).contiguous().numpy()


def _grey(picture: Array) -> Array:
    """A picture (N, N, 4) without its colours; all that follows treats the channels alike, so they stay equal."""
    return np.repeat(picture[..., :3].mean(2, keepdims=True), 4, axis=2)
