"""`Report`: what a run did, for the log and for `--report`; and the clock that measures its stages."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import psutil
import torch

from ..engine.engine import Engine
from ..errors import InputError
from ..media.output_file import temporary_beside

_log = logging.getLogger(__name__)

T = TypeVar("T")


class StageClock:
    """Adds up how long each stage of a run was at work; stages in threads of their own overlap."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time in the block to a stage."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._add(name, time.perf_counter() - begin)

    def timed(self, items: Iterable[T], name: str) -> Iterator[T]:
        """Pass items on, counting to a stage the time that each takes to be made."""
        iterator = iter(items)
        while True:
            with self.stage(name):
                item = next(iterator, None)
            if item is None:
                return
            yield item

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was made."""
        return time.perf_counter() - self.started

    def seconds(self) -> dict[str, float]:
        """Stage -> seconds, in the order in which stages began."""
        return dict(self._seconds)

    def _add(self, name: str, seconds: float) -> None:
        with self._lock:
            self._seconds[name] = self._seconds.get(name, 0.0) + seconds


@dataclass(frozen=True)
class Report:
    """What a run did.

    Attributes:
        model: name of the model.
        device: on which it ran.
        n_frames: frames of the result.
        fps: frame rate of the result (a video or template), as a fraction "30000/1001"; None for a picture.
        n_faces: faces animated.
        missed_source: for every face, source frames that do not show it.
        missed_driving: for every driver, frames without a face.
        seconds: of the whole run.
        stages: seconds at work by stage; stages overlap.
        peak_memory_mib: most memory that this process has held so far.
        peak_gpu_memory_mib: most memory of the GPU; None without one.
    """

    model: str
    device: str
    n_frames: int
    fps: str | None
    n_faces: int
    missed_source: Sequence[int]
    missed_driving: Sequence[int]
    seconds: float
    stages: dict[str, float]
    peak_memory_mib: float
    peak_gpu_memory_mib: float | None

    def line(self) -> str:
        """The report as one line of a log."""
        rate = "" if self.fps is None else f" at {float(Fraction(self.fps)):.6g} fps"
        faces = f", {self.n_faces} face{'s' if self.n_faces > 1 else ''}" if self.n_faces else ""
        missed = sum(self.missed_source) + sum(self.missed_driving)
        gaps = f", {missed} time{'s' if missed > 1 else ''} without a face" if missed else ""
        gpu = "" if self.peak_gpu_memory_mib is None else f", {self.peak_gpu_memory_mib:.0f} MiB of the GPU"
        return (
            f"{self.n_frames} frame{'s' if self.n_frames != 1 else ''}{rate}{faces}{gaps} in {self.seconds:.1f} s on "
            f"{self.device} with {self.model}, peak memory {self.peak_memory_mib:.0f} MiB{gpu}"
        )

    def write(self, path: Path) -> None:
        """Write the report as JSON; the file appears when it is complete.

        Raises:
            InputError: the file cannot be written.
        """
        temporary = temporary_beside(path)
        try:
            temporary.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
            temporary.replace(path)
        except OSError as error:
            raise InputError(f"the report '{path}' cannot be written: {error.strerror or error}") from error
        finally:
            temporary.unlink(missing_ok=True)


def make_report(
    engine: Engine,
    clock: StageClock,
    path: Path | None,
    *,
    n_frames: int,
    fps: Fraction | None,
    n_faces: int,
    missed_source: Sequence[int],
    missed_driving: Sequence[int],
) -> Report:
    """The report of a run that ends now, for the log and, where a path is given, as a file.

    Args:
        engine: the model.
        clock: of the run.
        path: the .json file; None = none is wanted.
        n_frames: see `Report`, as for all that follows.
        fps: exact, None for a picture.
        n_faces: faces animated.
        missed_source: one number a face.
        missed_driving: one number a driver.

    Raises:
        InputError: the file cannot be written.
    """
    report = Report(
        model=engine.name,
        device=str(engine.device),
        n_frames=n_frames,
        fps=None if fps is None else f"{fps.numerator}/{fps.denominator}",
        n_faces=n_faces,
        missed_source=missed_source,
        missed_driving=missed_driving,
        seconds=round(clock.elapsed, 3),
        stages={stage: round(seconds, 3) for stage, seconds in clock.seconds().items()},
        peak_memory_mib=round(peak_memory_mib(), 1),
        peak_gpu_memory_mib=peak_gpu_memory_mib(engine.device),
    )
    _log.info("%s", report.line())
    if path is not None:
        report.write(path)
    return report


def peak_memory_mib() -> float:
    """Most memory (resident set) that this process has held so far, in MiB."""
    if sys.platform == "win32":
        return float(psutil.Process().memory_info().peak_wset) / 2**20
    with suppress(OSError, StopIteration):  # Linux; what `getrusage` says there counts a large parent's memory as ours
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 2**10
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)  # bytes on macOS, KiB elsewhere


def peak_gpu_memory_mib(device: torch.device) -> float | None:
    """Most memory that torch has held on a CUDA device, in MiB; None for other devices."""
    return torch.cuda.max_memory_allocated(device) / 2**20 if device.type == "cuda" else None
