"""The trial of `batch.py`, small: `python -m tests.batch.trial` is the large one, and does the same."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from .trial import compare, main
from .trial_checks import check_job
from .trial_loop import sample
from .trial_rows import Line, Trial, make_trial
from .trial_run import run_with_kills


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("trial")


@pytest.fixture(scope="module")
def trial(folder) -> Trial:
    """Three portraits by two drivers, and the five rows that cannot be done."""
    return make_trial(folder / "in", 11)


@pytest.fixture(scope="module")
def after_local(trial, folder) -> Path:
    """The results of a process that was killed and started again."""
    report = run_with_kills(trial, "local", folder / "local", ["process"], seed=3)
    check_job(trial, report)
    assert len(report.kills) == 1 and report.marks
    return report.out


@pytest.mark.slow
def test_a_killed_process(after_local):
    assert after_local.is_dir()


@pytest.mark.slow
def test_a_killed_worker_of_ray(trial, folder, after_local):
    pytest.importorskip("ray")
    report = run_with_kills(trial, "ray", folder / "ray", ["worker"], seed=4)
    check_job(trial, report)
    assert len(report.kills) == 1
    assert compare(trial, folder) <= 1


@pytest.mark.slow
@pytest.mark.skipif("BATCH_TRIAL" not in os.environ, reason="BATCH_TRIAL=1 does 200 rows twice, which takes minutes")
def test_at_size(tmp_path):
    main(["--folder", str(tmp_path / "trial")])


def test_the_loop_has_as_many_rows_of_every_driver():
    lines = [Line(f"{source}", f"{driving}", f"{source}{driving}") for source in range(20) for driving in range(10)]
    for rows, each in ((30, 3), (24, 2), (1, 1), (500, 20)):
        chosen = sample(lines, rows)
        assert set(Counter(line.driving for line in chosen).values()) == {each}
    assert len({line.source for line in sample(lines, 20)}) == 20
    assert len(sample(lines[:195], 1000)) == 190
