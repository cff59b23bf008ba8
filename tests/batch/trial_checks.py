"""What must be true of a job that ended, however often it was killed on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from src.media.video_reader import open_video
from tests.cli.whole import check_whole

from .trial_rows import Trial
from .trial_run import Report, mark_of, read_table, wait_until_gone

_TABLE = {"results.jsonl", ".batch"}
_LAST_BREATH = 180.0  # seconds: Ray's workers end in two when all else is killed, idle helpers of its in a minute


def check_job(trial: Trial, report: Report) -> None:
    """Every row is there once, as it was when it was recorded, and nothing else is."""
    check_table(trial, report.out)
    check_files(trial, report.out)
    final = (report.out / "results.jsonl").read_bytes()
    for table in report.tables:
        assert final.startswith(table), "a record was lost or changed"
    for name, mark in report.marks.items():
        assert mark_of(report.out / name) == mark, f"{name} was done, and was written again"
    assert not trial.marker.exists(), "the exploit was run"
    assert not (left := wait_until_gone(report.left, _LAST_BREATH)), f"still running: {left}"


def check_table(trial: Trial, out: Path) -> None:
    """One record a row: done, or failed for the reason that it was given."""
    records = read_table(out)
    counts = Counter(Path(record["output"]).name for record in records)
    odd = {name: counts[name] for name in {*counts, *trial.good, *trial.bad} if counts[name] != 1}
    assert not odd and len(counts) == len(trial.good) + len(trial.bad), f"records that are not there once: {odd}"
    for record in records:
        name = Path(record["output"]).name
        if name in trial.good:
            assert (record["status"], record["error"]) == ("done", None), record
            assert record["frames"] == trial.good[name], record
        else:
            assert record["status"] == "failed" and trial.bad[name] in record["error"], record


def check_files(trial: Trial, out: Path) -> None:
    """All results can be read to their ends, and no other file lies beside them."""
    found = {path.name for path in out.iterdir()}
    wanted = {*trial.good, *_TABLE}
    assert found == wanted, f"missing: {sorted(wanted - found)}, not wanted: {sorted(found - wanted)}"
    for name, frames in trial.good.items():
        assert check_whole(out / name) == frames, name


def largest_difference(names: Iterable[str], one: Path, other: Path) -> int:
    """Levels by which pictures of the same name in two folders differ at most."""
    return max(_difference(one / name, other / name) for name in names)


def _difference(one: Path, other: Path) -> int:
    if one.read_bytes() == other.read_bytes():
        return 0
    pairs = zip(open_video(one), open_video(other), strict=True)
    return max(int(np.abs(a.rgb.astype(np.int16) - b.rgb).max()) for a, b in pairs)
