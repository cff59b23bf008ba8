"""What is cut short, damaged, or happens at the same moment: no job is lost, and none keeps the others waiting."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.config.service_options import ServiceOptions
from src.service.job import Job, new_number
from src.service.shared import keeper, worker
from src.service.shared.ledger import Ledger
from src.storage.local_folder import LocalFolder
from src.storage.shared_folder import open_shared
from tests.service.fake import CONTENT
from tests.service.running import eventually, files_in
from tests.service.sharing import sharing

from .test_jobs import code_of, one_job_each, submitted


class Gate:
    """Holds a method of the folder up for files of some kind.

    Attributes:
        reached: somebody waits.
        go: lets all pass.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str, part: str) -> None:
        self.reached, self.go = threading.Event(), threading.Event()
        original = getattr(LocalFolder, method)

        def held(folder, *args):
            if any(part in str(arg) for arg in args):
                self.reached.set()
                assert self.go.wait(20)
            return original(folder, *args)

        monkeypatch.setattr(LocalFolder, method, held)


def stays_well(run) -> None:
    """Jobs are still done, and no claim is left."""
    assert run.post().status_code == 200
    assert run.client.get("/health").status_code == 200


def test_a_stop_waits_for_a_job_that_is_half_queued(fakes, common, monkeypatch):
    """Others would take its files for abandoned, and the job would be one without files."""
    with sharing(ServiceOptions(), fakes, common) as (here, there):
        gate = Gate(monkeypatch, "put", "driving.mp4")
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(here.post, "/animate?wait=false")
            assert gate.reached.wait(10)
            stopping = pool.submit(here.service.jobs.stop)
            assert not stopping.done()
            gate.go.set()
            asked.exception(20)
            stopping.result(20)
        eventually(lambda: [state_of(there, number) for number in jobs_in(common)] == ["done"])
        stays_well(there)


def jobs_in(common) -> list[str]:
    return [path.name for path in (common / "jobs").iterdir()]


def state_of(run, number) -> str | None:
    return run.client.get(f"/jobs/{number}").json().get("state")


def test_a_job_whose_files_are_gone_fails(fakes, common, tmp_path):
    number = submitted(common, tmp_path)
    (common / f"jobs/{number}/source.jpg").unlink()
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "failed")
        stays_well(run)
    assert len(fakes[0].calls) == 1 and files_in(common / "claims") == []


def test_a_stop_while_results_are_written(fakes, common, monkeypatch):
    """The job is done by then."""
    gate = Gate(monkeypatch, "put", "results/")
    with sharing(ServiceOptions(), fakes[:1], common) as (here,):
        number = here.job()
        assert gate.reached.wait(10)
        with ThreadPoolExecutor() as pool:
            stopping = pool.submit(here.service.jobs.stop)
            eventually(lambda: here.service.jobs._is_stopping)
            gate.go.set()
            stopping.result(20)
    with sharing(ServiceOptions(), fakes[1:], common) as (there,):
        told = there.client.get(f"/jobs/{number}").json()
        assert told["state"] == "done" and there.client.get(told["result"]["video_url"]).content == CONTENT
    assert fakes[1].calls == []


def test_a_forgotten_job_does_not_come_back(pair, fakes, common):
    first, second = one_job_each(pair, fakes)
    for number in (first, second):
        assert pair[0].client.delete(f"/jobs/{number}").status_code == 200
        assert pair[1].client.delete(f"/jobs/{number}").status_code == 204
    for fake in fakes:
        fake.go.set()
    eventually(lambda: not any(run.service.jobs._worker.current for run in pair))
    assert [run.client.get(f"/jobs/{number}").status_code for run in pair for number in (first, second)] == [404] * 4
    assert [name for name in files_in(common) if first in name or second in name] == []
    stays_well(pair[0])


def test_one_that_ends_after_its_job_was_forgotten_leaves_nothing(pair, fakes, common, monkeypatch):
    gate = Gate(monkeypatch, "put", "results/")
    number = pair[0].job()
    assert gate.reached.wait(10)
    assert [pair[0].client.delete(f"/jobs/{number}").status_code for _ in range(2)] == [200, 204]
    gate.go.set()
    eventually(lambda: not any(run.service.jobs._worker.current for run in pair))
    assert pair[1].client.get(f"/jobs/{number}").status_code == 404
    assert [name for name in files_in(common) if number in name] == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"kind": "plant", "options": {}, "given": {}, "made": {}}'])
def test_a_damaged_order_fails(fakes, common, tmp_path, content):
    number = submitted(common, tmp_path)
    (common / f"jobs/{number}/order.json").write_bytes(content)
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: run.state(number) == "failed")
        stays_well(run)
        assert run.client.delete(f"/jobs/{number}").status_code == 204


