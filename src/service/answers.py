"""Errors as answers: one form for all of them, in the OpenAPI document as well."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from .problem import Problem
from .problem import fault as our_fault
from .schemas import ErrorBody

_log = logging.getLogger(__name__)

_WHEN = {
    400: "Not a form, or one that is damaged or cut off.",
    403: "Under a name that is not allowed, or from a web page of another place.",
    404: "There is no such job or result, or no longer.",
    408: "The upload took too long.",
    409: "The job was cancelled.",
    413: "Too many bytes, pixels, seconds or frames, or a job that takes too long.",
    415: "A file that is neither picture, video nor template, or is damaged.",
    416: "Not a range of this file.",
    422: "A field that is missing or wrong, or media that cannot be animated: no face, for instance.",
    429: "The queue is full.",
    500: "A fault of the service; its log tells more.",
    503: "The service is stopping, or lacks the model, its folder or room on its disk.",
}
_RETRY = {"Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}}}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers other than success that an endpoint may give, for its OpenAPI description."""
    described: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        described[status] = {"model": ErrorBody, "description": _WHEN[status]}
    if 429 in described:
        described[429]["headers"] = _RETRY
    return described


def answer_errors(app: FastAPI) -> None:
    """Make an application answer all errors in the form of `ErrorBody`."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> JSONResponse:
        return _answer(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _answer(Problem(422, f"{first['loc'][-1]}: {first['msg']}"))

    @app.exception_handler(404)
    async def not_found(request: Request, error: Exception) -> JSONResponse:
        return _answer(Problem(404, "there is nothing here; /docs lists what there is"))

    @app.exception_handler(405)
    async def not_allowed(request: Request, error: Exception) -> JSONResponse:
        headers = getattr(error, "headers", None)
        return _answer(Problem(405, f"{request.method[:20]} is not possible here", headers))

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> JSONResponse:
        _log.error("%a %a failed", request.method, request.url.path, exc_info=error)  # %a: a path may hold line breaks
        return _answer(our_fault())


def _answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body(), problem.status, headers=problem.headers)
