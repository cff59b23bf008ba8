"""A folder that vanishes, a full disk, jobs without end: the service goes on, and says what is wrong."""

import os
import shutil
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.config.service_options import ServiceOptions
from src.errors import InputError, MissingFileError
from src.media.ffmpeg import FfmpegError
from src.service.media_check import check_upload
from src.service.workspace import Workspace

from .fake import FakeAnimator
from .running import eventually, running


def code_of(response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# -- the folder


@pytest.mark.parametrize("folder", [None, "named"])
def test_a_folder_that_vanished_is_made_again(fake, tmp_path, folder):
    options = ServiceOptions(folder=folder and tmp_path / folder)
    with running(options, fake) as run:
        assert run.post().status_code == 200
        place = run.service.workspace.folder
        shutil.rmtree(place)
        assert code_of(run.client.get("/health")) == (503, "unwell")
        told = run.post()
        assert told.status_code == 200 and run.client.get(told.json()["video_url"]).status_code == 200
        assert run.client.get("/health").status_code == 200
        if folder is None:
            assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_results_have_a_folder_when_their_turn_has_come(quick, fake):
    fake.go.clear()
    first, second = quick.job(), quick.job()
    eventually(lambda: quick.state(first) == "running")
    shutil.rmtree(quick.service.workspace.results)
    fake.error = InputError("no")
    fake.go.set()
    eventually(lambda: quick.state(first) == "failed")
    fake.error = None
    eventually(lambda: quick.state(second) in ("done", "failed"))
    assert quick.service.workspace.results.is_dir()


def test_uploads_that_vanished_are_not_the_callers_fault(quick, fake):
    fake.go.clear()
    number = quick.job()
    eventually(lambda: quick.state(number) == "running")
    shutil.rmtree(quick.service.workspace.uploads)
    fake.error = MissingFileError("the source is not there")
    fake.go.set()
    eventually(lambda: quick.state(number) == "failed")
    assert quick.client.get(f"/jobs/{number}").json()["error"]["code"] == "internal"


def test_what_jobs_hold_is_nobody_elses(quick):
    workspace = quick.service.workspace
    assert [stat.S_IMODE(place.stat().st_mode) for place in (workspace.uploads, workspace.results)] == [0o700] * 2


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no owners here")
def test_a_folder_of_somebody_else_is_not_used(tmp_path):
    """One that took the place of a temporary folder of ours."""
    workspace = Workspace()
    workspace.open()
    try:
        shutil.rmtree(workspace.folder)
        workspace.folder.symlink_to(tmp_path)
        with pytest.raises(PermissionError):
            workspace.new_upload("0" * 32)
        assert list(tmp_path.iterdir()) == []
    finally:
        workspace.folder.unlink()


# -- the disk


def test_a_reserve_of_room(tmp_path, fake):
    with running(ServiceOptions(folder=tmp_path, min_free_gib=1 << 19), fake) as run:
        assert code_of(run.post()) == (503, "no_room")
        assert not any((tmp_path / "uploads").iterdir()) and len(run.service.jobs._arriving) == 0


def test_no_room_for_a_folder(quick, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(quick.service.workspace, "new_upload", full)
    assert code_of(quick.post()) == (503, "no_room")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FfmpegError("ffmpeg failed: av_interleaved_write_frame(): No space left on device"), (503, "no_room")),
        (FfmpegError("ffmpeg failed: it left no message"), (500, "internal")),
        (OSError(28, "No space left on device"), (503, "no_room")),
        (SystemExit(3), (500, "internal")),
    ],
)
def test_what_is_not_the_callers_fault(quick, fake, caplog, error, told):
    fake.error = error
    assert code_of(quick.post()) == told
    assert [one for one in caplog.records if one.levelname == "ERROR"]
    fake.error = None
    assert quick.post().status_code == 200


# -- jobs and the thread behind them


