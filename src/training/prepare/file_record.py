"""What became of one input file, and the shots that were made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .sources import Source


@dataclass(frozen=True)
class ShotRecord:
    """One shot: see `data.index.IndexRow`; people are numbered within a file."""

    name: str
    shot: int
    frames: int
    size: int
    fps: str
    face_px: float
    sharpness: float
    yaw_range: float
    lip_range: float
    person: int


@dataclass
class FileRecord:
    """What became of one file.

    Attributes:
        source: its name relative to the input folder.
        kind: clip or still.
        bytes: its size when it was read.
        modified: when it had been written, nanoseconds.
        frames: that were looked at.
        shots: that were written.
        dropped: frames that were not, by reason.
        error: why it could not be read; empty if it could.
        side: of pictures that were cropped already, in pixels; 0 = they were not.
        messages: warnings on the way.
    """

    source: str
    kind: str
    bytes: int
    modified: int
    frames: int = 0
    shots: list[ShotRecord] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    error: str = ""
    side: int = 0
    messages: list[str] = field(default_factory=list)

    @staticmethod
    def of(source: Source, **what: Any) -> FileRecord:
        """A record of a file as it is now."""
        return FileRecord(source.name, source.kind, source.bytes, source.modified, **what)

    def is_of(self, source: Source) -> bool:
        """Whether the file is still the one that was read."""
        return (self.source, self.bytes, self.modified) == (source.name, source.bytes, source.modified)

    @property
    def kept(self) -> int:
        """Frames that were written."""
        return sum(shot.frames for shot in self.shots)
