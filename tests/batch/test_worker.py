import threading

import pytest

from src.batch.row import Row
from src.batch.worker import Job, Worker, one_line
from src.config.argument_config import ArgumentConfig

from .conftest import FakeWrapper


@pytest.fixture
def worker(model, media):
    args = ArgumentConfig(concat=False, gif=False, model="compact", device="cpu")
    worker = Worker(Job(args, "m", str(media / "templates"), retries=0, cache_bytes=0))
    yield worker
    worker.close()


def test_a_worker_that_is_closed_leaves_its_row(worker, media, monkeypatch):
    """Another thread closes it, as an actor is told to end; no half file is left."""
    begun, outcomes = threading.Event(), []

    def trouble(args):
        if args.source is not None:
            begun.set()
            assert worker._stopped.wait(30)

    monkeypatch.setattr(FakeWrapper, "trouble", staticmethod(trouble))
    row = Row(1, str(media / "in/x.png"), (str(media / "by/a.mp4"),), str(media / "out/1.mp4"))
    thread = threading.Thread(target=lambda: outcomes.append(worker.run(row)))
    thread.start()
    assert begun.wait(30)
    worker.close()
    thread.join(30)
    assert outcomes[0].record.error == "stopped on request" and outcomes[0].trace is None
    assert not (media / "out").exists() or not list((media / "out").iterdir())


def test_one_line():
    assert one_line("a\nb\x07c") == "a b c"
    assert len(one_line("x" * 5000)) == 1000
