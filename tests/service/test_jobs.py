"""The queue and what becomes of jobs, with a model that only pretends."""

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from src.config.service_options import ServiceOptions
from src.errors import InputError, NoFaceError, TemplateError, WeightsError
from src.service.job import new_number
from src.service.jobs import Jobs
from src.service.media_check import check_upload
from src.service.workspace import Workspace

from .fake import CONTENT, FRAMES, FakeAnimator
from .hostile import EDGE, form, part
from .running import DRIVER, PORTRAIT, eventually, files_in, running


def files_of(run):
    return files_in(run.service.workspace.folder)


def test_the_model_is_asked_for_what_the_request_says(quick, fake):
    response = quick.post(kind="animal", crf="20", audio="false", source_points="90,113 159,115 124,165 124,188")
    told, ((kind, options),) = response.json(), fake.calls
    folder = quick.service.workspace.uploads / told["id"]
    assert kind == "animal" and options == {
        "source": str(folder / "source.jpg"),
        "driving": str(folder / "driving.mp4"),
        "output": str(quick.service.workspace.results / f"{told['id']}.mp4"),
        "crf": 20,
        "audio": False,
        "source_points": ("90,113", "159,115", "124,165", "124,188"),
    }
    assert fake.seen == [["driving.mp4", "source.jpg"]]


def test_without_waiting(quick, fake):
    fake.go.clear()
    response = quick.post("/animate?wait=false")
    number = response.json()["id"]
    assert response.status_code == 202 and response.headers["location"] == f"/jobs/{number}"
    eventually(lambda: quick.state(number) == "running")
    second, third = quick.job(), quick.job()
    told = [quick.client.get(f"/jobs/{one}").json() for one in (number, second, third)]
    assert [one["state"] for one in told] == ["running", "queued", "queued"]
    assert [one["position"] for one in told] == [None, 1, 2]
    assert (told[0]["stage"], told[0]["frames_done"], told[0]["frames_total"]) == ("Animating", 0, FRAMES)
    assert quick.client.get("/health").json() == {
        "status": "ok",
        "model": "fake",
        "queue_length": 2,
        "running": True,
        "version": quick.client.get("/openapi.json").json()["info"]["version"],
    }
    fake.go.set()
    eventually(lambda: quick.state(third) == "done")
    status = quick.client.get(f"/jobs/{number}").json()
    assert status["result"]["video_url"] == f"/results/{number}.mp4" and status["frames_done"] == FRAMES
    assert status["result"]["fps"] == pytest.approx(29.97, abs=0.001)
    assert all(name.startswith("results") for name in files_of(quick))


def test_the_queue_is_full(quick, fake):
    fake.go.clear()
    numbers = [quick.job() for _ in range(3)]
    response = quick.post("/animate?wait=false")
    assert response.status_code == 429 and response.json()["error"]["code"] == "queue_full"
    assert 1 <= int(response.headers["retry-after"]) <= 600
    fake.go.set()
    eventually(lambda: {quick.state(number) for number in numbers} == {"done"})
    assert quick.post().status_code == 200


def test_a_place_is_held_while_files_arrive(quick, fake):
    """So that uploads take no more room than the queue has."""
    body = form(part("source", bytes(50_000)), end=False)
    head = f"POST /animate HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={EDGE}\r\n"
    slow = [socket.create_connection(("127.0.0.1", quick.port)) for _ in range(3)]
    for connection in slow:
        connection.sendall(f"{head}Content-Length: {len(body) + 99}\r\n\r\n".encode() + body)
    eventually(lambda: len(quick.service.jobs._arriving) == 3)
    assert quick.post().status_code == 429 and fake.calls == []
    for connection in slow:
        connection.close()
    eventually(lambda: quick.post().status_code == 200)
    eventually(lambda: all(name.startswith("results") for name in files_of(quick)))


def test_looking_at_files_holds_nobody_up(quick, monkeypatch):
    """Decoding may take long, and is done elsewhere than where requests are answered."""
    looking = threading.Event()

    def slowly(*args):
        looking.set()
        time.sleep(1)
        return check_upload(*args)

    monkeypatch.setattr("src.service.intake.check_upload", slowly)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(quick.post)
        assert looking.wait(10)
        begin = time.monotonic()
        assert quick.client.get("/health").status_code == 200
        assert time.monotonic() - begin < 0.7 and not answer.done()
        assert answer.result(20).status_code == 200


def test_jobs_are_done_in_turn(quick, fake):
    fake.go.clear()
    numbers = [quick.job() for _ in range(3)]
    fake.go.set()
    eventually(lambda: {quick.state(number) for number in numbers} == {"done"})
    assert [options["output"].rpartition("/")[2] for _, options in fake.calls] == [f"{one}.mp4" for one in numbers]


def test_a_waiting_job_is_cancelled(quick, fake):
    fake.go.clear()
    running_one, waiting, last = quick.job(), quick.job(), quick.job()
    assert quick.client.delete(f"/jobs/{waiting}").json()["state"] == "cancelled"
    assert quick.client.get(f"/jobs/{last}").json()["position"] == 1
    assert not [name for name in files_of(quick) if waiting in name]
    fake.go.set()
    eventually(lambda: quick.state(last) == "done")
    assert len(fake.calls) == 2 and quick.state(running_one) == "done"
    assert quick.client.get(f"/jobs/{waiting}").json()["error"]["code"] == "cancelled"


def test_a_running_job_is_cancelled(quick, fake):
    fake.go.clear()
    number = quick.job()
    eventually(lambda: quick.state(number) == "running")
    assert quick.client.delete(f"/jobs/{number}").json()["state"] == "cancelled"
    eventually(lambda: not quick.client.get("/health").json()["running"])
    assert files_of(quick) == [] and quick.state(number) == "cancelled"


def test_one_who_waits_is_told_that_the_job_was_cancelled(quick, fake):
    fake.go.clear()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(quick.post)
        eventually(lambda: len(fake.calls) == 1)
        (number,) = quick.service.jobs._jobs
        quick.client.delete(f"/jobs/{number}")
        assert answer.result(10).status_code == 409


def test_what_is_finished_too_late_is_not_kept(fake, tmp_path):
    """A job may be cancelled between its last frame and its end."""

    class Late(FakeAnimator):
        def animate(self, kind, options, progress):
            result = super().animate(kind, options, progress)
            (number,) = jobs._jobs
            jobs.cancel(number)
            return result

    with running(ServiceOptions(folder=tmp_path / "late"), Late()) as run:
        jobs = run.service.jobs
        assert run.post().status_code == 409
        eventually(lambda: files_of(run) == [])


def test_results_are_removed_on_request(quick):
    told = quick.post().json()
    assert len(files_of(quick)) == 2
    assert quick.client.delete(f"/jobs/{told['id']}").status_code == 204
    assert files_of(quick) == []
    for path in (told["video_url"], told["concat_url"], f"/jobs/{told['id']}"):
        assert quick.client.get(path).status_code == 404


def test_a_job_that_was_cancelled_is_forgotten_while_the_model_winds_down(quick, fake, tmp_path):
    fake.go.clear()
    number = quick.job()
    eventually(lambda: len(fake.calls) == 1)
    told = [quick.client.delete(f"/jobs/{number}").status_code for _ in range(3)]
    assert told == [200, 204, 404]
    eventually(lambda: not quick.client.get("/health").json()["running"])
    assert files_of(quick) == []
    fake.go.set()
    assert quick.post().status_code == 200


