"""Batches of frames: a pure function of seed, step and process, so that a run can stop anywhere and go on exactly."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.random import Generator, default_rng
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from ...errors import InputError, LivePortraitError
from ..ranges import AT_LEAST_ONE, POSITIVE, check_ranges
from .colour import ColourOptions, draw_colours
from .draw import DrawOptions, draw_frames
from .framing import FramingOptions, draw_framing
from .invented import InventedOptions, can_close, invent
from .reshape import ReshapeOptions, draw_reshape
from .shot import Shot
from .tracks import Track

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]
Batch = Mapping[str, Tensor]


@dataclass(frozen=True)
class DataOptions:
    """What batches are made of.

    Attributes:
        size: side of the pictures in pixels.
        sources: sources a batch and process.
        drivers: driving frames a source; each of them makes a pair.
        nominal: size of the stored pictures over that of the nominal crop in their middle.
        draw: which frames.
        framing: how they are cropped.
        reshape: how faces are bent into other ones.
        colour: how their colours change.
        invented: stills.
    """

    size: int = 128
    sources: int = 8
    drivers: int = 2
    nominal: float = 1.125
    draw: DrawOptions = field(default_factory=DrawOptions)
    framing: FramingOptions = field(default_factory=FramingOptions)
    reshape: ReshapeOptions = field(default_factory=ReshapeOptions)
    colour: ColourOptions = field(default_factory=ColourOptions)
    invented: InventedOptions = field(default_factory=InventedOptions)

    def __post_init__(self) -> None:
        """Raise `InputError` for numbers that make no sense."""
        check_ranges(self, size=AT_LEAST_ONE, sources=AT_LEAST_ONE, drivers=AT_LEAST_ONE, nominal=POSITIVE)


class Batches(IterableDataset[dict[str, Tensor]]):
    """Endless batches from a step on.

    Args:
        tracks: the numbers of all shots, stills being shots of one frame.
        options: what batches are made of.
        seed: of all chance.
        start: first step.
        rank: number of this process; each has batches of its own.

    Raises:
        InputError: there is no shot of more than one frame.
    """

    def __init__(self, tracks: Sequence[Track], options: DataOptions, seed: int, start: int = 0, rank: int = 0) -> None:
        super().__init__()
        self._clips = [track for track in tracks if len(track) > 1]
        self._stills = [track for track in tracks if len(track) == 1]
        if not self._clips:
            raise InputError(f"training needs a shot of more than one frame, got {len(self._stills)} of one frame each")
        weights = np.array([track.weight for track in self._clips])
        self._odds = weights / weights.sum()
        self._options, self._seed, self._start, self._rank = options, seed, start, rank

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        info = torch.utils.data.get_worker_info()
        first, stride = (0, 1) if info is None else (info.id, info.num_workers)
        step = self._start + first
        while True:
            yield self.batch(step)
            step += stride

    def batch(self, step: int) -> dict[str, Tensor]:
        """The batch of a step.

        Returns:
            `source` (S, 3, N, N) and `driving` (S, D, 3, N, N) uint8; keypoints `kp_source` (S, 21, 3) and
            `kp_driving` (S, D, 21, 3) in crop coordinates; poses `R_source` (S, 3, 3) and `R_driving` (S, D, 3, 3).
        """
        rng = default_rng([self._seed, self._rank, step])
        draws = [self._draw(rng) for _ in range(self._options.sources)]
        pictures = torch.from_numpy(np.stack([draw[0] for draw in draws])).permute(0, 1, 4, 2, 3)  # (S, 1 + D, 3, N, N)
        kp, R = (torch.from_numpy(np.stack([draw[i] for draw in draws])) for i in (1, 2))
        values = {"source": pictures, "kp_source": kp, "R_source": R}
        batch = {name: value[:, 0].contiguous() for name, value in values.items()}
        return batch | {name.replace("source", "driving"): value[:, 1:].contiguous() for name, value in values.items()}

    def _draw(self, rng: Generator) -> tuple[Rgb, Floats, Floats]:
        """Pictures (1 + D, N, N, 3), keypoints (1 + D, 21, 3) and poses (1 + D, 3, 3): the source and its drivers."""
        options = self._options
        clip = self._clips[rng.choice(len(self._clips), p=self._odds)]
        if self._stills and rng.random() < options.invented.share:
            pictures, kp, R = self._invented(clip, rng)
        else:
            source, driving = draw_frames(clip, options.drivers, rng, options.draw)
            frames = [source, *driving]
            with Shot(clip.path) as shot:
                pictures = list(shot.pictures(frames))
            kp, R = clip.kp[frames], clip.R[frames]
        framing = draw_framing(rng, options.framing, options.nominal)
        reshape, colours = draw_reshape(rng, options.reshape), draw_colours(rng, options.colour)
        cropped, kp = framing.pictures(pictures, options.size, reshape), framing.keypoints(kp)
        kp = kp if reshape is None else reshape.keypoints(kp)
        return cropped if colours is None else colours(cropped), kp, framing.poses(R)

    def _invented(self, clip: Track, rng: Generator) -> tuple[list[Rgb], Floats, Floats]:
        """A still and warps of it; which of them is the source is left to chance, but never an open mouth's picture."""
        options = self._options
        still = self._stills[rng.integers(len(self._stills))]
        with Shot(still.path) as shot:
            picture, mesh = shot.picture(0), shot.meshes[0]
        closing = can_close(still) and bool(rng.random() < options.invented.closing)
        poses = [invent(still, mesh, clip, rng, options.invented, closing=closing) for _ in range(options.drivers)]
        pictures = [picture, *(pose.picture(picture) for pose in poses)]
        kp = np.stack([still.kp[0], *(pose.kp for pose in poses)])
        R = np.stack([still.R[0], *(pose.R for pose in poses)])
        order = np.arange(len(pictures))
        if closing or rng.random() < 0.5:
            order = np.roll(order, 1)  # a warp is the source, and the real picture is among the targets
        return [pictures[i] for i in order], kp[order], R[order]


class _Guarded(IterableDataset[Any]):
    """Batches, and in place of an error of ours the error itself: a loader's process would wrap it in a traceback."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self._batches = batches

    def __iter__(self) -> Iterator[dict[str, Tensor] | LivePortraitError]:
        try:
            yield from self._batches
        except LivePortraitError as error:
            yield error


def load(batches: Batches, workers: int) -> Iterator[dict[str, Tensor]]:
    """Batches made by some processes of their own (0: by this one), in the order of their steps.

    Raises:
        InputError: a shot cannot be read, or one of the processes ended.
    """
    prefetched = 4 if workers else None
    loader = DataLoader(
        _Guarded(batches), batch_size=None, num_workers=workers, prefetch_factor=prefetched, worker_init_fn=_stay
    )
    try:
        for batch in _told_here(loader):
            if isinstance(batch, LivePortraitError):
                raise batch
            yield batch
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker"):
            raise
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"a process that makes batches ended ({reason}): if memory ran out, lower --workers"
        ) from error


def _stay(worker: int) -> None:
    """Let the training alone decide when a process that makes batches ends: signals often go to all of a group."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _told_here(loader: DataLoader[Any]) -> Iterator[Any]:
    """A loader's batches; that a process died is told when a batch is asked for, not in the middle of a step."""
    if loader.num_workers == 0 or threading.current_thread() is not threading.main_thread() or os.name != "posix":
        return iter(loader)
    before = signal.getsignal(signal.SIGCHLD) or signal.SIG_DFL
    batches = iter(loader)  # sets a handler that raises wherever the program is
    signal.signal(signal.SIGCHLD, before)
    return batches
