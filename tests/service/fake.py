"""A model that only pretends: it writes what it is told to, and can be held up, or fail."""

import threading
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from src.pipeline.progress import Progress
from src.pipeline.report import Report
from src.pipeline.result import AnimationResult
from src.service.animator import Kind

CONTENT = bytes(range(256)) * 40
FRAMES = 4


class FakeAnimator:
    """Passes through `FRAMES` frames, each of which waits until `go` is set, then writes `CONTENT`."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.error: BaseException | None = None
        self.calls: list[tuple[Kind, dict[str, Any]]] = []
        self.seen: list[list[str]] = []  # files that each call could read

    def running(self) -> list[str]:
        return ["fake"]

    def animate(self, kind: Kind, options: Mapping[str, Any], progress: Progress) -> AnimationResult:
        self.calls.append((kind, dict(options)))
        driving = Path(options["driving"])
        self.seen.append(sorted(path.name for path in driving.parent.iterdir()))
        for done in range(FRAMES + 1):
            progress("Animating", done, FRAMES)
            while not self.go.wait(0.01):
                progress("Animating", done, FRAMES)
        if self.error is not None:
            raise self.error
        if "output" not in options:
            path = Path(options["save_motion_template"])
            path.write_bytes(CONTENT)
            return AnimationResult(path, template=path, n_frames=FRAMES, fps=Fraction(25), report=report())
        path = Path(options["output"])
        concat = path.with_name(f"{path.stem}_concat{path.suffix}")
        for file in (path, concat):
            file.write_bytes(CONTENT)
        fps = None if path.suffix == ".jpg" else Fraction(30000, 1001)
        return AnimationResult(path, concat=concat, n_frames=FRAMES if fps else 1, fps=fps, report=report())


def report() -> Report:
    return Report("fake", "cpu", FRAMES, "25/1", 1, [0], [0], 0.5, {}, 100.0, None)