@pytest.mark.parametrize("content", [b"", b"{", b'{"status": {"id": "x", "state": "done"}}'])
def test_a_damaged_end_is_one(fakes, common, tmp_path, content):
    number = submitted(common, tmp_path)
    (common / f"jobs/{number}/end.json").write_bytes(content)
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        stays_well(run)
        assert run.client.get(f"/jobs/{number}").json()["error"]["code"] == "internal"
        eventually(lambda: Ledger(open_shared(str(common)), "dead").open() == [])
        assert run.client.delete(f"/jobs/{number}").status_code == 204
    assert [name for name in files_in(common) if number in name] == []


def test_a_damaged_progress_is_none(pair, fakes, common):
    number, _ = one_job_each(pair, fakes)
    pair[0].service.jobs._keeper._stopped.set()
    (common / f"jobs/{number}/progress.json").write_bytes(b"{")
    assert pair[1].client.get(f"/jobs/{number}").json()["state"] == "running"
    assert pair[1].client.delete(f"/jobs/{number}").json()["state"] == "cancelled"


def test_files_of_others_are_passed_over(fakes, common, tmp_path):
    for name in ("claims/.nfs0001", "claims/x.y", "open/.DS_Store", "open/notes", "over/.x.part", "over/x-y",
                 "arriving/Thumbs.db", "services/.x.part", "jobs/notes", "results/.nfs0001"):  # fmt: skip
        (common / name).parent.mkdir(parents=True, exist_ok=True)
        (common / name).write_bytes(b"?")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        stays_well(run)
        run.service.jobs.expire()


def test_an_empty_claim_is_nobodys(fakes, common, tmp_path):
    """Where there are no links, somebody may die between making the file and writing it."""
    number = submitted(common, tmp_path)
    (common / "claims").mkdir()
    (common / f"claims/{number}.0").write_bytes(b"")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        stays_well(run)
        eventually(lambda: run.state(number) == "done")


def test_an_upload_that_finds_no_room_leaves_nothing(pair, common, monkeypatch):
    put = LocalFolder.put

    def full(folder, path, name):
        if name.endswith("driving.mp4"):
            raise OSError(28, "No space left on device")
        put(folder, path, name)

    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "put", full)
        assert code_of(pair[0].post()) == (503, "no_room")
    assert files_in(common / "jobs") == files_in(common / "arriving") == []
    stays_well(pair[0])


def test_a_place_that_could_not_be_given_back(pair, common, monkeypatch):
    def fail(*args):
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(LocalFolder, "put", fail)
        patch.setattr(LocalFolder, "remove", fail)
        assert code_of(pair[0].post()) == (503, "no_folder")
    eventually(lambda: files_in(common / "arriving") == [])


def test_a_job_that_was_half_forgotten_is_forgotten(fakes, common):
    """Somebody died over it, at any step."""
    folder = open_shared(str(common))
    for step, names in enumerate([["end.json"], [], ["progress.json"]]):
        number = f"{step:032x}"
        folder.write(f"over/{1.5:017.6f}-{number}", b"")
        for name in names:
            folder.write(f"jobs/{number}/{name}", b"{}")
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        run.service.jobs.expire()
        assert files_in(common / "jobs") == files_in(common / "over") == []


def test_signs_of_life_wait_for_no_look(fakes, common, monkeypatch):
    monkeypatch.setattr(keeper, "BEAT_SECONDS", 0.05)
    with sharing(ServiceOptions(max_queue=9), fakes[:1], common) as (run,):
        gate = Gate(monkeypatch, "read", "end.json")
        run.service.jobs._awaited.add(Job(new_number(), "human", {}, common))
        assert gate.reached.wait(10)
        (sign,) = (common / "services").iterdir()
        before = sign.read_bytes()
        eventually(lambda: sign.read_bytes() != before)
        gate.go.set()


def test_what_has_been_kept_is_removed_though_a_look_failed(fakes, common, monkeypatch, caplog):
    monkeypatch.setattr("src.service.service._CLEAN_SECONDS", 0.05)
    calls = []

    def fail_once(self):
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a fault of ours")

    monkeypatch.setattr("src.service.shared.jobs.SharedJobs.expire", fail_once)
    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        eventually(lambda: len(calls) > 2)
        stays_well(run)
    assert "could not be removed" in caplog.text and files_in(common / "services") == []


def test_a_job_is_given_up_after_faults_of_the_folder(fakes, common, monkeypatch):
    monkeypatch.setattr(worker, "_PAUSE_SECONDS", 0.05)
    put = LocalFolder.put

    def fail(folder, path, name):
        if name.startswith("results"):
            raise OSError(5, "Input/output error")
        put(folder, path, name)

    with sharing(ServiceOptions(), fakes[:1], common) as (run,):
        with monkeypatch.context() as patch:
            patch.setattr(LocalFolder, "put", fail)
            assert code_of(run.post()) == (500, "internal")
        stays_well(run)
