"""`animate()`: one run from files to files, the stages one after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..config.check_arguments import check_arguments
from ..engine.engine import Engine
from ..errors import InputError
from ..face.face import FaceDetector, Rgb
from ..media.frames import concat_frame
from ..media.picture import read_picture, resize_to_limit, write_picture
from ..media.sniff import MediaKind, sniff
from ..media.sound import has_audio
from ..media.video_writer import VideoWriter
from ..motion.template import save_template
from ..weights.paths import assets_dir
from .driving import Driving, read_driving
from .output_paths import OutputPaths, output_paths, refuse_overwriting
from .progress import Progress, counted
from .render import RenderedFrame, render, transfer_options
from .result import AnimationResult
from .source import Source, prepare_source
from .user_path import user_path

_log = logging.getLogger(__name__)

DEFAULT_SOURCE, DEFAULT_DRIVING = "examples/source/s0.jpg", "examples/driving/d0.mp4"
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
    check_arguments(args)
    options = transfer_options(args)
    source_path, driving_path = _input_paths(args)
    if source_path is None:
        return _only_template(engine, detector, driving_path, args, progress)
    frame = _read_source(source_path, args)
    sniff(driving_path)  # a file that is not there is reported before any network runs
    source = prepare_source(frame, engine, detector, args, str(source_path))
    driving = read_driving(driving_path, engine, detector, args, progress)
    template = _saved(driving, args)
    paths = output_paths(args, source_path.stem, driving_path.stem, driving.is_video)
    refuse_overwriting(paths, [source_path, driving_path])
    _warn_about_paste_back(args)
    frames = render(engine, source, driving, options, args.batch_size)
    write = _write_video if driving.is_video else _write_picture
    n_frames = write(paths, source, driving, frames, args, progress)
    seconds = time.perf_counter() - started
    _log.info("%d frames in %.1f s, %s", n_frames, seconds, paths.result)
    return AnimationResult(
        paths.result,
        concat=paths.concat,
        template=template,
        n_frames=n_frames,
        fps=driving.template.fps if driving.is_video else None,
    )


def _input_paths(args: ArgumentConfig) -> tuple[Path | None, Path]:
    """Source and driving, with the examples filled in; no source where only a template is wanted."""
    driving = assets_dir() / DEFAULT_DRIVING if args.driving is None else user_path(args.driving, "driving")
    if args.source is not None:
        return user_path(args.source, "source"), driving
    return (assets_dir() / DEFAULT_SOURCE if args.save_motion_template is None else None), driving


def _read_source(path: Path, args: ArgumentConfig) -> Rgb:
    kind = sniff(path)
    if kind is not MediaKind.PICTURE:
        article = "an" if kind is MediaKind.ANIMATION else "a"
        raise InputError(f"the source {path} is {article} {kind}: give a picture of the person to animate")
    return resize_to_limit(read_picture(path), args.source_max_dim, args.source_division)


def _only_template(
    engine: Engine,
    detector: Callable[[], FaceDetector],
    driving_path: Path,
    args: ArgumentConfig,
    progress: Progress,
) -> AnimationResult:
    driving = read_driving(driving_path, engine, detector, args, progress)
    path = _saved(driving, args)
    assert path is not None
    return AnimationResult(path, template=path, n_frames=driving.template.n_frames, fps=driving.template.fps)


def _saved(driving: Driving, args: ArgumentConfig) -> Path | None:
    if args.save_motion_template is None:
        return None
    return save_template(driving.template, user_path(args.save_motion_template, "save_motion_template"))


def _warn_about_paste_back(args: ArgumentConfig) -> None:
    if args.flag_pasteback and not (args.flag_do_crop and args.flag_stitching):
        _log.warning("nothing is pasted back: that needs --flag_do_crop and --flag_stitching; the result is the crop")


def _write_video(
    paths: OutputPaths,
    source: Source,
    driving: Driving,
    frames: Iterator[RenderedFrame],
    args: ArgumentConfig,
    progress: Progress,
) -> int:
    fps, n_frames = driving.template.fps, driving.template.n_frames
    sound = driving.clip.path if args.audio and driving.clip and has_audio(driving.clip.path) else None
    with ExitStack() as stack:
        result = stack.enter_context(VideoWriter(paths.result, fps, crf=args.crf, audio_from=sound))
        concat = (
            stack.enter_context(VideoWriter(paths.concat, fps, crf=args.crf, audio_from=sound))
            if paths.concat
            else None
        )
        previews = driving.previews()
        for frame in counted(frames, ANIMATING, n_frames, progress):
            result.write(frame.frame)
            if concat is not None:
                concat.write(concat_frame(frame.crop, source.preview, next(previews, None)))
    return n_frames


def _write_picture(
    paths: OutputPaths,
    source: Source,
    driving: Driving,
    frames: Iterator[RenderedFrame],
    args: ArgumentConfig,
    progress: Progress,
) -> int:
    (frame,) = counted(frames, ANIMATING, 1, progress)
    write_picture(paths.result, frame.frame)
    if paths.concat:
        write_picture(paths.concat, concat_frame(frame.crop, source.preview, next(driving.previews(), None)))
    return 1
