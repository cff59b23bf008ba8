"""`Record`: what became of a row; one line of the table of results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal


@dataclass(frozen=True)
class Record:
    """What became of a row.

    Attributes:
        row: its number in the run that wrote this.
        source: place of the portrait.
        driving: places of the drivers.
        output: place of the result.
        status: whether it is there.
        error: why not, in one line; None if it is.
        warnings: what was said on the way.
        frames: of the result.
        seconds: that it took.
        model: name of the model, with a mark of its weights.
        hash: of the contents of all inputs, of the options and the model: another one makes the row due again.
        ended: when, UTC.
        passing: whether it failed for a reason that is not its own, such as a full disk: it is due again.
    """

    row: int
    source: str
    driving: tuple[str, ...]
    output: str
    status: Literal["done", "failed"]
    error: str | None
    warnings: tuple[str, ...]
    frames: int
    seconds: float
    model: str
    hash: str
    ended: str
    passing: bool = False

    def as_json(self) -> dict[str, Any]:
        """The fields as JSON knows them."""
        return asdict(self)

    @classmethod
    def of(cls, content: dict[str, Any]) -> Record:
        """A record that was written as JSON.

        Raises:
            KeyError: a field is missing.
        """
        content = {"passing": False} | content  # older tables do not have it
        values = {field.name: content[field.name] for field in fields(cls)}
        return cls(**values | {name: tuple(values[name]) for name in ("driving", "warnings")})


@dataclass(frozen=True)
class Outcome:
    """What a worker hands back.

    Attributes:
        record: for the table.
        trace: of an error that nobody foresaw, for the log.
    """

    record: Record
    trace: str | None = None
