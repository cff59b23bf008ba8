"""Calls of the ffmpeg program: argument lists, never a shell (quirk Q29)."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import imageio_ffmpeg

from ..errors import LivePortraitError
from .sniff import demuxer_of


class FfmpegError(LivePortraitError):
    """ffmpeg is missing, or did not do its work; the message holds its last words."""


def command(*arguments: str) -> list[str]:
    """Make the argument list of an ffmpeg call that asks nothing and reports errors only.

    Raises:
        FfmpegError: there is no ffmpeg.
    """
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise FfmpegError("ffmpeg was not found: install it, or the package imageio-ffmpeg") from error
    return [program, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]


def run(arguments: Sequence[str]) -> None:
    """Run ffmpeg to its end.

    Raises:
        FfmpegError: it failed.
    """
    done = subprocess.run(command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        raise FfmpegError(f"ffmpeg failed: {last_words(done.stderr)}")


def start(arguments: Sequence[str], errors: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start ffmpeg with a pipe to its standard input; what it complains about goes to the file ``errors``."""
    # a session of its own: Ctrl-C must reach us, not ffmpeg, which would finish a half video
    return subprocess.Popen(
        command(*arguments),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        start_new_session=True,
        pipesize=1 << 20,
    )


def input_arguments(path: Path) -> tuple[str, ...]:
    """Arguments for a file to be read: as what its first bytes say it is, and without following what it names."""
    demuxer = demuxer_of(path)
    kind = ("-f", demuxer) if demuxer else ()
    return ("-protocol_whitelist", "file,pipe", *kind, "-i", file_argument(path))


def file_argument(path: Path) -> str:
    """Name of a file that ffmpeg can take neither for an option nor for a URL."""
    return f"file:{path.absolute()}"


def last_words(stderr: bytes, lines: int = 3) -> str:
    """Take the last lines that ffmpeg wrote, without the addresses that it puts before them."""
    said = (re.sub(r"^\[[^]]* @ [^]]*] ", "", line).strip() for line in stderr.decode(errors="replace").splitlines())
    return " / ".join([line.rstrip(".") for line in said if line][-lines:]) or "it left no message"
