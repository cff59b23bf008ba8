"""`Clip`: a video or picture as a stream that can be run through more than once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np

from ..face.face import Rgb
from ..media.background import ahead
from ..media.frames_at import frames_at
from ..media.given import Media
from ..media.picture import read_picture, resize_to_limit
from ..media.sniff import MediaKind
from ..media.video_reader import open_video

STILL_FPS = Fraction(25)  # of pictures, and of frames that come without a rate


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames that are decoded afresh at every pass, so that no pass keeps them.

    Attributes:
        label: what messages call it.
        path: the file with its sound, if there is a file.
        is_video: False for a picture, which is a clip of one frame.
        fps: exact frame rate.
        size: width and height in pixels.
        n_frames: frames of one pass; a damaged file may give fewer.
        start: begins a pass.
        zoom: pixels of a frame per pixel of the file.
    """

    label: str
    path: Path | None
    is_video: bool
    fps: Fraction
    size: tuple[int, int]
    n_frames: int
    start: Callable[[], Iterator[Rgb]]
    zoom: float = 1.0

    def __iter__(self) -> Iterator[Rgb]:
        """The frames, (H, W, 3) uint8; a video is decoded in a thread of its own."""
        return ahead(self.start()) if self.is_video else self.start()

    @property
    def is_square(self) -> bool:
        """Whether the frames are as wide as high."""
        return self.size[0] == self.size[1]

    def at(self, indices: Iterable[int]) -> Iterator[Rgb]:
        """The frames of non-decreasing indices; past the end the last one goes on."""
        return frames_at(self, indices)

    def first(self, n_frames: int) -> Clip:
        """The clip without what follows the first frames."""
        return replace(self, n_frames=min(n_frames, self.n_frames), start=lambda: islice(self.start(), n_frames))

    def limited(self, max_dim: int, division: int) -> Clip:
        """The same clip with every frame shrunk and trimmed (spec: pipeline, section 4).

        Args:
            max_dim: limit of the longer side in pixels; 0 = none.
            division: width and height become multiples of this.
        """
        width, height = self.size
        shown = resize_to_limit(np.empty((height, width, 3), np.uint8), max_dim, division)

        def start() -> Iterator[Rgb]:
            return (resize_to_limit(frame, max_dim, division) for frame in self.start())

        zoom = self.zoom * (min(1.0, max_dim / max(self.size)) if max_dim > 0 else 1.0)
        return replace(self, size=(shown.shape[1], shown.shape[0]), start=start, zoom=zoom)


def open_clip(media: Media) -> Clip:
    """Open a video, a picture, an animated GIF, a folder of pictures, or frames in memory.

    Raises:
        InputError: it is none of these, or damaged.
    """
    is_video = media.kind is not MediaKind.PICTURE
    if media.frames is not None:
        return _of_frames(media.label, media.frames, is_video)
    assert media.path is not None, "media is a file or frames"
    if not is_video:
        return _of_frames(media.label, read_picture(media.path)[None], is_video=False, path=media.path)
    stream = open_video(media.path)
    return Clip(
        media.label, media.path, True, stream.fps, stream.size, stream.n_frames, lambda: (f.rgb for f in stream)
    )


def _of_frames(label: str, frames: np.ndarray, is_video: bool, path: Path | None = None) -> Clip:
    n_frames, height, width = frames.shape[:3]
    return Clip(label, path, is_video, STILL_FPS, (width, height), n_frames, lambda: iter(frames))
