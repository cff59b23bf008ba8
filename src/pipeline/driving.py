"""The driving side: a video, picture or template becomes motion, in numbers only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.crop import average_box, box_matrix, crop_by_box, driving_box, resize_driving
from ..face.face import Face, FaceDetector, Rgb, Scheme
from ..face.landmarks import mesh_in_crop
from ..face.tracking import FaceTracker
from ..media.sniff import MediaKind, sniff
from ..motion.motion import Motion
from ..motion.template import MotionTemplate, load_template
from .clip import Clip, open_clip
from .progress import Progress, batched, counted
from .source import CROP_SIZE, with_ratios

_log = logging.getLogger(__name__)

FINDING, READING = "Finding the driving face", "Reading the driving motion"
_MESHES_AT_ONCE = 256
Box = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Driving:
    """Motion to drive with, and the frames it came from where there are any.

    Attributes:
        template: motion over time.
        clip: the frames; None for a template.
        box: the fixed square that was cut out of every frame, left, top, right, bottom; None = whole frames.
    """

    template: MotionTemplate
    clip: Clip | None = None
    box: Box | None = None

    @property
    def is_video(self) -> bool:
        """Whether there is more than a still to follow."""
        return self.clip.is_video if self.clip else self.template.n_frames > 1

    def previews(self) -> Iterator[Rgb]:
        """What the networks saw of each frame, 256 x 256, decoded afresh."""
        for frame in self.clip or ():
            yield _network_view(frame, self.box)


def read_driving(
    path: Path, engine: Engine, detector: Callable[[], FaceDetector], args: ArgumentConfig, progress: Progress
) -> Driving:
    """Motion of a driving file (spec: pipeline, section 7).

    Args:
        path: video, picture or motion template.
        engine: the model.
        detector: gives the face detector; called only if faces must be found.
        args: crop options, and whether openings of eyes and lips must be measured.
        progress: told about every frame.

    Raises:
        MissingFileError: there is no such file.
        InputError: the file cannot be read.
        TemplateError: the template belongs to another model.
        NoFaceError: no frame shows a face where one is needed.
    """
    if sniff(path) is MediaKind.TEMPLATE:
        template = load_template(path)
        template.check_model(engine.name)
        return Driving(template)
    clip = open_clip(path)
    crops = args.flag_crop_driving_video or engine.always_crops_driving or not clip.is_square
    if args.flag_do_crop and not crops:
        _hint_at_framing(clip, detector(), args)
    needs_faces = crops or engine.reads_meshes or _needs_ratios(args)
    faces = _track(clip, detector(), progress) if needs_faces else []
    box = average_box(_box(face, args) for face in faces) if crops else None
    motion = _motion(clip, faces, box, engine, args, progress)
    if faces:
        motion = with_ratios(motion, faces)
    return Driving(MotionTemplate(motion=motion, fps=clip.fps, model=engine.name), clip, box)


def _track(clip: Clip, detector: FaceDetector, progress: Progress) -> list[Face]:
    """The driving face in every frame; a frame without one repeats the nearest earlier (at the start: later) one."""
    tracker = FaceTracker(detector)
    found = [tracker.feed(frame) for frame in counted(clip, FINDING, clip.n_frames, progress)]
    faces = [face for face in found if face is not None]
    if not faces:
        raise NoFaceError(f"no face found in the driving '{clip.path}': it must show a face from the front")
    if len(faces) < len(found):
        _log.warning(
            "%d of %d driving frames show no face; the last one found is used there",
            len(found) - len(faces),
            len(found),
        )
    held, last = [], faces[0]
    for face in found:
        last = face or last
        held.append(last)
    return held


def _motion(
    clip: Clip, faces: list[Face], box: Box | None, engine: Engine, args: ArgumentConfig, progress: Progress
) -> Motion:
    recorder = engine.record_motion()
    if engine.reads_meshes and box is not None and all(face.scheme is Scheme.MESH478 for face in faces):
        matrix = box_matrix(box, dsize=CROP_SIZE)
        for some in batched(faces, _MESHES_AT_ONCE):
            recorder.add(None, np.stack([mesh_in_crop(face.landmarks, matrix, CROP_SIZE) for face in some]))
        return recorder.motion()
    frames = counted(clip, READING, clip.n_frames, progress)
    for batch in batched(frames, args.batch_size or engine.batch_size):
        recorder.add(engine.prepare(np.stack([_network_view(frame, box) for frame in batch])), None)
    return recorder.motion()


def _network_view(frame: Rgb, box: Box | None) -> Rgb:
    """A frame as the networks see it, (256, 256, 3): its box, or all of it without regard to its shape."""
    return resize_driving(frame if box is None else crop_by_box(frame, box, dsize=CROP_SIZE).image)


def _needs_ratios(args: ArgumentConfig) -> bool:
    """Whether openings of eyes and lips are used now, or may be by whoever uses the template."""
    return args.flag_eye_retargeting or args.flag_lip_retargeting or args.save_motion_template is not None


def _box(face: Face, args: ArgumentConfig) -> Box:
    return driving_box(
        face.landmarks,
        face.scheme,
        scale=args.scale_crop_driving_video,
        vx_ratio=args.vx_ratio_crop_driving_video,
        vy_ratio=args.vy_ratio_crop_driving_video,
    )


def _hint_at_framing(clip: Clip, detector: FaceDetector, args: ArgumentConfig) -> None:
    """Say so when the first frame shows the face much larger, smaller or elsewhere than a crop would."""
    faces = detector.detect(next(iter(clip)))
    if not faces:
        return
    left, top, right, bottom = _box(faces[0], args) / clip.size[0]
    off_centre = max(abs(left + right - 1), abs(top + bottom - 1)) / 2
    if not 0.7 < right - left < 1.4 or off_centre > 0.15:
        _log.warning("the driving face is framed unlike a portrait: --flag_crop_driving_video would mend that")
