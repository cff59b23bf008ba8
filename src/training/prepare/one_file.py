"""Prepare one video or picture."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ...errors import Cancelled, InputError, LivePortraitError
from ...face.face import Rgb
from ...face.landmarks import Floats
from ..data.shot import ShotWriter
from .crop import cropping_of
from .figures import lip_range, medians, yaw_range
from .file_record import FileRecord, ShotRecord
from .finders import SecondLook, open_detector, open_follower
from .media import open_media
from .options import ShotOptions
from .pieces import Sights, sections
from .plans import ShotPlan, plans_of
from .quality import Reason, look_at
from .records import FolderError, Records
from .sources import Source

_PACKAGE = __name__.partition(".")[0]


class Preparer:
    """Turns files into shots, one after the other.

    Args:
        folder: the training folder, ready for a run.
        options: that decide about the shots.
        stopped: asked at every frame whether to give up.
        detector: finds meshes, with the mesh network's flag as score; None = the one that the options need.

    Raises:
        WeightsError: the detector's files cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        options: ShotOptions,
        stopped: Callable[[], bool] = lambda: False,
        detector: SecondLook | None = None,
    ) -> None:
        self._records, self._options, self._stopped = Records(folder), options, stopped
        self._detector = detector or open_detector(options)

    def prepare(self, source: Source) -> FileRecord:
        """Write the shots of a file and remember it; one whose content cannot be used is remembered as such.

        What else goes wrong stands in the record as well, and nothing of the file is left: the next run tries again.

        Raises:
            Cancelled: it was asked to give up; nothing is remembered.
            FolderError: the training folder cannot be written to.
        """
        lasts = True
        with _Warnings() as warnings:
            try:
                record = self._shots_of(source)
            except (Cancelled, FolderError):
                raise
            except Exception as error:  # decoders raise errors of many types; one file must not end a run of thousands
                lasts = _is_of_content(error)
                record = FileRecord.of(source, error=_told(error, source, lasts))
        record.messages = warnings.messages
        if lasts:
            self._records.write(source, record)
        else:
            self._records.forget(source)
        return record

    def _shots_of(self, source: Source) -> FileRecord:
        options, media, still = self._options, open_media(source), source.kind == "still"
        cropping = cropping_of(*media.size, size=options.size, upright=options.upright, cropped=options.cropped)
        stride = math.ceil(media.n_frames / options.max_frames) if options.max_frames else 1
        record, dropped = FileRecord.of(source, side=cropping.side or 0), Counter[Reason]()
        again = iter(media.frames)  # a second pass, one section behind the first
        for section in sections(self._sights(media.frames), options.longest, fixed=options.cropped):
            plans, left_out = plans_of(section, cropping, options, stride, still=still)
            dropped += left_out
            shots = {f"{source.stem}_{len(record.shots) + place}": plan for place, plan in enumerate(plans)}
            self._write(shots, zip(range(section.first, section.end), again, strict=False))
            for name, plan in shots.items():
                record.shots.append(_shot_record(name, len(record.shots), plan, options.size, media.fps))
            record.frames = section.end
        record.dropped = {reason.value: number for reason, number in dropped.items()}
        return record

    def _sights(self, frames: Iterable[Rgb]) -> Iterator[tuple[int, Sights]]:
        """What is seen of every face of every frame."""
        follower = open_follower(self._detector, self._options.faces)
        for number, rgb in enumerate(frames):
            if self._stopped():
                raise Cancelled("stopped")
            shot, faces = follower.feed(rgb)
            yield shot, {person: look_at(number, rgb, face, self._options) for person, face in faces.items()}

    def _write(self, shots: dict[str, ShotPlan], frames: Iterable[tuple[int, Rgb]]) -> None:
        writers = {name: ShotWriter(self._records.shot(name)) for name in shots}
        for number, rgb in frames:
            for name, plan in shots.items():
                if number in plan.meshes:
                    plan.meshes[number] = self._mesh(rgb, plan, number)  # the index tells of what is stored
                    writers[name].add(plan.crop.picture(rgb), plan.meshes[number], number)
        for writer in writers.values():
            try:
                writer.close()
            except InputError as error:
                raise FolderError(str(error)) from error

    def _mesh(self, rgb: Rgb, plan: ShotPlan, number: int) -> Floats:
        """What is stored of a frame's mesh, in crop coordinates."""
        if not self._options.steady:
            return plan.meshes[number]
        return plan.crop.mesh(self._detector.steady(rgb, plan.landmarks[number]))


def _shot_record(name: str, number: int, plan: ShotPlan, size: int, fps: Fraction | None) -> ShotRecord:
    meshes = np.stack(list(plan.meshes.values()))  # (T, 478, 3)
    face_px, sharpness = medians(plan.sights)
    return ShotRecord(
        name=name,
        shot=number,
        frames=len(plan.sights),
        size=size,
        fps="" if fps is None else str(fps),
        face_px=face_px,
        sharpness=sharpness,
        yaw_range=yaw_range(meshes),
        lip_range=lip_range(meshes),
        person=plan.person,
    )


def _is_of_content(error: Exception) -> bool:
    """Whether the bytes of a file are at fault, and not the disk, the network or the memory."""
    cause = error.__cause__
    # Decoders raise an OSError as well, but one without a number.
    return isinstance(error, InputError) and not (isinstance(cause, OSError) and cause.errno)


def _told(error: Exception, source: Source, lasts: bool) -> str:
    known = str(error) if isinstance(error, LivePortraitError) else ""
    told = known or f"'{source.path}' cannot be used: {type(error).__name__}: {error}"
    return told if lasts else f"{told} (the next run tries again)"


class _Warnings(logging.Handler):
    """Keeps the warnings of the project's loggers instead of letting them out: a worker has nobody to tell."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []
        self._logger = logging.getLogger(_PACKAGE)

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())

    def __enter__(self) -> Self:
        self._propagated, self._logger.propagate = self._logger.propagate, False
        self._logger.addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagated
