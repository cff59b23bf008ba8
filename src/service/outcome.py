"""What a caller is told when a run ends with an error."""

from __future__ import annotations

import logging

from ..errors import Cancelled, LivePortraitError, NoFaceError, TemplateError, WeightsError
from .job import Job
from .problem import Problem
from .wording import for_callers

_log = logging.getLogger(__name__)


def failure_of(error: Exception, job: Job) -> Problem:
    """The error of a run in words for its caller; what is our own fault goes to the log alone."""
    if isinstance(error, Cancelled):
        return Problem(409, "the job was cancelled")
    if isinstance(error, WeightsError):
        _log.error("job %s: %s", job.id, error)
        return Problem(503, "the model for this is not available on the server", code="no_model")
    if isinstance(error, LivePortraitError):
        return Problem(422, for_callers(str(error), job.uploads), code=_code(error))
    _log.error("job %s failed", job.id, exc_info=error)
    return Problem(500, "something went wrong in the service; its log says what")


def _code(error: LivePortraitError) -> str:
    if isinstance(error, NoFaceError):
        return "no_face"
    return "bad_template" if isinstance(error, TemplateError) else "invalid"
