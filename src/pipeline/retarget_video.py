"""`retarget_video()`: a source video whose lips are opened evenly, or kept silent (spec: pipeline, section 16.3)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

from torch import Tensor

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..engine.engine import Engine
from ..errors import InputError
from ..face.face import Rgb
from ..media.given import Inbox, Media
from ..media.sniff import MediaKind
from ..media.sound import has_audio
from ..media.video_writer import VideoWriter
from ..motion.expression import HIGHEST_TARGET
from ..motion.motion import Motion
from ..motion.retarget import retarget_lip_video, silence_lip_video
from .animal_options import check_kind
from .compose import Composer
from .finders import Finders
from .finish import finish_frames
from .inputs import taken
from .output_paths import OutputPaths, check_outputs, outputs_named
from .plan import check_faces, report_path
from .portrait import Portrait
from .progress import Progress, counted
from .remarks import pasting_remarks
from .render import RenderedFace, RenderedFrame, render, render_face
from .report import StageClock, make_report
from .result import AnimationResult
from .source import Source, open_source, read_source
from .timeline import Timeline

_log = logging.getLogger(__name__)

RETARGETING = "Retargeting"
_OF_DRIVERS = ("driving", "motion_template", "save_motion_template")


def retarget_video(
    engine: Engine,
    finders: Finders,
    args: ArgumentConfig,
    progress: Progress,
    *,
    lip_ratio: float,
    silent: bool,
    observation_variance: float,
) -> AnimationResult:
    """Give all frames of the video `args.source` the same lip opening, or silence its lips, and write the result.

    The face is always stitched, and the crop options hold in both modes (quirk Q35: officially not in the silent one).
    Frames that do not show the face stay as they are.

    Args:
        engine: the model.
        finders: the face detectors.
        args: all options; those about drivers and their motion mean nothing here.
        progress: told about every frame.
        lip_ratio: lip opening, 0 (closed) to 0.8.
        silent: a neutral face of which only the eyes move; the lip opening means nothing then.
        observation_variance: how strongly the change of the lips is smoothed over time, > 0; larger = smoother.

    Raises:
        NoFaceError: no frame shows a face.
        LivePortraitError: anything else about the inputs that the caller can mend.
    """
    _check_numbers(lip_ratio, observation_variance)
    args = replace(args, flag_stitching=True)
    with Inbox() as inbox:
        plan, clock = _plan(args, inbox), StageClock()
        for remark in (*pasting_remarks(args), *plan.outputs.remarks):
            _log.warning("%s", remark)
        with clock.stage("source"):
            source = read_source(open_source(plan.source, args), engine, finders, args, progress)

        def moved(motion: Motion) -> Tensor:
            if silent:
                return silence_lip_video(motion, engine.heads, engine.neutral_exp)
            return retarget_lip_video(motion, lip_ratio, engine.heads, observation_variance)

        with clock.stage("lips"):
            renderers = [_LipRenderer(engine, portrait, moved(portrait.motion)) for portrait in source.portraits]
        frames = _frames(source, renderers, engine, args, clock, progress)
        _write(plan.outputs, source, frames, args, clock)
        return _result(plan, source, engine, clock)


@dataclass(frozen=True)
class _Plan:
    """The files of one run: the video, the results, and the report where one is wanted."""

    source: Media
    outputs: OutputPaths
    report: Path | None


def _plan(args: ArgumentConfig, inbox: Inbox) -> _Plan:
    """Check the options and files as far as that costs next to nothing."""
    check_arguments(args)
    if args.animals:
        raise InputError("lips are retargeted in videos of people only: animals are animated from a picture")
    for name in _OF_DRIVERS:
        if getattr(args, name) is not None:
            raise InputError(f"--{name} means nothing here: retargeting moves the lips of the source without a driver")
    if args.source is None:
        raise InputError("there is no source: retargeting needs a video")
    media = taken(args.source, "source", inbox)
    if media.kind in (MediaKind.PICTURE, MediaKind.TEMPLATE):
        raise InputError(f"the source {media.label} is a {media.kind}: retargeting needs a video")
    check_kind(args, media, [])
    check_faces(args, n_drivings=1)
    inputs = [] if media.path is None else [media.path]
    report = report_path(args, inputs)
    outputs = outputs_named(args, f"{media.name}_retargeting", is_video=True)
    check_outputs(outputs, inputs)
    return _Plan(media, outputs, report)


def _check_numbers(lip_ratio: float, observation_variance: float) -> None:
    if not _is_number(lip_ratio) or not 0 <= lip_ratio <= HIGHEST_TARGET:
        raise InputError(f"lip_ratio must be a number from 0 to {HIGHEST_TARGET}, got {lip_ratio!r}")
    if not _is_number(observation_variance) or observation_variance <= 0:
        raise InputError(f"observation_variance must be a finite number above 0, got {observation_variance!r}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


@dataclass(frozen=True, eq=False)
class _LipRenderer:
    """Draws one face under the keypoints of the whole clip, (n, 21, 3)."""

    engine: Engine
    portrait: Portrait
    x_d: Tensor

    def faces(self, start: int, frames: Sequence[Rgb], size: int | None) -> list[RenderedFace]:
        return render_face(self.engine, self.portrait, lambda a, b: self.x_d[a:b], start, frames, size)


def _frames(
    source: Source,
    renderers: Sequence[_LipRenderer],
    engine: Engine,
    args: ArgumentConfig,
    clock: StageClock,
    progress: Progress,
) -> Generator[RenderedFrame, None, None]:
    """All frames before their faces are pasted back; the stream alone holds what it is made of, and ends with it."""
    timeline = Timeline(source.fps, source.n_frames, "time", is_video=True)
    batch_size = args.batch_size or engine.batch_size
    rendered = render(source, renderers, timeline, batch_size=batch_size, size=args.output_size)
    return counted(clock.timed(rendered, "networks"), RETARGETING, timeline.n_frames, progress)


def _write(
    paths: OutputPaths,
    source: Source,
    frames: Generator[RenderedFrame, None, None],
    args: ArgumentConfig,
    clock: StageClock,
) -> None:
    sound = source.clip.path if args.audio and source.clip.path is not None and has_audio(source.clip.path) else None
    with ExitStack() as stack:

        def writer(path: Path) -> Callable[[Rgb], None]:
            return stack.enter_context(VideoWriter(path, source.fps, crf=args.crf, audio_from=sound)).write

        write_result = writer(paths.result)
        write_concat = writer(paths.concat) if paths.concat is not None else None
        nobody = [None] * len(source.portraits)
        finish_frames(frames, Composer(args.match_color), clock, write_result, write_concat, drivers=nobody)


def _result(plan: _Plan, source: Source, engine: Engine, clock: StageClock) -> AnimationResult:
    if plan.outputs.concat is not None:
        _log.info("side by side: '%s'", plan.outputs.concat)
    report = make_report(
        engine,
        clock,
        plan.report,
        n_frames=source.n_frames,
        fps=source.fps,
        n_faces=len(source.portraits),
        missed_source=source.n_missing,
        missed_driving=[],
    )
    return AnimationResult(
        plan.outputs.result, concat=plan.outputs.concat, n_frames=source.n_frames, fps=source.fps, report=report
    )
