"""Batches of numbers: what `Batches` knows of its frames, without their pictures."""

from __future__ import annotations

import numpy as np
import torch
from numpy.random import Generator, default_rng
from torch import Tensor

from .batches import Batches, Floats
from .draw import draw_frames
from .framing import draw_framing

_FLIPPED = [1, 0, 2]  # openness of the left eye, the right eye and the lips in a mirrored picture


class KeypointBatches(Batches):
    """Endless batches of clips' keypoints, poses and openness; stills, which show no change, are left out.

    Frames are drawn and framed as `Batches` does it; options of colours and invented stills have no effect.
    """

    def batch(self, step: int) -> dict[str, Tensor]:
        """The batch of a step.

        Returns:
            Keypoints `kp_source` (S, 21, 3) and `kp_driving` (S, D, 21, 3) in crop coordinates; poses `R_source`
            (S, 3, 3) and `R_driving` (S, D, 3, 3); openness of the left eye, the right eye and the lips,
            `openness_source` (S, 3) and `openness_driving` (S, D, 3); all float32.
        """
        rng = default_rng([self._seed, self._rank, step])
        draws = zip(*(self._draw_numbers(rng) for _ in range(self._options.sources)), strict=True)
        batch = {}
        for name, values in zip(("kp", "R", "openness"), draws, strict=True):
            frames = torch.from_numpy(np.stack(values))  # (S, 1 + D, ...)
            batch[f"{name}_source"], batch[f"{name}_driving"] = frames[:, 0].contiguous(), frames[:, 1:].contiguous()
        return batch

    def _draw_numbers(self, rng: Generator) -> tuple[Floats, Floats, Floats]:
        """Keypoints (1 + D, 21, 3), poses (1 + D, 3, 3) and openness (1 + D, 3): the source and its drivers."""
        options = self._options
        clip = self._clips[rng.choice(len(self._clips), p=self._odds)]
        source, driving = draw_frames(clip, options.drivers, rng, options.draw)
        frames = [source, *driving]
        framing = draw_framing(rng, options.framing, options.nominal)
        openness = clip.openness[frames]
        if framing.flipped:
            openness = openness[:, _FLIPPED]
        return framing.keypoints(clip.kp[frames]), framing.poses(clip.R[frames]), openness
