"""`animate()`: one run from files to files, the stages one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..face.face import FaceDetector
from ..media.frames import concat_frame
from ..media.picture import read_picture, resize_to_limit, write_picture
from ..media.sound import has_audio
from ..media.video_writer import VideoWriter
from ..motion.template import save_template
from .driving import Driving, read_driving
from .output_paths import OutputPaths
from .plan import Plan, plan_run
from .progress import Progress, counted
from .render import RenderedFrame, render
from .result import AnimationResult
from .source import Source, prepare_source

_log = logging.getLogger(__name__)

ANIMATING = "Animating"


def animate(
    engine: Engine, detector: Callable[[], FaceDetector], args: ArgumentConfig, progress: Progress
) -> AnimationResult:
    """Animate `args.source` with `args.driving` and write the result (spec: pipeline, sections 7-13).

    With `args.save_motion_template` and no source only the template is made.

    Args:
        engine: the model.
        detector: gives the face detector; called only if faces must be found.
        args: all options.
        progress: told about every frame.

    Raises:
        LivePortraitError: anything about the files that the caller can mend.
    """
    started = time.perf_counter()
    plan = plan_run(args)
    source = _source(plan, engine, detector, args)
    driving = read_driving(plan.driving, engine, detector, args, progress)
    template = driving.template
    saved = save_template(template, plan.template) if plan.template else None
    if source is None or plan.outputs is None:
        assert saved is not None, "a run without a source makes a template"
        return AnimationResult(saved, template=saved, n_frames=template.n_frames, fps=template.fps)
    if args.flag_pasteback and not (args.flag_do_crop and args.flag_stitching):
        _log.warning("nothing is pasted back: that needs --flag_do_crop and --flag_stitching; the result is the crop")
    frames = counted(
        render(engine, source, driving, plan.transfer, args.batch_size), ANIMATING, template.n_frames, progress
    )
    if driving.is_video:
        _write_video(plan.outputs, source, driving, frames, args)
    else:
        _write_picture(plan.outputs, source, driving, frames)
    seconds = time.perf_counter() - started
    _log.info("%d frame%s in %.1f s", template.n_frames, "s" if template.n_frames > 1 else "", seconds)
    return AnimationResult(
        plan.outputs.result,
        concat=plan.outputs.concat,
        template=saved,
        n_frames=template.n_frames,
        fps=template.fps if driving.is_video else None,
    )


def _source(plan: Plan, engine: Engine, detector: Callable[[], FaceDetector], args: ArgumentConfig) -> Source | None:
    if plan.source is None:
        return None
    frame = resize_to_limit(read_picture(plan.source), args.source_max_dim, args.source_division)
    return prepare_source(frame, engine, detector, args, f"'{plan.source}'")


def _write_video(
    paths: OutputPaths, source: Source, driving: Driving, frames: Iterator[RenderedFrame], args: ArgumentConfig
) -> None:
    sound = driving.clip.path if args.audio and driving.clip and has_audio(driving.clip.path) else None
    with ExitStack() as stack:

        def writer(path: Path) -> VideoWriter:
            return stack.enter_context(VideoWriter(path, driving.template.fps, crf=args.crf, audio_from=sound))

        result, concat = writer(paths.result), writer(paths.concat) if paths.concat else None
        previews = driving.previews()
        for frame in frames:
            result.write(frame.frame)
            if concat is not None:
                concat.write(concat_frame(frame.crop, source.preview, next(previews, None)))


def _write_picture(paths: OutputPaths, source: Source, driving: Driving, frames: Iterator[RenderedFrame]) -> None:
    (frame,) = frames
    write_picture(paths.result, frame.frame)
    if paths.concat:
        write_picture(paths.concat, concat_frame(frame.crop, source.preview, next(driving.previews(), None)))
