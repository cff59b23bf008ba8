"""`Problem`: why a request or a job was refused, in the one form in which clients are told."""

from __future__ import annotations

from collections.abc import Mapping

CODES = {
    400: "bad_request",
    403: "forbidden",
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


def no_job() -> Problem:
    """What is told of a job that nobody knows."""
    return Problem(404, "there is no such job, or no longer")


def no_result() -> Problem:
    """What is told of a file that nobody made."""
    return Problem(404, "there is no such result, or no longer")


def cancelled() -> Problem:
    """What those are told who wait for a job that somebody has stopped."""
    return Problem(409, "the job was cancelled")


def queue_full(seconds: float) -> Problem:
    """What is told when there is no place for a job.

    Args:
        seconds: after which there may be one.
    """
    shown = min(max(round(seconds), 1), 600)
    return Problem(429, f"the queue is full: come back in {shown} seconds", {"Retry-After": str(shown)})


def stopping() -> Problem:
    """What all are told who still wait when the service ends."""
    return Problem(503, "the service is stopping")


def fault() -> Problem:
    """What is told of a fault of our own, which goes to the log."""
    return Problem(500, "something went wrong in the service; its log says what")
