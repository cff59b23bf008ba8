"""Frames of a video file or an animated GIF (spec: pipeline, section 4; quirks Q7 and Q8)."""

import logging
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ..errors import InputError
from .constant_rate import constant_rate, stream_rate, timestamp_tolerance
from .demux import open_container
from .folder_reader import FolderReader
from .frame_stream import Frame, FrameStream
from .sniff import MediaKind, sniff
from .upright import Upright

logger = logging.getLogger(__name__)

FALLBACK_FPS = Fraction(25)

# Pixels of the frames after the first one, which alone is seen by whoever judges a file before it is used.
_GROWTH = 4  # times as many as the first one's ...
_ALWAYS_READ = 2048 * 1152  # ... or so many: calls and recorders begin small
_NEVER_READ = 4096 * 4096  # more than that only if the first one has as many
_PADDING = Fraction(5, 4)  # decoders round widths up


def open_video(path: str | Path) -> FrameStream:
    """Open a video, an animated GIF or a folder of pictures.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: not a moving picture, or one that cannot be decoded.
    """
    return FolderReader(path) if sniff(path) is MediaKind.FOLDER else VideoReader(path)


class VideoReader:
    """Frames of a video file or an animated GIF, at a constant rate (a ``FrameStream``).

    A clip of variable rate comes out at its average rate: frame ``k`` is the last one with a timestamp of at most
    ``k / fps``, counted from the clip's first frame, so that pictures stay in step with the sound. The rotation,
    mirroring and shape of pixels that the file asks for are applied. Opening reads the timestamps of the whole file and
    decodes its first frame. Frames that are far larger than the first one are passed over like damaged ones.

    Args:
        path: the file.
        max_pixels: if given, a first frame of more is passed over too.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: not a video, no picture track, or not a single frame that can be decoded.
    """

    def __init__(self, path: str | Path, max_pixels: int | None = None) -> None:
        self.path = Path(path)
        kind = sniff(self.path)
        if kind not in (MediaKind.VIDEO, MediaKind.ANIMATION):
            raise InputError(f"'{path}' is a {kind}: a video is needed")
        try:
            with self._open() as container:
                self._scan(container)
            with self._open() as container:
                stream = _video_stream(container, self.path)
                first = next(_decode(container, stream, self.path, max_pixels), None)
                pixel_aspect = stream.sample_aspect_ratio
        except av.FFmpegError as error:
            raise InputError(f"'{path}' is damaged or of an unknown kind of video: {error.strerror}") from error
        if first is None:
            raise InputError(f"'{path}' holds no frame that can be decoded")
        if first.interlaced_frame:
            logger.warning("'%s' is interlaced, which shows as combs along moving edges: deinterlace it first", path)
        self._max_pixels = _most_pixels(first.width * first.height)
        self._upright = Upright.of(first, pixel_aspect)

    @property
    def fps(self) -> Fraction:
        """Frames per second: the clip's own rate if it is constant, its average otherwise."""
        return self._fps

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in square pixels, after rotation."""
        return self._upright.size

    @property
    def n_frames(self) -> int:
        """Number of frames of one pass; a damaged file may give fewer."""
        return self._n_frames

    def __iter__(self) -> Iterator[Frame]:
        with self._open() as container:
            frames = _decode(container, _video_stream(container, self.path), self.path, self._max_pixels)
            last, rgb = None, np.empty(0, np.uint8)
            for index, frame in constant_rate(self._timed(frames), self._fps, self._tolerance):
                if frame is not last:  # converted here, so that frames which are never shown cost nothing
                    last, rgb = frame, self._upright.rgb(frame)
                yield Frame(index, index / self._fps, rgb)

    def _open(self) -> InputContainer:
        return open_container(self.path)

    def _scan(self, container: InputContainer) -> None:
        """Read all timestamps: they tell the start, the rate and the number of frames."""
        stream = _video_stream(container, self.path)
        spans = _packet_spans(container, stream)
        if not spans:
            raise InputError(f"'{self.path}' holds no frames")
        tick = stream.time_base or Fraction(1, 1000)
        self._start = spans[0][0]
        starts = [start - self._start for start, _ in spans]
        fps = stream_rate(starts, spans[-1][1] - self._start, tick, stream.average_rate, stream.base_rate)
        if fps is None:
            logger.warning("'%s' does not tell its frame rate: %s frames per second are used", self.path, FALLBACK_FPS)
            fps = FALLBACK_FPS
        self._fps = fps
        self._tolerance = timestamp_tolerance(fps, tick)
        seconds = (((start - self._start) * tick, (end - self._start) * tick, True) for start, end in spans)
        self._n_frames = sum(1 for _ in constant_rate(seconds, fps, self._tolerance))

    def _timed(self, frames: Iterable[VideoFrame]) -> Iterator[tuple[Fraction, Fraction, VideoFrame]]:
        end = Fraction(0)
        for frame in frames:
            tick = frame.time_base or Fraction(0)
            start = end if frame.pts is None else (frame.pts - self._start) * tick
            end = start + (frame.duration * tick or 1 / self._fps)
            yield start, end, frame


def _most_pixels(first: int) -> int:
    return max(_ALWAYS_READ, min(_GROWTH * first, _NEVER_READ), int(first * _PADDING))


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:  # the cover of a song
            stream.thread_type = "AUTO"
            return stream
    if not container.streams:
        raise InputError(f"'{path}' is damaged: it holds no tracks at all")
    raise InputError(f"'{path}' has no picture track")


def _packet_spans(container: InputContainer, stream: VideoStream) -> list[tuple[int, int]]:
    """Start and end of every frame in ticks, ascending, without decoding."""
    assumed = round(1 / ((stream.average_rate or FALLBACK_FPS) * (stream.time_base or Fraction(1, 1000))))
    spans: list[tuple[int, int]] = []
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                stamp = packet.dts if packet.pts is None else packet.pts
                start = stamp if stamp is not None else (spans[-1][1] if spans else 0)
                spans.append((start, start + (packet.duration or assumed)))
    except av.FFmpegError:
        pass  # cut off: decoding meets the same end, and reports it
    return sorted(spans)


def _decode(container: InputContainer, stream: VideoStream, path: Path, max_pixels: int | None) -> Iterator[VideoFrame]:
    """Decode what can be decoded; damage, and frames of too many pixels, are skipped and logged."""
    if max_pixels is not None:
        stream.codec_context.options = {"max_pixels": str(max_pixels)}
    damaged = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                damaged += 1
                continue
            yield from frames
    except av.FFmpegError as error:
        logger.warning("'%s' ends early: %s", path, error.strerror)
    if damaged:
        logger.warning("'%s' is damaged, or its frames grow: %d pieces could not be decoded", path, damaged)
