"""A small animated GIF of a video (spec: pipeline, section 14; quirk Q31)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from . import ffmpeg
from .output_file import temporary_beside

_SHOWN = "fps=30,scale=256:-1:flags=lanczos"


def write_gif(video: Path, path: Path) -> None:
    """Make a GIF of 256 pixels' width and 30 frames a second, in two passes: its own palette, then the picture.

    Args:
        video: file to show.
        path: GIF to write; it appears when it is whole.

    Raises:
        FfmpegError: ffmpeg failed.
    """
    shown = ffmpeg.input_arguments(video)
    with tempfile.TemporaryDirectory() as folder:
        palette = Path(folder) / "palette.png"
        ffmpeg.run([*shown, "-vf", f"{_SHOWN},palettegen", ffmpeg.file_argument(palette)])
        temporary = temporary_beside(path)
        try:
            ffmpeg.run(
                [*shown, *ffmpeg.input_arguments(palette), "-lavfi", f"{_SHOWN}[x];[x][1:v]paletteuse", "-f", "gif",
                 ffmpeg.file_argument(temporary)]
            )  # fmt: skip
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
