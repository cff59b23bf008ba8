"""A job's turn: the model does it, and whatever comes of that is an outcome."""

from __future__ import annotations

import time
from collections.abc import Callable

from .animator import Animator
from .job import Job, TooLong
from .outcome import failure_of
from .problem import Problem
from .workspace import Workspace


def run_job(
    job: Job, animator: Animator, workspace: Workspace, longest: float, clock: Callable[[], float] = time.monotonic
) -> Problem | None:
    """Animate; the result is kept in the job, its uploads are removed.

    Args:
        job: which runs.
        animator: the model.
        workspace: where its files are.
        longest: seconds that it may take.
        clock: seconds that only ever grow.

    Returns:
        Why there is no result; None if there is.
    """
    begin, problem = clock(), None

    def progress(stage: str, done: int, total: int | None) -> None:
        if clock() - begin > longest:
            raise TooLong(f"the job took longer than {longest / 60:g} minutes, the most that one may take")
        job.progress(stage, done, total)

    try:
        workspace.make()  # results need their folder, whoever removed it meanwhile
        job.result = animator.animate(job.kind, job.options, progress)
    except BaseException as error:  # whatever it is: a job ends, not the thread
        problem = failure_of(error, job)
    workspace.remove_upload(job.id)
    return problem
