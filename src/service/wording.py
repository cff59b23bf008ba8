"""Messages of the project's errors, as remote callers may read them."""

from __future__ import annotations

import re
from pathlib import Path

# Messages are written for the command line, and may name its options, its scripts and files of this machine.
_PHRASES = (
    (re.compile(r"\(of cats and dogs, to inference_animals\.py\)"), "(of cats and dogs: with kind=animal)"),
    (re.compile(r"use inference_animals\.py"), "use kind=animal"),
    (re.compile(r"use inference\.py"), "use kind=human"),
    (re.compile(r"(?<!\w)--no_(\w+)"), r"\1=false"),
    (re.compile(r"(?<!\w)--(\w+)"), r"\1"),
)
_QUOTED_PATH = re.compile(r"'(?:[A-Za-z]:)?[\\/][^']*(?:'|\Z)")
_PATH = re.compile(r"(?<![\w.])(?:[A-Za-z]:\\|/)[\w.-]+(?:[\\/][^\s:;,'\"]+)+")
_LONGEST = 500  # signs: a hostile file may have words of its own in a message
_READ = 2000  # signs that are looked at: paths take some that are not shown


def for_callers(message: str, folder: Path) -> str:
    """A message without places on this machine.

    Args:
        message: of a `LivePortraitError`.
        folder: where the files of the job lie; they are named as the caller does: source, driving.
    """
    given = rf"(?:the (?:source|driving) )?'?{re.escape(str(folder))}[\\/](source|driving)(?:\.\w+)?'?"
    message = re.sub(given, r"the \1", message[:_READ])
    for pattern, words in _PHRASES:
        message = pattern.sub(words, message)
    message = _PATH.sub("a file of the service", _QUOTED_PATH.sub("a file of the service", message))
    shown = "".join(sign if sign.isprintable() else " " for sign in message)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 3]}..."
