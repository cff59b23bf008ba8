"""What a run warns of, collected for the table."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Self

from ..pipeline.remarks import TEMPLATE_MOVES

_PACKAGE = __name__.partition(".")[0]  # "src" in a checkout, "liveportrait" when installed


class RowLog(logging.Handler):
    """Collects the warnings of the project; a context manager."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._seen: dict[str, None] = {}

    def taken(self) -> tuple[str, ...]:
        """Those that were said since this was last asked: one line each, in order, each once."""
        seen, self._seen = tuple(self._seen), {}
        return seen

    def emit(self, record: logging.LogRecord) -> None:
        """Take one record of the log."""
        text = record.getMessage()
        if not text.startswith(TEMPLATE_MOVES):  # our own doing, nothing that the user chose
            self._seen[text] = None

    def __enter__(self) -> Self:
        logging.getLogger(_PACKAGE).addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        logging.getLogger(_PACKAGE).removeHandler(self)
