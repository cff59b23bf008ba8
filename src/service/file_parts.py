"""Which part of a file a request asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .problem import Problem

_RANGE = re.compile(r"([0-9]{0,18})-([0-9]{0,18})")


def part_of(asked: Mapping[str, str], facts: Mapping[str, str], size: int) -> tuple[int, int] | None:
    """Read what a request says about ranges.

    Args:
        asked: headers of the request.
        facts: `ETag` and `Last-Modified` of the file.
        size: of the file in bytes.

    Returns:
        First byte and the one after the last; None = all of it: nothing was asked, or of another unit, or about
        a file that has changed since, or several parts at once, which no player wants and which cost most.

    Raises:
        Problem: 416 for what does not lie in the file.
    """
    unit, _, wanted = asked.get("range", "").partition("=")
    if unit.strip().lower() != "bytes" or "," in wanted:
        return None
    if asked.get("if-range", facts["ETag"]) not in facts.values():
        return None
    part = _within(wanted.strip(), size)
    if part is None:
        raise Problem(416, f"not a range of a file of {size} bytes", {"Content-Range": f"bytes */{size}"})
    return part


def _within(part: str, size: int) -> tuple[int, int] | None:
    found = _RANGE.fullmatch(part)
    if found is None or part == "-":
        return None
    first, last = found.groups()
    if not first:  # the last bytes
        begin, end = max(size - int(last), 0), size
    else:
        begin, end = int(first), min(int(last) + 1, size) if last else size
    return (begin, end) if begin < end else None
