"""How much memory a run takes, and that a longer clip takes no more."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, LivePortraitError
from ..media import ffmpeg
from ..media.video_reader import VideoReader

_PACKAGE = __name__.partition(".")[0]


@dataclass(frozen=True)
class MemoryUse:
    """One run.

    Attributes:
        clip_seconds: length of the driving clip.
        n_frames: of the result.
        seconds: that the run took.
        peak_mib: most memory (resident set) of the process; the encoders are processes of their own.
    """

    clip_seconds: float
    n_frames: int
    seconds: float
    peak_mib: float


def measure_memory(driving: Path, clip_seconds: Sequence[float], options: Sequence[str] = ()) -> Iterator[MemoryUse]:
    """Animate with clips of several lengths, each in a process of its own.

    Args:
        driving: the clip that is repeated until it is long enough.
        clip_seconds: lengths of the clips, up to some frames.
        options: further options of the command line.

    Yields:
        One entry a length.

    Raises:
        InputError: no clip, or no lengths above 0.
        LivePortraitError: a run failed; the message holds its last line.
    """
    if not clip_seconds or not all(0 < length < math.inf for length in clip_seconds):
        raise InputError("the clips need one or more lengths above 0 seconds")
    VideoReader(driving)  # says what is wrong with it; a picture would be repeated for ever
    with tempfile.TemporaryDirectory(prefix="liveportrait-") as folder:
        for number, length in enumerate(clip_seconds):
            clip, report = Path(folder) / f"{number}.mp4", Path(folder) / f"{number}.json"
            ffmpeg.run(_looped(driving, length, clip))
            _animate([*options, "--driving", str(clip), "--output", f"{folder}/r{number}.mp4", "--report", str(report)])
            done = json.loads(report.read_text(encoding="utf-8"))
            yield MemoryUse(length, done["n_frames"], done["seconds"], done["peak_memory_mib"])


def _looped(driving: Path, seconds: float, clip: Path) -> tuple[str, ...]:
    source = ("-stream_loop", "-1", "-i", ffmpeg.file_argument(driving))
    return (*source, "-t", str(seconds), "-c", "copy", ffmpeg.file_argument(clip))


def _animate(options: Sequence[str]) -> None:
    code = f"import sys; from {_PACKAGE}.cli.inference import main; sys.exit(main(sys.argv[1:]))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, *options],
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = [line.removeprefix("error: ") for line in done.stderr.splitlines() if line.strip()]
        last = said[-1] if said else "it left no message"
        raise LivePortraitError(f"the run to be measured failed with exit code {done.returncode}: {last}")