def test_a_job_has_its_time(tmp_path, fake):
    now = [0.0]
    fake.go.clear()
    with running(ServiceOptions(folder=tmp_path, max_job_minutes=5), fake, clock=lambda: now[0]) as run:
        number = run.job()
        eventually(lambda: run.state(number) == "running")
        now[0] = 299
        time.sleep(0.1)
        assert run.state(number) == "running"
        now[0] = 301
        eventually(lambda: run.state(number) == "failed")
        error = run.client.get(f"/jobs/{number}").json()["error"]
        assert error["code"] == "too_long" and "5 minutes" in error["message"]
        fake.go.set()
        assert run.post().status_code == 200


def test_the_thread_survives_faults_of_our_own(quick, monkeypatch, caplog):
    def fail(error, job):
        raise SystemExit(1)

    with monkeypatch.context() as patch:
        patch.setattr("src.service.run_job.failure_of", fail)
        patch.setattr(quick.service.workspace, "make", lambda: 1 / 0)
        patch.setattr(quick.service.workspace, "new_upload", made_by_hand(quick.service.workspace))
        assert code_of(quick.post()) == (500, "internal")
    assert [one for one in caplog.records if "could not be ended" in one.getMessage()]
    assert quick.post().status_code == 200


def test_a_result_that_cannot_be_told_ends_its_job(tmp_path):
    class Careless(FakeAnimator):
        def animate(self, kind, options, progress):
            return replace_report(super().animate(kind, options, progress))

    with running(ServiceOptions(folder=tmp_path), Careless()) as run:
        assert code_of(run.post()) == (500, "internal")
        assert run.client.get("/health").json()["running"] is False


def replace_report(result):
    """The same result of a model that reports nothing."""
    result.report = None
    return result


def made_by_hand(workspace: Workspace):
    def new_upload(number):
        folder = workspace.uploads / number
        folder.mkdir()
        return folder

    return new_upload


def test_a_thread_that_died_is_told(quick, monkeypatch):
    monkeypatch.setattr(quick.service.jobs, "_next", lambda: None)
    quick.job()
    eventually(lambda: quick.client.get("/health").status_code == 503)
    assert "thread" in quick.client.get("/health").json()["error"]["message"]


def test_the_longer_the_queue_the_later(quick, fake):
    fake.go.clear()
    first = quick.job()
    eventually(lambda: quick.state(first) == "running")
    quick.service.jobs._last_seconds = 20.0
    quick.job(), quick.job()
    assert quick.post("/animate?wait=false").headers["retry-after"] == "60"


def test_a_slow_disk_holds_nobody_up(quick, monkeypatch):
    """Files are removed where no request is answered, and while nobody waits for the lock."""
    told = quick.post().json()
    removing = threading.Event()

    def slowly(number):
        removing.set()
        time.sleep(1)

    monkeypatch.setattr(quick.service.workspace, "remove_results", slowly)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(quick.client.delete, f"/jobs/{told['id']}")
        assert removing.wait(5)
        begin = time.monotonic()
        assert quick.client.get("/health").status_code == 200
        assert quick.client.get(f"/jobs/{told['id']}").status_code == 404
        assert time.monotonic() - begin < 0.7 and not answer.done()
        assert answer.result(10).status_code == 204


def test_the_end_during_a_check(tmp_path, fake, monkeypatch, caplog):
    """Who is told nothing else is told in our form."""
    looking, go_on = threading.Event(), threading.Event()

    def slowly(*args):
        looking.set()
        go_on.wait(10)
        return check_upload(*args)

    monkeypatch.setattr("src.service.intake.check_upload", slowly)
    with ThreadPoolExecutor() as pool:
        with running(ServiceOptions(folder=tmp_path), fake) as run:
            answer = pool.submit(run.post)
            assert looking.wait(10)
            stop = pool.submit(run.server.handle_exit, 15, None)
            assert code_of(answer.result(10)) == (503, "stopping")
            go_on.set()
        stop.result()
    assert not [one for one in caplog.records if one.exc_info]
    assert not any((tmp_path / "uploads").iterdir())
