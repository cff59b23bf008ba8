"""What a caller is told when a run ends with an error."""

from __future__ import annotations

import logging

from ..errors import Cancelled, LivePortraitError, NoFaceError, TemplateError, WeightsError
from ..media.ffmpeg import FfmpegError
from .job import Job, TooLong
from .problem import Problem, cancelled, fault
from .room import is_full, no_room
from .wording import for_callers

_log = logging.getLogger(__name__)


def failure_of(error: BaseException, job: Job) -> Problem:
    """The error of a run in words for its caller; what is our own fault goes to the log alone."""
    if isinstance(error, TooLong):
        return Problem(413, str(error), code="too_long")
    if isinstance(error, Cancelled):
        return cancelled()
    if isinstance(error, WeightsError):
        _log.error("job %s: %s", job.id, error)
        return Problem(503, "the model for this is not available on the server", code="no_model")
    if _is_theirs(error, job):
        return Problem(422, for_callers(str(error), job.uploads), code=_code(error))
    _log.error("job %s failed", job.id, exc_info=error)
    if isinstance(error, FfmpegError | OSError) and is_full(error):
        return no_room()
    return fault()


def _is_theirs(error: BaseException, job: Job) -> bool:
    """Whether the inputs are to blame: ffmpeg only gets those that were looked at, and somebody may remove them."""
    return isinstance(error, LivePortraitError) and not isinstance(error, FfmpegError) and job.uploads.is_dir()


def _code(error: BaseException) -> str:
    if isinstance(error, NoFaceError):
        return "no_face"
    return "bad_template" if isinstance(error, TemplateError) else "invalid"