def test_a_client_that_goes_away_takes_its_job_along(quick, fake):
    fake.go.clear()
    with pytest.raises(httpx.ReadTimeout):
        quick.client.post(
            "/animate",
            files={"source": PORTRAIT.read_bytes(), "driving": DRIVER.read_bytes()},
            timeout=httpx.Timeout(10, read=0.5),
        )
    eventually(lambda: not quick.client.get("/health").json()["running"])
    (job,) = quick.service.jobs._jobs.values()
    assert job.state == "cancelled" and files_of(quick) == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NoFaceError("no face found in the source '/x/y.jpg'"), 422, "no_face"),
        (TemplateError("/x/y.pkl: of another model"), 422, "bad_template"),
        (InputError("--crf must be less"), 422, "invalid"),
        (WeightsError("/weights/secret.pth is missing"), 503, "no_model"),
        (RuntimeError("/secret/place exploded"), 500, "internal"),
        (MemoryError(), 500, "internal"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_what_goes_wrong_is_told_without_secrets(quick, fake, caplog, error, status, code):
    fake.error = error
    response = quick.post()
    assert response.status_code == status and response.json()["error"]["code"] == code
    for secret in ("secret", "/x", "--", "exploded"):
        assert secret not in response.text
    if status == 500:
        (record,) = [one for one in caplog.records if one.levelname == "ERROR"]
        assert record.exc_info is not None and record.exc_info[1] is error
    number = quick.job()
    eventually(lambda: quick.state(number) == "failed")
    assert quick.client.get(f"/jobs/{number}").json()["error"] == response.json()["error"]
    fake.error = None
    assert quick.post().status_code == 200


def test_results_expire(fake, tmp_path):
    now = [1000.0]
    options = ServiceOptions(keep_minutes=10, folder=tmp_path)
    with running(options, fake, clock=lambda: now[0]) as run:
        told = run.post().json()
        fake.error = InputError("no")
        failed = run.job()
        eventually(lambda: run.state(failed) == "failed")
        now[0] += 599
        run.service.jobs.expire()
        assert run.client.get(told["video_url"]).content == CONTENT and run.state(failed) == "failed"
        now[0] += 1
        for path in (told["video_url"], f"/jobs/{told['id']}", f"/jobs/{failed}"):
            assert run.client.get(path).status_code == 404
        assert run.client.delete(f"/jobs/{told['id']}").status_code == 404
        run.service.jobs.expire()
        assert files_of(run) == [] and run.service.jobs._jobs == {}


def test_what_has_expired_is_removed_without_being_asked(fake, tmp_path, monkeypatch):
    monkeypatch.setattr("src.service.service._CLEAN_SECONDS", 0.05)
    with running(ServiceOptions(keep_minutes=0.002, folder=tmp_path), fake) as run:
        assert run.post().status_code == 200
        eventually(lambda: files_of(run) == [])


def test_the_end_cancels_what_runs_and_waits(fake, tmp_path):
    """Who waits is told, and the temporary folder goes."""
    fake.go.clear()
    answers = []
    with running(ServiceOptions(), fake) as run, ThreadPoolExecutor() as pool:
        answers = [pool.submit(run.post) for _ in range(2)]
        eventually(lambda: len(run.service.jobs._jobs) == 2)
        folder = run.service.workspace.folder
        assert folder.is_dir()
        begin = time.monotonic()
        run.service.jobs.stop()
        assert {answer.result(10).status_code for answer in answers} == {503}
        assert time.monotonic() - begin < 5
        assert run.post().status_code == 503
    assert not folder.exists()


def test_a_named_folder_keeps_results_and_loses_uploads(fake, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with running(ServiceOptions(folder=tmp_path), fake) as run:
        told = run.post().json()
        (tmp_path / "uploads" / "0123456789abcdef0123456789abcdef").mkdir()
        (tmp_path / "results" / "mine.mp4").write_text("mine")
    assert (tmp_path / "results" / f"{told['id']}.mp4").is_file() and not any((tmp_path / "uploads").iterdir())
    with running(ServiceOptions(folder=tmp_path), fake):
        names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
        assert names == ["mine.txt", "results/mine.mp4"]


def test_a_folder_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot be used"):
        Workspace(tmp_path / "file").open()


def test_places_are_counted_right_by_many_at_once(fake, tmp_path):
    """However many ask at the same moment, no more than the places are given away."""
    workspace = Workspace(tmp_path)
    jobs = Jobs(fake, workspace, ServiceOptions(max_queue=4))
    given, barrier = [], threading.Barrier(12)

    def ask() -> None:
        barrier.wait()
        jobs.reserve(new_number())
        given.append(1)

    with ThreadPoolExecutor(12) as pool:
        problems = [one.exception() for one in [pool.submit(ask) for _ in range(12)]]
    assert len(given) == 5 and sum(getattr(one, "status", None) == 429 for one in problems) == 7
