"""Jobs on whose way something goes wrong: what is tried again, what is given up, and what a kill leaves."""

import shutil
import threading
from pathlib import Path

import pytest

from src.batch import batch, worker
from src.batch.begun import Begun
from src.errors import InputError, LivePortraitError, WeightsError
from src.media.ffmpeg import FfmpegError
from src.media.output_file import temporary_beside
from src.motion import template

from .conftest import FakeWrapper
from .job import counts, interrupt, records, row, write_manifest


def test_trouble_that_is_nobodys_fault_is_tried_again(run, monkeypatch, caplog):
    left = [RuntimeError("out of\nmemory"), OSError(28, "No space left")]

    def trouble(args):
        if args.output and args.output.endswith("x--a.mp4") and left:
            raise left.pop()

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    assert counts(run(retries=1)) == (4, 3, 1)
    (failed,) = [record for record in records() if record["status"] == "failed"]
    assert failed["error"] == "RuntimeError: out of memory" and "Traceback" in caplog.text
    left[:] = [RuntimeError("once")]
    caplog.clear()
    assert counts(run(retries=1, retry_failed=True)) == (1, 1, 0) and "Traceback" not in caplog.text


def test_an_encoder_that_fails_is_tried_again(run, monkeypatch, caplog):
    left = [FfmpegError("it was killed")]

    def trouble(args):
        if args.output and args.output.endswith("x--a.mp4") and left:
            raise left.pop()

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    assert counts(run(retries=1)) == (4, 4, 0)
    left[:] = [FfmpegError("no space left on device")]
    Path("out/x--a.mp4").unlink()
    assert counts(run(retries=0)) == (1, 0, 1)
    assert records()[-1]["error"] == "no space left on device" and "Traceback" not in caplog.text


def test_a_full_disk_is_no_fault_of_a_driver(run, monkeypatch):
    write, left = template._write_whole, [OSError(28, "No space left on device")]

    def full(path, data):
        if left:
            raise left.pop()
        write(path, data)

    monkeypatch.setattr(template, "_write_whole", full)
    assert counts(run()) == (4, 4, 0)
    left[:] = [OSError(28, "No space left on device")]
    shutil.rmtree("out")
    assert counts(run(retries=0)) == (4, 3, 1)


@pytest.mark.parametrize("error", [FfmpegError("no space left on device"), WeightsError("it needs onnxruntime")])
def test_rows_that_failed_for_no_reason_of_their_own_are_due_again(run, monkeypatch, error):
    def trouble(args):
        if args.output and args.output.endswith("x--a.mp4"):
            raise error

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    assert counts(run()) == (4, 3, 1) and [record["passing"] for record in records()] == [True, False, False, False]
    Path("out/y--b.mp4").unlink()
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    again = run()
    assert counts(again) == (2, 2, 0) and again.failed_before == 0
    assert [Path(record["output"]).name for record in records()[4:]] == ["y--b.mp4", "x--a.mp4"]  # the bad one is last


def test_trouble_with_row_after_row_ends_a_job(run, monkeypatch):
    monkeypatch.setattr(batch, "_MOST", 2)

    def trouble(args):
        raise FfmpegError("no space left on device")

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    with pytest.raises(LivePortraitError, match=r"2 rows one after the other failed .*: no space left on device; mend"):
        run()
    assert len(records()) == 2
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    assert counts(run()) == (4, 4, 0)


def test_pauses_between_tries(run, monkeypatch):
    pauses = []
    monkeypatch.setattr(worker, "_PAUSE", 0.5)
    monkeypatch.setattr(threading.Event, "wait", lambda self, timeout=None: pauses.append(timeout) or self.is_set())

    def trouble(args):
        raise FfmpegError("no space left on device")

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    run(manifest=write_manifest([row()]), retries=7)
    assert [pause for pause in pauses if pause] == [1, 2, 4, 8, 16, 30, 30]


def test_a_row_that_kills_the_process_is_last_and_then_given_up(run, monkeypatch):
    """A process that dies notes nothing more: here it is the note that survives."""

    class Death(BaseException):
        pass

    def trouble(args):
        if args.output and args.output.endswith("x--a.mp4"):
            monkeypatch.setattr(Begun, "_write", lambda self: None)
            raise Death

    write = Begun._write
    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    for done in (0, 3, 3):
        with pytest.raises(Death):
            run()
        monkeypatch.setattr(Begun, "_write", write)
        assert len(records()) == done
    assert counts(run()) == (1, 0, 1) and not list(Path("out/.batch").glob("*.begun"))
    assert "the process died over it 3 times: too little memory" in records()[-1]["error"]
    assert counts(run()) == (0, 0, 0)
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    assert counts(run(retry_failed=True)) == (1, 1, 0)


def test_an_interruption_is_no_death(run, monkeypatch):
    def trouble(args):
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    for _ in range(4):
        with pytest.raises(KeyboardInterrupt):
            run()
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    assert counts(run()) == (4, 4, 0)


def test_mistakes_of_users_are_not_tried_again(run, monkeypatch):
    calls = []

    def trouble(args):
        calls.append(args)
        raise InputError("wrong")

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    manifest = write_manifest([row(driving="in/y.png", output="1.jpg")])
    assert counts(run(manifest=manifest, retries=5)) == (1, 0, 1) and len(calls) == 1


def test_an_interruption_leaves_a_table_to_go_on_from(run, monkeypatch, here):
    def trouble(args):
        if args.output and args.output.endswith("y--a.mp4"):
            raise KeyboardInterrupt

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    with pytest.raises(KeyboardInterrupt):
        run()
    assert [Path(record["output"]).name for record in records()] == ["x--a.mp4"]
    monkeypatch.setattr(FakeWrapper, "trouble", None)
    assert counts(run()) == (3, 3, 0) and len(records()) == 4


def test_a_killed_run_leaves_a_table_to_go_on_from(run):
    run()
    path = Path("out/results.jsonl")
    path.write_bytes(path.read_bytes()[:-30])
    assert counts(run()) == (1, 1, 0) and len(records()) == 4


def test_what_a_killed_run_had_begun_is_removed(run, here):
    run()
    (here / "in/z.png").write_bytes((here / "in/x.png").read_bytes())
    ours = [temporary_beside(here / "out" / name) for name in ("x--a.mp4", "z--a.mp4", "results.jsonl")]
    theirs = temporary_beside(here / "out/mine.mp4")  # of another program, which may be at work
    for path in (*ours, theirs):
        path.touch()
    with pytest.raises(KeyboardInterrupt):
        run(progress=interrupt)  # at the latest when the work begins
    assert not any(path.exists() for path in ours) and theirs.exists()


def test_what_killed_workers_had_begun_is_removed(run, monkeypatch, here):
    """Of a cluster they die in the midst of a job, which may be the last one."""

    def trouble(args):
        if args.output:
            temporary_beside(Path(args.output)).touch()

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    assert counts(run()) == (4, 4, 0)
    assert not list((here / "out").glob(".*.part*"))


def test_two_runs_do_not_share_a_table(run):
    def second(tally):
        with pytest.raises(InputError, match=r"another run is at work in '.*/out/results.jsonl'"):
            run()

    assert counts(run(progress=second)) == (4, 4, 0)
