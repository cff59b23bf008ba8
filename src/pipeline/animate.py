"""`animate()`: one run from inputs to files, the stages one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import InputError
from ..face.face import Rgb
from ..media.ffmpeg import FfmpegError
from ..media.gif import write_gif
from ..media.given import Inbox, Media
from ..media.picture import write_picture
from ..media.sound import choose_donor
from ..media.video_writer import VideoWriter
from ..motion.template import MotionTemplate, save_template
from .clip import Clip
from .compose import Composer
from .driving import Driving, open_driving, read_driving
from .finders import Finders
from .finish import finish_frames
from .framing import pastes_back
from .kept import KeptSources
from .output_paths import OutputPaths
from .plan import Plan, plan_run
from .progress import Progress, counted
from .remarks import turned_remarks
from .render import FaceRenderer, RenderedFrame, render
from .report import Report, StageClock, make_report
from .result import AnimationResult
from .source import Source, open_source, read_source
from .timeline import Timeline, make_timeline

_log = logging.getLogger(__name__)

ANIMATING = "Animating"


def animate(
    engine: Engine, finders: Finders, args: ArgumentConfig, progress: Progress, kept: KeptSources | None = None
) -> AnimationResult:
    """Animate `args.source` with `args.driving` and write the result (spec: pipeline, sections 7-13 and 15).

    With `args.save_motion_template` and no source only the template is made.

    Args:
        engine: the model.
        finders: the face detectors; made only if faces must be found.
        args: all options.
        progress: told about every frame.
        kept: sources of earlier runs, and of this one for later ones.

    Raises:
        LivePortraitError: anything about the inputs that the caller can mend.
    """
    with Inbox() as inbox:
        return _Run(engine, finders, args, progress, plan_run(args, inbox, engine.keypoints), kept).result()


class _Run:
    """One run: what its stages share."""

    def __init__(
        self,
        engine: Engine,
        finders: Finders,
        args: ArgumentConfig,
        progress: Progress,
        plan: Plan,
        kept: KeptSources | None,
    ) -> None:
        self.engine, self.finders, self.args, self.progress, self.plan = engine, finders, args, progress, plan
        self.kept = kept
        self.clock = StageClock()

    def result(self) -> AnimationResult:
        for remark in self.plan.remarks:
            _log.warning("%s", remark)
        if self.args.animals:
            how = "absolute, as officially" if self.engine.moves_absolutely else "relative to the driver's first frame"
            where = "is pasted back" if pastes_back(self.args) else "stays a crop"
            _log.info("animals with the model %s: motion is %s, the face %s", self.engine.name, how, where)
        drivers = [open_driving(given, self.engine) for given in self.plan.drivings]
        if self.plan.source is None or self.plan.outputs is None:
            return self._template(drivers)
        source = self._kept(self.plan.source)
        clip = open_source(self.plan.source, self.args) if source is None else source.clip
        planned = make_timeline(clip, drivers, self.args.align)
        if source is None and not clip.is_video:  # first: a mistake shows at once
            source = self._source(clip)
            if self.kept is not None:
                self.kept.keep(source, self.plan.source, self.engine, self.args)
        drivings = self._drivings(drivers, planned)
        saved = self._save_templates(drivings)
        source = source or self._source(clip.first(planned.n_frames))
        timeline = make_timeline(source, drivings, self.args.align)
        for remark in turned_remarks(self.args, source, self.engine.farthest_yaw):
            _log.warning("%s", remark)
        self._write(self.plan.outputs, source, drivings, timeline)
        fps = timeline.fps if timeline.is_video else None
        if self.plan.outputs.concat:
            _log.info("side by side: '%s'", self.plan.outputs.concat)
        gif = self._gif(self.plan.outputs)
        return AnimationResult(
            self.plan.outputs.result,
            gif=gif,
            concat=self.plan.outputs.concat,
            template=saved[0],
            n_frames=timeline.n_frames,
            fps=fps,
            report=self._report(drivings, source, timeline.n_frames, fps),
        )

    def _template(self, drivers: Sequence[Clip | MotionTemplate]) -> AnimationResult:
        """Nothing but the motion of the one driver, kept."""
        drivings = self._drivings(drivers, None)
        (saved,), template = self._save_templates(drivings), drivings[0].template
        assert saved is not None, "a run without a source makes a template"
        report = self._report(drivings, None, template.n_frames, template.fps)
        return AnimationResult(saved, template=saved, n_frames=template.n_frames, fps=template.fps, report=report)

    def _kept(self, media: Media) -> Source | None:
        source = None if self.kept is None else self.kept.find(media, self.engine, self.args)
        if source is not None:
            _check_count(source, len(self.plan.drivings))
        return source

    def _source(self, clip: Clip) -> Source:
        with self.clock.stage("source"):
            source = read_source(clip, self.engine, self.finders, self.args, self.progress)
        _check_count(source, len(self.plan.drivings))
        return source

    def _drivings(self, drivers: Sequence[Clip | MotionTemplate], planned: Timeline | None) -> list[Driving]:
        """Motion of the drivers; of a clip only what the result shows, unless all of it is to be kept."""
        engine, args, progress = self.engine, self.args, self.progress
        drivings = []
        with self.clock.stage("driving"):
            for driver, given, template in zip(drivers, self.plan.drivings, self.plan.templates, strict=True):
                if isinstance(driver, Clip) and planned is not None and template is None:
                    driver = driver.first(planned.needed(driver))
                drivings.append(read_driving(driver, given.preview, engine, self.finders, args, progress))
        return drivings

    def _save_templates(self, drivings: Sequence[Driving]) -> list[Path | None]:
        saved: list[Path | None] = []
        for driving, path in zip(drivings, self.plan.templates, strict=True):
            saved.append(None if path is None else save_template(driving.template, path))
            if path is not None:
                _log.info("motion template: '%s'", path)
        return saved

    def _frames(
        self, source: Source, drivings: Sequence[Driving], timeline: Timeline
    ) -> Generator[RenderedFrame, None, None]:
        """Frames of the result before their faces are pasted back; what options lack is reported at once."""
        options, is_video = self.plan.transfer, source.is_video
        renderers = [
            FaceRenderer(
                self.engine,
                portrait,
                None if number is None else drivings[number],
                timeline,
                options,
                source_is_video=is_video,
            )
            for portrait, number in zip(source.portraits, _assigned(drivings, len(source.portraits)), strict=True)
        ]
        batch_size = self.args.batch_size or self.engine.batch_size
        rendered = render(source, renderers, timeline, batch_size=batch_size, size=self.args.output_size)
        timed = self.clock.timed(rendered, "networks")
        return counted(timed, ANIMATING, timeline.n_frames, self.progress)

    def _write(self, paths: OutputPaths, source: Source, drivings: Sequence[Driving], timeline: Timeline) -> None:
        frames = self._frames(source, drivings, timeline)
        composer = Composer(self.args.match_color)
        previews = [driving.previews(timeline.positions(driving)) for driving in drivings]
        with ExitStack() as stack:
            write_result = self._writer(stack, paths.result, source, drivings, timeline)
            write_concat = self._writer(stack, paths.concat, source, drivings, timeline) if paths.concat else None
            finish_frames(
                frames,
                composer,
                self.clock,
                write_result,
                write_concat,
                previews=previews,
                drivers=_assigned(drivings, len(source.portraits)),
            )

    def _writer(
        self, stack: ExitStack, path: Path, source: Source, drivings: Sequence[Driving], timeline: Timeline
    ) -> Callable[[Rgb], None]:
        if not timeline.is_video:
            return lambda rgb: write_picture(path, rgb)
        sound = None
        if self.args.audio:
            clips = [driving.clip.path for driving in drivings if driving.clip is not None and driving.clip.path]
            sound = choose_donor(source.clip.path if source.is_video else None, clips, self.args.audio_priority)
        return stack.enter_context(VideoWriter(path, timeline.fps, crf=self.args.crf, audio_from=sound)).write

    def _gif(self, paths: OutputPaths) -> Path | None:
        """A small GIF of the result, where one is wanted; a result is whole without it."""
        if paths.gif is None:
            return paths.result if self.args.animals and paths.result.suffix.lower() == ".gif" else None
        try:
            with self.clock.stage("gif"):
                write_gif(paths.result, paths.gif)
        except FfmpegError as error:
            _log.warning("'%s' could not be made: %s", paths.gif, error)
            return None
        _log.info("animated GIF: '%s'", paths.gif)
        return paths.gif

    def _report(
        self, drivings: Sequence[Driving], source: Source | None, n_frames: int, fps: Fraction | None
    ) -> Report:
        return make_report(
            self.engine,
            self.clock,
            self.plan.report,
            n_frames=n_frames,
            fps=fps,
            n_faces=0 if source is None else sum(k is not None for k in _assigned(drivings, len(source.portraits))),
            missed_source=[] if source is None else source.n_missing,
            missed_driving=[driving.n_missing for driving in drivings],
        )


def _assigned(drivings: Sequence[Driving], n_faces: int) -> list[int | None]:
    """Number of the driver of each face: one drives all, several drive one face each."""
    return [0 if len(drivings) == 1 else number if number < len(drivings) else None for number in range(n_faces)]


def _check_count(source: Source, drivers: int) -> None:
    faces = len(source.portraits)
    if drivers > faces:
        raise InputError(
            f"{drivers} drivers, but the source {source.clip.label} shows {faces} face{'s' if faces > 1 else ''}: "
            "give at most one driver per face"
        )
    if 1 < drivers < faces:
        _log.warning("%d faces but %d drivers: the faces without one stay as they are", faces, drivers)
