"""The driving side: a video, picture or template becomes motion, in numbers only."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Generator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import repeat
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.crop import crop_by_box, driving_box, resize_driving
from ..face.face import Face, FaceDetector, Rgb
from ..face.tracking import FaceTracker
from ..media.given import Media
from ..motion.interpolate import interpolate
from ..motion.motion import Motion
from ..motion.steady import steady
from ..motion.template import MotionTemplate, load_template
from .clip import Clip, open_clip
from .clip_motion import ClipMotion, motion_of_record, motion_of_views
from .face_record import FaceRecord
from .finders import Finders
from .framing import CROP_SIZE
from .inputs import DrivingInput
from .progress import Progress, counted
from .shots import Box, box_at, box_matrices, clip_box

_log = logging.getLogger(__name__)

FINDING, READING = "Finding the driving face", "Reading the driving motion"


@dataclass(frozen=True, eq=False)
class Driving:
    """Motion to drive with, and the frames to show beside the result where there are any.

    Attributes:
        template: motion over time.
        is_video: whether there is more than a still to follow.
        clip: the frames; None for a template alone.
        box: the square that was cut out of every frame, left, top, right, bottom; a row for every frame (n, 4) where
            shots differ; None = whole frames.
        n_missing: frames without a face.
    """

    template: MotionTemplate
    is_video: bool
    clip: Clip | None = None
    box: Box | None = None
    n_missing: int = 0

    @property
    def fps(self) -> Fraction:
        """Frame rate of the motion."""
        return self.template.fps

    @property
    def n_frames(self) -> int:
        """Frames of the motion."""
        return self.template.n_frames

    def motion_at(self, positions: NDArray[np.float64]) -> Motion:
        """Motion at fractional frames, (m,); of a still its one frame."""
        return interpolate(self.template.motion, positions) if self.is_video else self.template.motion[0]

    def previews(self, positions: NDArray[np.float64]) -> Generator[Rgb, None, None]:
        """What the networks saw at fractional frames of the motion, 256 x 256, decoded afresh."""
        if self.clip is None:
            return
        # a clip that accompanies a template may have a rate of its own
        step = float(self.clip.fps / self.fps)
        if not self.clip.is_video:
            yield from repeat(network_view(next(iter(self.clip)), self.box), len(positions))
            return
        indices = [int(position * step + 1e-9) for position in positions]
        for index, frame in zip(indices, self.clip.at(indices), strict=False):  # a damaged clip may end early
            yield network_view(frame, None if self.box is None else box_at(self.box, index))


def open_driving(given: DrivingInput, engine: Engine) -> Clip | MotionTemplate:
    """Open a driver: its rate and length are known then, its motion only if it is a template.

    Raises:
        InputError: the file cannot be read.
        TemplateError: the template belongs to another model.
    """
    if not given.is_template:
        return open_clip(given.motion)
    assert given.motion.path is not None, "a template is a file"
    template = load_template(given.motion.path)
    template.check_model(engine.keypoints)
    return template


def read_driving(
    opened: Clip | MotionTemplate,
    preview: Media | None,
    engine: Engine,
    finders: Finders,
    args: ArgumentConfig,
    progress: Progress,
) -> Driving:
    """Motion of a driver (spec: pipeline, section 7).

    Args:
        opened: the driver, of `open_driving`.
        preview: what is shown and heard beside a template.
        engine: the model.
        finders: the face detectors; not needed for templates.
        args: crop options, and what happens to frames without a face.
        progress: told about every frame.

    Raises:
        InputError: the file cannot be read.
        NoFaceError: no frame shows a face where one is needed.
    """
    if isinstance(opened, Clip):
        crops = args.flag_crop_driving_video or engine.always_crops_driving
        if not crops and not opened.is_square:
            _log.warning("the driving %s is not square: it is cropped to its face", opened.label)
            crops = True
        if engine.moves_absolutely and not crops:
            return _read_whole(opened, engine, args, progress)
        return _read_clip(opened, crops, engine, finders.of_driver(opened, args)(), args, progress)
    clip = None if preview is None else open_clip(preview)
    return Driving(_steadied(opened, args), opened.is_video, clip, None if clip is None else _middle(clip))


def _read_whole(clip: Clip, engine: Engine, args: ArgumentConfig, progress: Progress) -> Driving:
    """Motion of all frames as they are, whatever they show: the official way with animals."""
    record = FaceRecord(engine, lambda face: driving_place(face, args))
    found = motion_of_views(_views(clip, None, record, progress), record, engine, args.batch_size)
    template = MotionTemplate(_animal_style(found.motion), clip.fps, engine.keypoints)
    return Driving(_steadied(template, args), clip.is_video, clip)


def _read_clip(
    clip: Clip, crops: bool, engine: Engine, detector: FaceDetector, args: ArgumentConfig, progress: Progress
) -> Driving:
    record, shots = _track(clip, engine, detector, args, progress)
    n_frames = len(shots)
    if not len(record):
        if crops or (not args.animals and (args.flag_eye_retargeting or args.flag_lip_retargeting)):
            hint = ", and --driving_kind says whose it is" if args.animals else ""
            raise NoFaceError(f"no face found in the driving {clip.label}: it must show a face from the front{hint}")
        _log.warning("no face found in the driving %s: its frames are taken as they are", clip.label)
    box = clip_box(record.places, record.frames, shots) if crops else None
    if not crops and len(record):
        _hint_at_framing(record.places[0], clip)
    if box is not None and record.meshes is not None:
        found = motion_of_record(record, box_matrices(box, record.frames))
    else:
        found = motion_of_views(_views(clip, box, record, progress), record, engine, args.batch_size)
    motion = _bridged(found, n_frames, args.on_missing, clip.label)
    if engine.moves_absolutely:
        motion = _animal_style(motion)
    template = MotionTemplate(motion, clip.fps, engine.keypoints)
    return Driving(_steadied(template, args), clip.is_video, clip, box, n_frames - len(found.frames))


def driving_place(face: Face, args: ArgumentConfig) -> Box:
    """The box of a driving face: left, top, right, bottom."""
    return driving_box(
        face.landmarks,
        face.scheme,
        scale=args.scale_crop_driving_video,
        vx_ratio=args.vx_ratio_crop_driving_video,
        vy_ratio=args.vy_ratio_crop_driving_video,
    )


def _track(
    clip: Clip, engine: Engine, detector: FaceDetector, args: ArgumentConfig, progress: Progress
) -> tuple[FaceRecord, NDArray[np.int64]]:
    """Follow the largest face; also the number of the shot that each frame belongs to."""
    tracker, shots = FaceTracker(detector), array("q")
    record = FaceRecord(engine, lambda face: driving_place(face, args))
    for index, frame in enumerate(counted(clip, FINDING, clip.n_frames, progress)):
        face = tracker.feed(frame)
        if face is not None:
            record.add(index, face)
        shots.append(tracker.shot)
    return record, np.array(shots, np.int64)


def _views(
    clip: Clip, box: Box | None, record: FaceRecord, progress: Progress
) -> Generator[tuple[int, Rgb], None, None]:
    """Index and view of every frame, left out those that are known to show no face."""
    wanted = set(record.frames.tolist())
    for index, frame in enumerate(counted(clip, READING, clip.n_frames, progress)):
        if not wanted or index in wanted:
            yield index, network_view(frame, None if box is None else box_at(box, index))


def _bridged(
    found: ClipMotion, n_frames: int, on_missing: Literal["hold", "interpolate", "error"], label: str
) -> Motion:
    """Motion of all frames, those without a face included."""
    missing = np.flatnonzero(~found.shown(n_frames))
    how = "hold" if on_missing == "error" else on_missing
    if len(missing) and on_missing == "error":
        raise NoFaceError(
            f"{len(missing)} of {n_frames} frames of the driving {label} show no face, the first is frame "
            f"{missing[0]}: --on_missing hold or interpolate bridges such gaps"
        )
    if len(missing):
        done = "hold the last motion" if how == "hold" else "are bridged"
        _log.warning("%d of %d frames of the driving %s show no face: they %s", len(missing), n_frames, label, done)
    return found.filled(n_frames, how)


def _animal_style(motion: Motion) -> Motion:
    """Motion as official templates of animals hold it: no canonical keypoints, no openings of eyes and lips."""
    return replace(motion, kp=torch.full_like(motion.kp, torch.nan), eye_ratio=None, lip_ratio=None)


def _steadied(template: MotionTemplate, args: ArgumentConfig) -> MotionTemplate:
    if not args.smooth:
        return template
    return MotionTemplate(steady(template.motion, template.fps), template.fps, template.model)


def network_view(frame: Rgb, box: Box | None) -> Rgb:
    """A frame as the networks see it, (256, 256, 3): its box, or all of it without regard to its shape."""
    return resize_driving(frame if box is None else crop_by_box(frame, box, dsize=CROP_SIZE).image)


def _middle(clip: Clip) -> Box:
    """The largest square in the middle of a clip's frames."""
    width, height = clip.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return np.array([left, top, left + side, top + side])


def _hint_at_framing(box: Box, clip: Clip) -> None:
    """Say so when the first face is shown much larger, smaller or elsewhere than a crop would show it."""
    left, top, right, bottom = box / clip.size[0]
    off_centre = max(abs(left + right - 1), abs(top + bottom - 1)) / 2
    if not 0.7 < right - left < 1.4 or off_centre > 0.15:
        _log.warning("the driving face is framed unlike a portrait: --flag_crop_driving_video would mend that")
