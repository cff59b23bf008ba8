"""The source: the picture or video whose faces are animated."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import repeat

from ..config.argument_config import ArgumentConfig
from ..engine.engine import Engine
from ..face.face import Rgb
from ..media.given import Media
from .clip import Clip, open_clip
from .finders import Finders
from .framing import Framing, pastes_back
from .portrait import Portrait
from .progress import Progress
from .source_picture import still_portraits
from .source_video import moving_portraits

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Source:
    """A picture or video with its faces, ready to be driven.

    Attributes:
        clip: its frames, within the size limit.
        portraits: the faces to be animated, in the order in which drivers are given.
        n_frames: frames of the clip.
        n_missing: frames without the face, for every portrait.
        pastes: whether crops are pasted back into the frames.
    """

    clip: Clip
    portraits: Sequence[Portrait]
    n_frames: int
    n_missing: Sequence[int]
    pastes: bool

    @property
    def is_video(self) -> bool:
        """Whether the frames differ."""
        return self.clip.is_video

    @property
    def fps(self) -> Fraction:
        """Frame rate of a video."""
        return self.clip.fps

    def frames(self, n_frames: int) -> Iterator[Rgb]:
        """The first frames of a video; a picture again and again."""
        if self.is_video:
            return self.clip.at(range(n_frames))
        return repeat(next(iter(self.clip)), n_frames)


def open_source(media: Media, args: ArgumentConfig) -> Clip:
    """The source's frames within the size limit that the options set.

    Raises:
        InputError: the file cannot be read.
    """
    return open_clip(media).limited(_size_limit(args), args.source_division)


def read_source(clip: Clip, engine: Engine, finders: Finders, args: ArgumentConfig, progress: Progress) -> Source:
    """Find the faces of the source, crop them, measure their motion (spec: pipeline, sections 8 and 15).

    Args:
        clip: picture or video, of `open_source`.
        engine: the model.
        finders: the face detectors; made only if faces must be found.
        args: size limit, crop options and the choice of faces.
        progress: told about every frame of a video.

    Raises:
        InputError: fewer faces than were asked for.
        NoFaceError: no face where one is needed.
    """
    framing = Framing.of(args, engine)
    if not clip.is_video:
        still = still_portraits(clip, engine, framing, finders)
        return Source(clip, still, 1, [0] * len(still), pastes_back(args))
    moving, n_frames = moving_portraits(clip, engine, framing, finders.person(), progress)
    missing = [portrait.n_missing for portrait in moving]
    if any(missing):
        counts = " / ".join(map(str, missing))
        _log.warning(
            "%s of %d frames of the source %s show no face: they stay as they are", counts, n_frames, clip.label
        )
    return Source(clip, moving, n_frames, missing, pastes_back(args))


def _size_limit(args: ArgumentConfig) -> int:
    """Longest side of the source: `output_size` limits what is pasted into, too."""
    if args.output_size is None or not pastes_back(args):
        return args.source_max_dim
    return min(args.source_max_dim, args.output_size) if args.source_max_dim > 0 else args.output_size
