"""Whole runs, stage by stage: from a driving clip on disk to the finished video."""

from __future__ import annotations

import logging
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ..config.inference_config import InferenceConfig
from ..errors import InputError
from ..live_portrait_wrapper import LivePortraitWrapper
from ..media import ffmpeg
from ..media.picture import read_picture, write_picture
from ..media.video_reader import VideoReader
from ..weights.resolve import ResolvedModel
from .stages import NETWORKS, SOURCE, timed_stages
from .variants import Variant

_log = logging.getLogger(__name__)
_SIDES = range(16, 8193)  # pixels


@dataclass(frozen=True)
class ClipFigure:
    """One run, the median of several by its speed.

    Attributes:
        variant: how the networks were run.
        n_frames: of the result.
        wall: seconds from the driving clip to the finished file, source preparation left out.
        fps: frames a second of that.
        ratio: how many times as fast as the baseline.
        busy: seconds at work by stage; stages in threads of their own overlap, waiting for a busy core included.
        encoder: processor seconds of ffmpeg, which is a process of its own.
        cores: processors in use on average, those of ffmpeg included.
        network_share: seconds of F, W and G as a share of the wall time.
        startup: seconds that loading the networks and a first short run took.
        source: seconds of the source's preparation.
        all_fps: speed of every run.
    """

    variant: str
    n_frames: int
    wall: float
    fps: float
    ratio: float
    busy: dict[str, float]
    encoder: float
    cores: float
    network_share: float
    startup: float
    source: float
    all_fps: list[float]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class ClipTask:
    """What is animated.

    Attributes:
        source: portrait.
        driving: clip, repeated or cut to the number of frames.
        n_frames: of the driving clip.
        size: longest side of the portrait; None = as it is.
        driving_size: side of the driving clip, which becomes square; None = as it is.
        concat: also make the side-by-side video.
        batch_size: frames a call of the networks; None = the engine's choice.
    """

    source: Path
    driving: Path
    n_frames: int = 200
    size: int | None = None
    driving_size: int | None = None
    concat: bool = False
    batch_size: int | None = None


@dataclass(frozen=True)
class _Run:
    wall: float
    busy: dict[str, float]
    encoder: float
    cores: float
    source: float


def measure_clip(
    model: ResolvedModel, device: str, variants: Sequence[Variant], task: ClipTask, *, runs: int = 1
) -> list[ClipFigure]:
    """Animate one clip in several ways, the runs in turns.

    Args:
        model: files and definition, of people.
        device: where to run, as `--device`.
        variants: ways to run it; the first is what the others are compared with.
        task: what is animated.
        runs: of each variant.

    Raises:
        InputError: sizes and counts that make no clip.
        LivePortraitError: files that cannot be used, or a variant that the device cannot do.
    """
    _check(task, runs)
    VideoReader(task.driving)  # says what is wrong with it; a picture would be repeated for ever
    with tempfile.TemporaryDirectory(prefix="liveportrait-") as folder:
        source = _sized(task.source, task.size, Path(folder) / "source.png")
        driving = _cut(task, task.n_frames, Path(folder) / "driving.mp4")
        options: dict[str, Any] = {
            "source": source,
            "driving": driving,
            "output": f"{folder}/result.mp4",
            "concat": task.concat,
        }
        options |= {"batch_size": task.batch_size, "audio": False}
        wrappers, startup = {}, {}
        for variant in variants:
            begin = time.perf_counter()
            wrapper = _wrapper(model, device, variant)
            short = _cut(task, min(task.n_frames, task.batch_size or wrapper.engine.batch_size), Path(folder) / "w.mp4")
            wrapper.execute(**{**options, "driving": short})
            wrappers[str(variant)], startup[str(variant)] = wrapper, time.perf_counter() - begin
        done: dict[str, list[_Run]] = {name: [] for name in wrappers}
        for _ in range(runs):
            for name, wrapper in wrappers.items():
                _log.info("animating %d frames: %s", task.n_frames, name)
                done[name].append(_measured(wrapper, options))
    return list(_figures(done, startup, task.n_frames))


def _check(task: ClipTask, runs: int) -> None:
    if task.n_frames < 1:
        raise InputError(f"a clip has one or more frames, got {task.n_frames}")
    for name, count in (("batch_size", task.batch_size), ("runs", runs)):
        if count is not None and count < 1:
            raise InputError(f"--{name} {count} is too few: give 1 or more")
    for name, side in (("size", task.size), ("driving_size", task.driving_size)):
        if side is not None and side not in _SIDES:
            raise InputError(f"--{name} {side} is no side of a picture: give {_SIDES[0]} to {_SIDES[-1]} pixels")
    if task.driving_size is not None and task.driving_size % 2:
        near = f"{task.driving_size - 1} or {task.driving_size + 1}"
        raise InputError(f"--driving_size {task.driving_size} is odd: give {near}, since videos have even sides")


def _figures(done: dict[str, list[_Run]], startup: dict[str, float], n_frames: int) -> Iterator[ClipFigure]:
    base: float | None = None
    for name, runs in done.items():
        run = sorted(runs, key=lambda run: run.wall)[(len(runs) - 1) // 2]
        base = base or run.wall
        yield ClipFigure(
            variant=name,
            n_frames=n_frames,
            wall=run.wall,
            fps=n_frames / run.wall,
            ratio=base / run.wall,
            busy=run.busy,
            encoder=run.encoder,
            cores=run.cores,
            network_share=run.busy.get(NETWORKS, 0.0) / run.wall,
            startup=startup[name],
            source=run.source,
            all_fps=[n_frames / run.wall for run in runs],
        )


def _measured(wrapper: LivePortraitWrapper, options: dict[str, Any]) -> _Run:
    with timed_stages(wrapper.engine) as times:
        before, begin = os.times(), time.perf_counter()
        wrapper.execute(**options)
        elapsed, after = time.perf_counter() - begin, os.times()
    busy = times.seconds()
    source = busy.pop(SOURCE)
    own = after.user + after.system - before.user - before.system
    encoder = after.children_user + after.children_system - before.children_user - before.children_system
    return _Run(elapsed - source, busy, encoder, (own + encoder) / elapsed, source)


def _wrapper(model: ResolvedModel, device: str, variant: Variant) -> LivePortraitWrapper:
    config = InferenceConfig(
        device=device,
        engine=variant.engine,
        precision=variant.precision,
        flag_do_torch_compile=variant.compiled,
    )
    return LivePortraitWrapper(config, model=model.name, weights_dir=model.folder)


def _sized(source: Path, size: int | None, path: Path) -> Path:
    """The portrait with its longest side at `size`."""
    rgb = read_picture(source)
    if size is not None and max(rgb.shape[:2]) != size:
        scale = size / max(rgb.shape[:2])
        shape = (max(round(rgb.shape[1] * scale), 1), max(round(rgb.shape[0] * scale), 1))
        rgb = cv2.resize(rgb, shape, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC).astype(np.uint8)
    write_picture(path, rgb)
    return path


def _cut(task: ClipTask, n_frames: int, path: Path) -> Path:
    """The driving clip, repeated or cut to a number of frames, without sound."""
    side = task.driving_size
    scale = () if side is None else ("-vf", f"scale={side}:{side}")
    encoder = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p")
    clip = ("-stream_loop", "-1", "-i", ffmpeg.file_argument(task.driving), "-frames:v", str(n_frames), "-an")
    ffmpeg.run((*clip, *scale, *encoder, ffmpeg.file_argument(path)))
    return path
