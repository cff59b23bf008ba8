"""Opens video and sound files for reading, and nothing that they name."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from ..errors import InputError
from .sniff import demuxer_of


def open_container(path: Path) -> InputContainer:
    """Open a video, animation or sound as what its first bytes say it is: nothing is left to be guessed.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: it is none of these, or cannot be read.
        av.FFmpegError: it is damaged.
    """
    demuxer = demuxer_of(path)
    if demuxer is None:
        raise InputError(f"'{path}' is no video")
    # an absolute path cannot be taken for a URL, and old tags are not always UTF-8
    return av.open(
        str(path.absolute()),
        format=demuxer,
        options={"protocol_whitelist": "file"},  # no address in a file is followed
        metadata_errors="replace",
    )
