"""`Problem`: why a request or a job was refused, in the one form in which clients are told."""

from __future__ import annotations

from collections.abc import Mapping

CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "cancelled",
    413: "too_large",
    415: "unsupported_media",
    416: "range_not_satisfiable",
    422: "invalid",
    429: "queue_full",
    500: "internal",
    503: "stopping",
}


class Problem(Exception):
    """An answer other than success.

    Args:
        status: of HTTP; its short name for programs is in `CODES`.
        message: one sentence for people; it names no place on the server.
        headers: of the answer.
        code: a name more exact than that in `CODES`.
    """

    def __init__(
        self, status: int, message: str, headers: Mapping[str, str] | None = None, *, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, dict(headers or {})
        self.code = code or CODES[status]

    def body(self) -> dict[str, dict[str, str]]:
        """The answer's JSON."""
        return {"error": {"code": self.code, "message": self.message}}
