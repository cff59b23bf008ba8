"""Two services and one folder: who does a job, who answers for it, and what if one of them is no more."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from src.config.service_options import ServiceOptions
from src.errors import InputError, NoFaceError
from src.service.job import Job, new_number
from src.service.shared import worker
from src.service.shared.jobs import SharedJobs
from src.service.shared.ledger import Ledger
from src.service.workspace import Workspace
from src.storage.local_folder import LocalFolder
from src.storage.shared_folder import open_shared
from tests.service.fake import CONTENT, FRAMES, FakeAnimator
from tests.service.running import DRIVER, PORTRAIT, eventually, files_in, running
from tests.service.sharing import sharing


def one_job_each(runs, fakes):
    """Jobs that both services are at, by the service that does them."""
    for fake in fakes:
        fake.go.clear()
    numbers = [runs[0].job(), runs[0].job()]
    eventually(lambda: [len(fake.calls) for fake in fakes] == [1, 1])
    first = fakes[0].calls[0][1]["output"]
    return numbers if numbers[0] in first else numbers[::-1]


def code_of(response):
    return response.status_code, response.json()["error"]["code"]


def test_any_of_them_answers_for_all(pair):
    here, there = pair
    number = here.job(crf="20")
    eventually(lambda: there.state(number) == "done")
    told = there.client.get(f"/jobs/{number}").json()
    assert told == here.client.get(f"/jobs/{number}").json() and told["frames_done"] == FRAMES
    answers = [run.client.get(told["result"]["video_url"]) for run in pair]
    assert [answer.content for answer in answers] == [CONTENT, CONTENT]
    assert answers[0].headers["etag"] == answers[1].headers["etag"]
    assert there.client.delete(f"/jobs/{number}").status_code == 204
    assert here.client.get(f"/jobs/{number}").status_code == 404
    assert here.client.get(told["result"]["video_url"]).status_code == 404


def test_what_was_asked_for_arrives(pair, fakes):
    pair[0].post(kind="animal", crf="20", audio="false", source_points="90,113 159,115 124,165 124,188")
    ((kind, options),) = fakes[0].calls + fakes[1].calls
    points = ("90,113", "159,115", "124,165", "124,188")
    asked = {name: value for name, value in options.items() if name not in ("source", "driving", "output")}
    assert kind == "animal" and asked == {"crf": 20, "audio": False, "source_points": points}
    assert fakes[0].seen + fakes[1].seen == [["driving.mp4", "source.jpg"]]


def test_both_work(pair, fakes):
    first, second = one_job_each(pair, fakes)
    third = pair[1].job()
    assert [pair[0].state(one) for one in (first, second, third)] == ["running", "running", "queued"]
    assert pair[1].client.get(f"/jobs/{third}").json()["position"] == 1
    assert pair[0].client.get("/health").json() | {"version": ""} == {
        "status": "ok",
        "model": "fake",
        "queue_length": 1,
        "running": True,
        "version": "",
    }
    eventually(lambda: pair[1].client.get(f"/jobs/{first}").json()["frames_total"] == FRAMES)
    fakes[1].go.set()
    eventually(lambda: pair[0].state(third) == "done" and pair[0].state(second) == "done")
    assert pair[1].state(first) == "running"


def test_places_are_counted_together(pair, fakes):
    one_job_each(pair, fakes)
    for run in pair:
        run.job()
    for run in pair:
        response = run.post("/animate?wait=false")
        assert code_of(response) == (429, "queue_full") and int(response.headers["retry-after"]) >= 1


def test_one_who_waits_is_answered_whoever_did_it(pair, fakes):
    """The service that took the job is busy, so that the other one does it."""
    one_job_each(pair, fakes)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(pair[0].post)
        eventually(lambda: pair[1].client.get("/health").json()["queue_length"] == 1)
        fakes[1].go.set()
        assert answer.result(20).status_code == 200
    assert not fakes[0].go.is_set() and len(fakes[1].calls) == 2


def test_errors_are_told_by_both(pair, fakes):
    for fake in fakes:
        fake.error = NoFaceError("no face in '/secret/source.jpg'")
    response = pair[0].post()
    assert code_of(response) == (422, "no_face") and "secret" not in response.text
    number = pair[0].job()
    eventually(lambda: pair[1].state(number) == "failed")
    assert pair[1].client.get(f"/jobs/{number}").json()["error"] == response.json()["error"]


def test_a_job_of_the_other_is_cancelled(pair, fakes, common):
    first, second = one_job_each(pair, fakes)
    for run, number in zip(pair[::-1], (first, second), strict=True):
        assert run.client.delete(f"/jobs/{number}").json()["state"] == "cancelled"
    eventually(
        lambda: (
            not any(
                fake.calls and not fake.go.is_set() and run.service.jobs._worker.current
                for fake, run in zip(fakes, pair, strict=True)
            )
        )
    )
    eventually(lambda: not (common / "open").exists() or not list((common / "open").iterdir()))
    assert list((common / "claims").iterdir()) == [] and not (common / "results").exists()
    assert pair[0].state(second) == "cancelled"


def test_one_who_waits_is_told_of_a_cancellation_elsewhere(pair, fakes):
    one_job_each(pair, fakes)
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(pair[0].post)
        eventually(lambda: pair[1].client.get("/health").json()["queue_length"] == 1)
        (number,) = pair[1].service.jobs._ledger.open()[2:]
        pair[1].client.delete(f"/jobs/{number}")
        assert code_of(answer.result(10)) == (409, "cancelled")


def test_a_job_whose_service_is_gone_is_done_by_another(pair, fakes):
    """The one that was taken for dead comes to an end after all, which nobody minds."""
    first, _ = one_job_each(pair, fakes)
    pair[0].service.jobs._keeper.stop()
    fakes[1].go.set()
    eventually(lambda: pair[1].state(first) == "done")
    assert len(fakes[1].calls) == 2
    before = pair[1].client.get(f"/jobs/{first}").json()
    fakes[0].go.set()
    eventually(lambda: pair[0].service.jobs._worker.current is None)
    assert pair[1].client.get(f"/jobs/{first}").json() == before
    assert pair[1].client.get(before["result"]["video_url"]).content == CONTENT


def test_one_that_stops_gives_its_job_back(fakes, common):
    with sharing(ServiceOptions(), fakes[1:], common) as (there,):
        with sharing(ServiceOptions(), fakes[:1], common) as (here,):
            first, second = one_job_each([here, there], fakes)
            with ThreadPoolExecutor() as pool:
                waiting = pool.submit(here.post)
                eventually(lambda: there.client.get("/health").json()["queue_length"] == 1)
                here.server.should_exit = True
                assert waiting.result(20).status_code == 503
        assert there.state(first) == "queued"
        fakes[1].go.set()
        eventually(lambda: there.state(first) == there.state(second) == "done")
        eventually(lambda: not list((common / "open").iterdir()))
        assert len(fakes[1].calls) == 3, "the one that was waited for is done, too"


def submitted(common, tmp_path) -> str:
    """A job in the folder, of a service that is no more."""
    number, uploads = new_number(), tmp_path / "uploads"
    uploads.mkdir()
    shutil.copy(PORTRAIT, uploads / "source.jpg")
    shutil.copy(DRIVER, uploads / "driving.mp4")
    options = {"source": str(uploads / "source.jpg"), "driving": str(uploads / "driving.mp4"), "output": "x/y.mp4"}
    Ledger(open_shared(str(common)), "dead").submit(Job(number, "human", options, uploads))
    return number


def test_a_job_that_takes_services_along_is_given_up(fakes, common, tmp_path):
    number = submitted(common, tmp_path)
    folder = open_shared(str(common))
    for attempt in range(3):
        folder.write(f"claims/{number}.{attempt}", f"gone{attempt}".encode())
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "failed")
        assert run.client.get(f"/jobs/{number}").json()["error"]["code"] == "internal"
    assert fakes[0].calls == [] and list((common / "claims").iterdir()) == []


def test_jobs_outlive_all_services(fakes, common, tmp_path):
    number = submitted(common, tmp_path)
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "done")
    with sharing(ServiceOptions(), fakes[1:], common) as (run,):
        assert run.state(number) == "done" and run.client.get(f"/results/{number}.mp4").content == CONTENT
    assert fakes[1].calls == []


def test_an_end_that_was_cut_short_is_ended(fakes, common, tmp_path):
    """Somebody died after the end was written, before the job was taken from the list."""
    number = submitted(common, tmp_path)
    ledger = Ledger(open_shared(str(common)), "dead")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "done")
        ledger.folder.write(f"open/{1:020d}-{number}", b"")
        (over,) = ledger.folder.names("over")
        ledger.folder.remove(f"over/{over}")
        eventually(lambda: ledger.open() == [] and ledger.folder.names("over") == [over])
    assert len(fakes[0].calls) == 1


def test_places_of_a_service_that_is_gone_are_free_again(fakes, common):
    ledger = Ledger(open_shared(str(common)), "dead")
    ledger.arrive(number := new_number())
    ledger.folder.write(f"jobs/{number}/source.jpg", b"half of what was sent")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: ledger.arriving() == [])
        assert run.client.get(f"/jobs/{number}").status_code == 404
    assert files_in(common / "jobs") == []


def test_a_place_is_free_again_though_the_job_is_over(fakes, common, tmp_path):
    """Its service died between queueing it and giving the place back; another did it meanwhile."""
    number = submitted(common, tmp_path)
    ledger = Ledger(open_shared(str(common)), "dead")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "done")
        ledger.arrive(number)
        eventually(lambda: ledger.arriving() == [])
        assert run.state(number) == "done"


def test_a_forgotten_job_is_not_waited_for(fakes, common):
    """Somebody died over forgetting it."""
    ledger = Ledger(open_shared(str(common)), "dead")
    ledger.folder.write(f"open/{1:020d}-{new_number()}", b"")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: ledger.open() == [] and ledger.claims() == {})
        assert run.post().status_code == 200


def test_a_claim_that_could_not_be_given_back(fakes, common, monkeypatch):
    monkeypatch.setattr(worker, "_PAUSE_SECONDS", 0.1)
    broken = ["put", "remove"]
    methods = {name: getattr(LocalFolder, name) for name in broken}

    def once(method):
        def call(self, *args):
            if method in broken and str(args[-1]).startswith(("results", "claims")):
                broken.remove(method)
                raise OSError(5, "Input/output error")
            return methods[method](self, *args)

        return call

    for name in methods:
        monkeypatch.setattr(LocalFolder, name, once(name))
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        assert run.post().status_code == 200
    assert broken == [] and len(fakes[0].calls) == 2 and list((common / "claims").iterdir()) == []


def test_results_go_after_their_time(fakes, common):
    with sharing(ServiceOptions(keep_minutes=1), fakes[:1], common) as (run,):
        told = run.post().json()
        jobs = run.service.jobs
        end = jobs._ledger.ended(told["id"])
        assert end.until - end.at == pytest.approx(60, abs=1e-5)
        jobs._site.clock = lambda: end.until - 1
        jobs.expire()
        assert run.state(told["id"]) == "done"
        jobs._site.clock = lambda: end.until
        assert run.client.get(told["video_url"]).status_code == 404
        assert run.client.get(f"/jobs/{told['id']}").status_code == 404
        jobs.expire()
        assert files_in(common / "jobs") == files_in(common / "results") == files_in(common / "over") == []


def test_nothing_is_left_beside_results(pair, common):
    told = pair[0].post().json()
    eventually(lambda: [files_in(run.service.workspace.folder) for run in pair] == [[], []])
    kept = [f"jobs/{told['id']}/end.json", f"jobs/{told['id']}/order.json"]
    made = [f"results/{told['id']}.mp4", f"results/{told['id']}_concat.mp4"]
    eventually(lambda: [name for name in files_in(common) if not name.startswith(("over", "services"))] == kept + made)


def test_a_folder_out_of_reach(pair, monkeypatch):
    def fail(*args):
        raise OSError(116, "Stale file handle")

    number = pair[0].job()
    eventually(lambda: pair[0].state(number) == "done")
    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "read", fail)
        patch.setattr(LocalFolder, "names", fail)
        for answer in (
            pair[0].client.get(f"/jobs/{number}"),
            pair[0].client.get(f"/results/{number}.mp4"),
            pair[0].client.delete(f"/jobs/{number}"),
            pair[0].post(),
        ):
            assert code_of(answer) == (503, "no_folder") and "Stale" not in answer.text
        patch.setattr("src.service.shared.keeper._OUT_OF_REACH", -1.0)
        assert "the shared folder cannot be reached" in pair[0].client.get("/health").json()["error"]["message"]
    assert pair[0].client.get("/health").status_code == 200 and pair[0].state(number) == "done"


def test_work_goes_on_when_the_folder_is_back(fakes, common, monkeypatch, caplog):
    monkeypatch.setattr(worker, "_PAUSE_SECONDS", 0.1)
    broken = [2]
    put = LocalFolder.put

    def sometimes(self, path, name):
        if name.startswith("results") and broken[0]:
            broken[0] -= 1
            raise OSError(5, "Input/output error")
        put(self, path, name)

    monkeypatch.setattr(LocalFolder, "put", sometimes)
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        assert run.post().status_code == 200
        assert len(fakes[0].calls) == 3 and "Input/output error" in caplog.text
        broken[0] = 99
        assert code_of(run.post()) == (500, "internal")
        assert len(fakes[0].calls) == 6


@pytest.mark.parametrize("number", ["..%2f", "x", "0" * 31, "0" * 33, "%2e%2e%2fsecret", "0" * 32])
def test_numbers_lead_nowhere_else(pair, common, number):
    common.mkdir(exist_ok=True)
    (common / "order.json").write_bytes(b"{}")
    for path in (f"/jobs/{number}", f"/results/{number}", f"/results/{number}.mp4"):
        assert pair[0].client.get(path).status_code == 404


def test_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    options = ServiceOptions(shared_folder=str(tmp_path / "file"))
    with pytest.raises(InputError, match="nowhere"), running(replace(options, shared_folder="nowhere://x")):
        pass
    jobs = SharedJobs(FakeAnimator(), Workspace(), options, LocalFolder(tmp_path / "file"))
    with pytest.raises(InputError, match=r"the shared folder '.*file' cannot be used: "):
        jobs.start()
