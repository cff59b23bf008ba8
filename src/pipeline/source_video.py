"""The faces of a source video (spec: pipeline, sections 5.5 and 15)."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from ..engine.engine import Engine
from ..errors import NoFaceError
from ..face.choose import choose_numbers, parse_faces
from ..face.face import Face, FaceDetector, Rgb
from ..face.tracking import FaceTracker
from ..face.tracks import FaceTracks
from ..motion.steady import steady_squares
from .clip import Clip
from .clip_motion import motion_of_record, motion_of_views
from .face_record import FaceRecord
from .framing import Framing
from .portrait import MovingPortrait, network_crop
from .progress import Progress, counted

FINDING, READING = "Finding the source face", "Reading the source motion"


def moving_portraits(
    clip: Clip, engine: Engine, framing: Framing, detector: FaceDetector, progress: Progress
) -> tuple[list[MovingPortrait], int]:
    """The chosen faces of a video, tracked and measured; also the number of its frames.

    The video is decoded once to track faces, and for engines that read pictures once more per face.

    Args:
        clip: the video.
        engine: the model.
        framing: crop options and the choice of faces.
        detector: finds faces.
        progress: told about every frame.

    Raises:
        NoFaceError: no frame shows a face where one is needed.
        InputError: fewer faces than were asked for.
    """
    records, n_frames = _track(clip, engine, framing, detector, progress)
    if not records and framing.args.flag_do_crop:
        raise NoFaceError(f"no face found in the source {clip.label}: give a video that shows a face from the front")
    if not records:  # whole frames are the crops, and the engine must make of them what it can
        records = [_new_record(engine, framing)]
    portraits = [_portrait(clip, record, n_frames, engine, framing, progress) for record in records]
    for portrait in portraits:
        portrait.rivals = [other for other in portraits if other is not portrait]
    return portraits, n_frames


class _OneTrack:
    """Follows the largest face alone, as the original does; in the form of `FaceTracks`."""

    def __init__(self, detector: FaceDetector) -> None:
        self._tracker = FaceTracker(detector)

    def feed(self, rgb: Rgb) -> list[tuple[int, Face]]:
        face = self._tracker.feed(rgb)
        return [] if face is None else [(0, face)]

    def order(self) -> list[int]:
        return [0]


def _track(
    clip: Clip, engine: Engine, framing: Framing, detector: FaceDetector, progress: Progress
) -> tuple[list[FaceRecord], int]:
    """Records of the chosen faces, and the number of frames."""
    choice = parse_faces(framing.args.faces)
    tracks = _OneTrack(detector) if choice == "largest" else FaceTracks(detector)
    records: dict[int, FaceRecord] = {}
    n_frames = 0
    for index, frame in enumerate(counted(clip, FINDING, clip.n_frames, progress)):
        for number, face in tracks.feed(frame):
            if number not in records:
                records[number] = _new_record(engine, framing)
            records[number].add(index, face)
        n_frames = index + 1
    if not records:
        return [], n_frames
    numbers = tracks.order()
    chosen = choose_numbers(len(numbers), choice, f"the source {clip.label}")
    return [records[numbers[i]] for i in chosen], n_frames


def _new_record(engine: Engine, framing: Framing) -> FaceRecord:
    return FaceRecord(engine, lambda face: framing.place(face, still=False))


def _portrait(
    clip: Clip, record: FaceRecord, n_frames: int, engine: Engine, framing: Framing, progress: Progress
) -> MovingPortrait:
    places = _all_places(record, n_frames, clip, framing) if framing.args.flag_do_crop else None
    if places is not None and record.meshes is not None:
        found = motion_of_record(record, np.stack([framing.matrix(place) for place in places[record.frames]]))
    else:
        views = _views(clip, record, places, engine, framing, progress)
        found = motion_of_views(views, record, engine, framing.args.batch_size)
    motion = found.filled(n_frames, "interpolate")
    return MovingPortrait(engine, framing, motion, found.shown(n_frames), places)


def _all_places(record: FaceRecord, n_frames: int, clip: Clip, framing: Framing) -> NDArray[np.float64]:
    """Where the face is in every frame, (n, 4), in a straight line from one sight to the next."""
    rows = record.places
    rows[:, 3] = np.unwrap(rows[:, 3])  # angles
    every = np.arange(n_frames)
    places = np.stack([np.interp(every, record.frames, column) for column in rows.T], axis=1)
    return steady_squares(places, clip.fps) if framing.args.smooth else places


def _views(
    clip: Clip,
    record: FaceRecord,
    places: NDArray[np.float64] | None,
    engine: Engine,
    framing: Framing,
    progress: Progress,
) -> Generator[tuple[int, Rgb], None, None]:
    """Index and crop of every frame that is to be read, at the engine's size."""
    wanted = set(record.frames.tolist())
    for index, frame in enumerate(counted(clip, READING, clip.n_frames, progress)):
        if not wanted or index in wanted:
            crop = framing.crop(frame, None if places is None else places[index])
            yield index, network_crop(engine, crop)
