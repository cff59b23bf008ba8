"""Time of W and G for each set of weights, measured in turns in one run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import cycle, islice
from typing import Any

import torch

from ..benchmark.timing import Call, Timing, measure_in_turns, synchronizer
from ..benchmark.variants import networks_of
from ..motion.keypoints import transform_keypoint
from .choose_frames import neutral_frame, spread_frames
from .clip import Clip
from .methods import Networks

BATCH = 4
_WARMUP = 2


@dataclass(frozen=True)
class SpeedFigure:
    """One set of weights.

    Attributes:
        method: its name.
        timing: seconds a call for `BATCH` pictures of 512 pixels, from features and keypoints to bytes.
    """

    method: str
    timing: Timing

    @property
    def ms_per_picture(self) -> float:
        """Median milliseconds a picture."""
        return self.timing.median * 1e3 / BATCH

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "batch_size": BATCH, "ms_per_picture": self.ms_per_picture}


@torch.no_grad()
def measure_speed(methods: Sequence[Networks], clips: Sequence[Clip], runs: int) -> list[SpeedFigure]:
    """Time W+G of every set of weights with the engines that drew the pictures.

    How long they take depends on the frames: what opens or closes is painted.

    Args:
        methods: sets of weights, all on one device.
        clips: the neutral frame of the first is the source; each call draws four frames of one of them, in turn.
        runs: calls of each set of weights.

    Raises:
        InputError: a frame cannot be decoded.
    """
    calls = {method.name: _call(method, clips) for method in methods}
    timings = measure_in_turns(calls, _WARMUP, runs, synchronizer(methods[0].engine.device))
    return [SpeedFigure(name, timing) for name, timing in timings.items()]


def _call(method: Networks, clips: Sequence[Clip]) -> Call:
    """A call that draws four frames of the next clip each time."""
    engine, source = method.engine, neutral_frame(clips[0].motion)
    features = engine.encode_source(engine.prepare(clips[0].pictures([source])))  # of the product's size
    still = method.motion(clips[0], [source])
    motions = [method.motion(clip, _frames(clip)) for clip in clips]
    driving = cycle([transform_keypoint(replace(motion, kp=still.kp.expand_as(motion.kp))) for motion in motions])
    x_s, draw = transform_keypoint(still), networks_of(engine).draw
    return lambda: draw(features, x_s, next(driving))


def _frames(clip: Clip) -> list[int]:
    """Four frames, spread over the clip; again from the first where it has fewer."""
    return list(islice(cycle(spread_frames(len(clip), BATCH, without=-1)), BATCH))
