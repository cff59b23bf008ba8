"""Frames to a video file, one by one (spec: pipeline, section 13; quirks Q4, Q29 and Q31)."""

import subprocess
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np

from ..errors import InputError
from . import ffmpeg
from .containers import container_of
from .output_file import temporary_beside
from .sound import add_sound

Preset = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]


class VideoWriter:
    """Writes a video; a context manager.

    The file appears under its name when the block ends without an error: until then it is a hidden file beside it,
    which is removed on errors and on Ctrl-C. The suffix decides the container (``containers.py``): H.264 4:2:0 in
    ``.mp4 .m4v .mov .mkv``, VP9 in ``.webm``, MPEG-4 in ``.avi``, a palette GIF in ``.gif``. An odd width or height is
    scaled up to the next even one. A GIF is held in memory by ffmpeg until its palette is known: for short clips.

    Args:
        path: file to write; its folder is made if needed.
        fps: frames per second, exact.
        crf: quality, 0 (lossless) to 51 (worst).
        preset: effort of the H.264 encoder.
        audio_from: file whose sound is added; if that fails, the video stays silent and the log says why.

    Raises:
        InputError: a bad argument, or the folder or file cannot be written to.
    """

    def __init__(
        self,
        path: str | Path,
        fps: Fraction | int,
        *,
        crf: int = 18,
        preset: Preset = "faster",
        audio_from: str | Path | None = None,
    ) -> None:
        self.path = Path(path)
        self.fps = Fraction(fps)
        self.n_frames = 0
        if self.fps <= 0:
            raise InputError(f"a video needs a frame rate above 0, got {fps}")
        if not 0 <= crf <= 51:
            raise InputError(f"crf must lie between 0 and 51, got {crf}")
        self._container = container_of(self.path)
        self._encoder = self._container.encoder(crf, preset)
        self._audio_from = Path(audio_from) if audio_from is not None else None
        self._shape: tuple[int, ...] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._silent = temporary_beside(self.path)
        self._complete = temporary_beside(self.path)
        self._errors = tempfile.TemporaryFile()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._clean_up()

    def write(self, rgb: np.ndarray) -> None:
        """Append a frame.

        Args:
            rgb: (H, W, 3) uint8 RGB, all of one size.

        Raises:
            InputError: not such an array, or of another size than the first one.
            FfmpegError: the encoder failed (a full disk, for instance).
        """
        if self._process is None:
            self._process = self._start(rgb)
            self._shape = rgb.shape
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise InputError(f"frames must be uint8 of shape {self._shape}, got {rgb.dtype} of shape {rgb.shape}")
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(np.ascontiguousarray(rgb).data)
        except OSError:  # the pipe breaks when ffmpeg gives up
            self._process.wait()
            raise self._failure() from None
        self.n_frames += 1

    def _start(self, rgb: np.ndarray) -> subprocess.Popen[bytes]:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8 or not rgb.size:
            raise InputError(f"a frame must be uint8 of shape (H, W, 3), got {rgb.dtype} of shape {rgb.shape}")
        height, width = rgb.shape[:2]
        rate = f"{self.fps.numerator}/{self.fps.denominator}"
        raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", rate, "-i", "pipe:0")
        output = (
            "-vf",
            self._container.filters,
            *self._encoder,
            "-an",
            *self._container.options,
            ffmpeg.file_argument(self._silent),
        )
        return ffmpeg.start((*raw, *output), self._errors)

    def _finish(self) -> None:
        if self._process is None:
            raise InputError(f"no frames were given for '{self.path}'")
        _close_pipe(self._process)
        if self._process.wait():
            raise self._failure()
        result = self._silent
        donor = self._audio_from if self._container.sound_encoder else None
        if donor is not None and add_sound(self._silent, donor, self._complete, self.n_frames, self.fps):
            result = self._complete
        try:
            result.replace(self.path)
        except OSError as error:  # open in a player (Windows), or a folder by now
            raise InputError(
                f"the finished video cannot be moved to '{self.path}': {error.strerror}; "
                "close it where it is open, or name another file"
            ) from error

    def _failure(self) -> ffmpeg.FfmpegError:
        self._errors.seek(0)
        return ffmpeg.FfmpegError(
            f"'{self.path}' could not be written, ffmpeg failed: {ffmpeg.last_words(self._errors.read())}"
        )

    def _clean_up(self) -> None:
        if self._process is not None:
            self._process.kill()  # does nothing to one that has ended
            self._process.wait()
            _close_pipe(self._process)
        self._errors.close()
        self._silent.unlink(missing_ok=True)
        self._complete.unlink(missing_ok=True)


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe; one that ffmpeg left is broken, and its exit code tells more."""
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
