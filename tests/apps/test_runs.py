"""What the page's visitors have running."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from src.apps.runs import KEPT_SECONDS, Runs
from src.errors import Cancelled, InputError


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path)


@pytest.fixture
def left(tmp_path):
    """The folders that are there."""
    return lambda: sorted(tmp_path.iterdir())


def test_a_run_reports_what_it_does(runs):
    shown = []
    with runs.begin("anna") as run:
        progress = run.reporting(lambda *report: shown.append(report))
        progress("rendering", 0, 5)
        progress("rendering", 1, None)
    assert shown == [("rendering", 0, 5), ("rendering", 1, None)]


def test_a_cancelled_run_ends_at_its_next_report(runs):
    shown = []
    with pytest.raises(Cancelled, match="the run was cancelled"), runs.begin("anna") as run:
        progress = run.reporting(lambda *report: shown.append(report))
        progress("rendering", 0, 2)
        assert runs.cancel("anna")
        progress("rendering", 1, 2)
    assert shown == [("rendering", 0, 2)]


def test_the_run_after_a_cancelled_one_goes_on(runs):
    with runs.begin("anna"):
        runs.cancel("anna")
    with runs.begin("anna") as run:
        run.reporting(lambda *_: None)("rendering", 0, 1)


def test_where_nothing_runs_nothing_is_cancelled(runs):
    assert not runs.cancel("anna")
    with runs.begin("anna"):
        assert not runs.cancel("ben")
    assert not runs.cancel("anna")


def test_one_run_for_each_visitor(runs):
    with runs.begin("anna") as first:
        with pytest.raises(InputError, match="has a run going"), runs.begin("anna"):
            pass
        with runs.begin("ben") as other:
            runs.cancel("ben")
            first.reporting(lambda *_: None)("rendering", 0, 1)  # is not cancelled
        assert first.folder != other.folder and first.folder.is_dir()
    with runs.begin("anna"):
        pass


def test_a_refused_run_takes_no_results_away(runs, left):
    with runs.begin("anna") as run:
        kept = runs.folder("anna")
        with pytest.raises(InputError), runs.begin("anna"):
            pass
        assert left() == sorted([run.folder, kept])


def test_results_stay_until_the_next_run(runs, left):
    with runs.begin("anna") as first:
        (first.folder / "r.mp4").touch()
    with runs.begin("ben") as other:
        pass
    taken_away = runs.folder("anna")
    assert left() == sorted([first.folder, other.folder, taken_away])
    assert runs.folder("anna") == taken_away  # saving many times leaves one folder
    with runs.begin("anna") as second:
        assert left() == sorted([other.folder, second.folder, taken_away])
    assert left() == sorted([other.folder, second.folder, taken_away])


def test_a_run_that_fails_lets_the_next_one_begin(runs, left):
    with pytest.raises(ZeroDivisionError), runs.begin("anna"):
        raise ZeroDivisionError
    with runs.begin("anna") as run:
        pass
    assert left() == [run.folder]


def test_who_leaves_leaves_nothing_behind(runs, left):
    with runs.begin("anna") as run:
        (run.folder / "r.mp4").touch()
    runs.folder("anna")
    with runs.begin("ben") as other:
        pass
    runs.leave("anna")
    assert left() == [other.folder]
    runs.leave("anna")
    runs.leave("nobody")
    assert left() == [other.folder]


@pytest.mark.parametrize("comes_back", [False, True])
def test_who_leaves_while_a_run_is_going(runs, left, comes_back):
    """The folder is the run's as long as it writes; also where a late event asks for another one."""
    with pytest.raises(Cancelled), runs.begin("anna") as run:
        before = runs.folder("anna")
        runs.leave("anna")
        assert run.folder.is_dir() and before.is_dir()
        after = [runs.folder("anna")] if comes_back else []
        run.reporting(lambda *_: None)("rendering", 1, 2)
    assert left() == after
    runs.leave("anna")
    assert left() == []


def test_a_folder_that_is_gone_is_no_trouble(runs, left):
    runs.folder("anna").rmdir()
    with runs.begin("anna") as run:
        run.folder.rmdir()
    runs.leave("anna")
    assert left() == []


def test_many_clicks_begin_one_run(runs):
    begun, refused, together, all_refused = [], [], threading.Barrier(8), threading.Event()

    def click(_):
        together.wait(10)
        try:
            with runs.begin("anna") as run:
                begun.append(run)
                all_refused.wait(10)
        except InputError:
            refused.append(True)
            if len(refused) == 7:
                all_refused.set()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(click, range(8)))
    assert len(begun) == 1 and len(refused) == 7


def test_many_visitors_at_once(runs, left):
    names = [f"visitor {number}" for number in range(8)]

    def visit(name):
        for _ in range(20):
            with runs.begin(name) as run:
                (run.folder / "r.mp4").touch()
                runs.cancel(name)
        return run.folder

    with ThreadPoolExecutor(8) as pool:
        last = list(pool.map(visit, names))
    assert left() == sorted(last)
    with ExitStack() as stack:
        for name in names:
            stack.enter_context(runs.begin(name))
    for name in names:
        runs.leave(name)
    assert left() == []


def test_who_says_nothing_for_hours_is_forgotten(runs, left, monkeypatch):
    with runs.begin("anna"):
        pass
    runs.folder("ben")
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + KEPT_SECONDS + 1)
    with runs.begin("cleo") as run:
        assert left() == [run.folder]


def test_closing_ends_all_runs_and_begins_no_more(runs):
    begun, ended = threading.Event(), threading.Event()

    def visit():
        with pytest.raises(Cancelled), runs.begin("anna") as run:
            begun.set()
            progress = run.reporting(lambda *_: None)
            while True:
                progress("rendering", 1, 2)
                time.sleep(0.01)
        ended.set()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(visit)
        assert begun.wait(10)
        runs.close()
        assert ended.wait(10)
    with pytest.raises(Cancelled), runs.begin("ben"):
        pass
