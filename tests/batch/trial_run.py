"""`batch.py` as a process that is killed on the way and started again, until its rows are done."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Literal

import psutil

from .trial_rows import ROOT, Trial

Runner = Literal["local", "ray"]
# The process alone, which leaves its encoder or its cluster behind; all of its group at once; one worker of Ray.
Kill = Literal["process", "group", "worker"]
KILLS: dict[Runner, tuple[Kill, ...]] = {"local": ("process", "group"), "ray": ("process", "worker", "group")}

_POLL = 0.01  # seconds between two looks
_PATIENCE = 900.0  # seconds for whatever is waited for; far more than any of it takes
_ACTOR = "ray::_Actor"  # how Ray names the processes of our workers


@dataclass
class Report:
    """How a job went.

    Attributes:
        out: folder of its results.
        seconds: from the first start to the last end.
        kills: what was killed, and after how many rows.
        tables: what the table held at each kill.
        marks: of every result that was recorded then: name -> when it was written, and its content.
        left: processes that outlived the one that was killed.
    """

    out: Path
    seconds: float = 0.0
    kills: list[tuple[Kill, int]] = field(default_factory=list)
    tables: list[bytes] = field(default_factory=list)
    marks: dict[str, tuple[int, str]] = field(default_factory=dict)
    left: list[psutil.Process] = field(default_factory=list)


def run_with_kills(trial: Trial, runner: Runner, out: Path, kills: Sequence[Kill], seed: int) -> Report:
    """Do the rows of a trial, however often the work is killed.

    Args:
        trial: what is to be done.
        runner: who does it.
        out: folder for the results, in which nothing lies yet.
        kills: what is killed, one after the other.
        seed: of the moments.
    """
    report, random, started = Report(out), Random(seed), time.monotonic()
    rows = len(trial.good) + len(trial.bad)
    # Spread over the first 60 %, so that there is work left whenever one comes.
    bounds = [1 + 0.6 * (rows - 1) * number / max(1, len(kills)) for number in range(len(kills) + 1)]
    moments = [int(random.uniform(*pair)) for pair in pairwise(bounds)]
    job = _Job(trial, runner, out)
    try:
        for kill, moment in zip(kills, moments, strict=True):
            job.start()
            job.wait_for(lambda moment=moment: count_lines(out) >= moment)
            time.sleep(random.uniform(0, _typical_seconds(out)))  # in the midst of a row, wherever that is
            _kill(job, kill, report, random)
        job.start()
        job.finish()
    except BaseException:
        job.clean_up(report.left)
        raise
    report.seconds = time.monotonic() - started
    return report


def wait_until_gone(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes that are no children of ours; gives those that are still there."""
    end, left = time.monotonic() + seconds, list(processes)
    while left := [process for process in left if _is_there(process)]:
        if time.monotonic() > end:
            break
        time.sleep(_POLL)
    return left


def count_lines(out: Path) -> int:
    """How many rows are in the table of a folder."""
    table = out / "results.jsonl"
    return table.read_bytes().count(b"\n") if table.exists() else 0


def read_table(out: Path) -> list[dict]:
    """The whole lines of the table of a folder."""
    content = (out / "results.jsonl").read_bytes()
    return [json.loads(line) for line in content[: content.rfind(b"\n") + 1].splitlines()]


def mark_of(path: Path) -> tuple[int, str]:
    """When a file was written, and a mark of what it holds."""
    return path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()


class _Job:
    """The command and its process. It is started where it does not run."""

    def __init__(self, trial: Trial, runner: Runner, out: Path) -> None:
        self._log, self._process = out.with_name(f"{out.name}.log"), None
        self._words = batch_words(trial.manifest, out, runner)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        if self._process is not None and self._process.poll() is None:
            return
        # Workers of Ray are polite by default: a trial would not end beside other programs.
        environment = os.environ | {"HF_HUB_OFFLINE": "1", "RAY_worker_niceness": "0"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait_for(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE
        while not condition():
            assert self.process.poll() is None, f"ended too early: {self._said()}"
            assert time.monotonic() < end, f"nothing happens: {self._said()}"
            time.sleep(_POLL)
        assert self.process.poll() is None, f"ended before it could be killed: {self._said()}"

    def workers(self) -> list[psutil.Process]:
        return [process for process in descendants(self.process.pid) if _name(process).startswith(_ACTOR)]

    def finish(self) -> None:
        """Wait for the end; some rows fail, which is told."""
        code = self.process.wait(_PATIENCE)
        assert code == 1 and "rows failed" in self._said(), f"exit code {code}: {self._said()}"

    def clean_up(self, left: Iterable[psutil.Process]) -> None:
        """Leave nothing running after something went wrong."""
        if self._process is None:
            return
        ours = [*descendants(self._process.pid), *left]
        self._process.kill()
        self._process.wait()
        for process in wait_until_gone(ours, 10.0):
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


def batch_words(manifest: Path, out: Path, runner: Runner) -> list[str]:
    """The command line of a job."""
    words = [sys.executable, "batch.py", "--manifest", str(manifest), "--output_dir", str(out)]
    words += ["--model", "compact", "--device", "cpu", "--runner", runner]
    return [*words, "--actors", "2"] if runner == "ray" else words


def descendants(pid: int) -> list[psutil.Process]:
    """All processes that a process has begun, and theirs."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _kill(job: _Job, kill: Kill, report: Report, random: Random) -> None:
    if kill == "worker":
        job.wait_for(lambda: bool(job.workers()))
        worker = random.choice(job.workers())
        _remember(report, kill)
        worker.kill()
        assert not wait_until_gone([worker], 60.0)
        return
    report.left += descendants(job.process.pid)
    if kill == "group":
        os.killpg(job.process.pid, signal.SIGKILL)
    else:
        job.process.kill()
    assert job.process.wait(60) == -signal.SIGKILL, "it ended before it could be killed"
    _remember(report, kill)


def _remember(report: Report, kill: Kill) -> None:
    """What is there now must be as it is at the end."""
    content = (report.out / "results.jsonl").read_bytes()
    report.tables.append(content[: content.rfind(b"\n") + 1])
    report.kills.append((kill, report.tables[-1].count(b"\n")))
    for line in report.tables[-1].splitlines():
        record = json.loads(line)
        path = Path(record["output"])
        if record["status"] == "done" and path.name not in report.marks:
            report.marks[path.name] = mark_of(path)


def _typical_seconds(out: Path) -> float:
    """How long a row takes."""
    seconds = [record["seconds"] for record in read_table(out) if record["status"] == "done"]
    return sum(seconds) / len(seconds) if seconds else 0.0


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _is_there(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
