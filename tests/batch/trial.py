"""The trial of `batch.py` at size: `python -m tests.batch.trial --runner both --kills 3 --loop --folder DIR`."""

from __future__ import annotations

import argparse
import sys
from itertools import cycle, islice
from pathlib import Path

from .trial_checks import check_job, largest_difference
from .trial_loop import measure
from .trial_rows import Trial, make_trial
from .trial_run import KILLS, Report, Runner, count_lines, run_with_kills

MOST = 1  # level by which pictures of the runners may differ


def main(argv: list[str] | None = None) -> None:
    """Make the rows, do them, check what came of them, and tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200, help="in all; five of them cannot be done (default: 200)")
    parser.add_argument("--runner", choices=["local", "ray", "both", "none"], default="both", help="none: --loop alone")
    parser.add_argument("--kills", type=int, default=3, help="of each runner (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which it is killed")
    parser.add_argument("--loop", action="store_true", help="also measure against a loop of inference.py")
    parser.add_argument("--loop_rows", type=int, default=30, help="rows of that loop (default: 30)")
    parser.add_argument("--folder", type=Path, required=True, help="for everything that is made: new, or empty")
    args = parser.parse_args(argv)
    folder = args.folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"'{folder}' is not empty")
    trial = make_trial(folder / "in", args.rows)
    runners: dict[str, list[Runner]] = {"both": ["local", "ray"], "local": ["local"], "ray": ["ray"], "none": []}
    chosen = runners[args.runner]
    for runner in chosen:
        _tell(runner, try_runner(trial, runner, folder / runner, args.kills, args.seed))
    if len(chosen) == 2:
        _say(f"largest difference between the runners: {compare(trial, folder)} levels")
    if args.loop:
        _say(str(measure(trial, folder / "speed", args.loop_rows)))


def try_runner(trial: Trial, runner: Runner, out: Path, kills: int, seed: int) -> Report:
    """Do all rows in spite of so many kills of all kinds, and check what came of them."""
    report = run_with_kills(trial, runner, out, list(islice(cycle(KILLS[runner]), kills)), seed)
    check_job(trial, report)
    return report


def compare(trial: Trial, folder: Path) -> int:
    """Levels by which the results of both runners in a folder differ at most; more than one is refused."""
    difference = largest_difference(trial.good, folder / "local", folder / "ray")
    assert difference <= MOST, f"pictures of the runners differ by {difference} levels"
    return difference


def _tell(runner: Runner, report: Report) -> None:
    rows = count_lines(report.out)
    kills = ", ".join(f"{kill} after {count} rows" for kill, count in report.kills) or "none"
    _say(f"{runner}: {rows} rows in {report.seconds:.0f} s, {60 * rows / report.seconds:.1f} rows/min; killed: {kills}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
