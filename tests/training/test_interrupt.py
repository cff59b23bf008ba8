import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from src.cli.train import parse
from src.errors import InputError
from src.training.interrupt import stop_request
from src.training.run import train

ROOT = Path(__file__).parents[2]


def test_the_first_request_is_noted_and_the_second_one_stops(capfd):
    before = signal.getsignal(signal.SIGINT)
    with stop_request() as request:
        assert not request.made
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.made and capfd.readouterr().err.count("once more") == 1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_all_processes_but_the_first_are_quiet(capfd):
    with stop_request(quiet=True) as request:
        os.kill(os.getpid(), signal.SIGINT)
    assert request.made and not capfd.readouterr().err


def test_a_process_that_makes_batches_takes_no_notice():
    with stop_request() as request:
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), signal.SIGINT)
            os._exit(7 if request.made else 0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_in_a_thread_signals_stay_what_they_are():
    handlers = []

    def look():
        with stop_request() as request:
            handlers.append((signal.getsignal(signal.SIGINT), request.made))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [(signal.getsignal(signal.SIGINT), False)]


SLOW = """
import sys, time
from src.cli.train import main
from src.training.data.keypoint_batches import KeypointBatches
made = KeypointBatches.batch
def batch(self, step):
    time.sleep(0.3)
    return made(self, step)
KeypointBatches.batch = batch
sys.exit(main(sys.argv[1:]))
"""


def words(data, output):
    """Of a run that would take long."""
    options = {
        "data": data,
        "output": output,
        "steps": 100_000,
        "stage": 2,
        "sources": 2,
        "workers": 1,
        "device": "cpu",
    }
    options |= {"save_every": 100_000, "log_every": 1}
    return [word for name, value in options.items() for word in (f"--{name}", str(value))]


@pytest.mark.slow
def test_a_signal_to_the_whole_group_of_processes(toy_data, tmp_path):
    """As a terminal and batch systems send it: those that make batches, which the run waits for, get it too."""
    command = [sys.executable, "-c", SLOW, *words(toy_data, tmp_path)]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        while not (tmp_path / "log.csv").exists() and run.poll() is None:
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGTERM)
        said = run.communicate(timeout=60)[1]
    finally:
        run.kill()
    assert run.returncode == 130 and "once more" in said and "--resume goes on" in said, said
    assert "DataLoader" not in said and len(list((tmp_path / "checkpoints").iterdir())) == 1


@pytest.mark.slow
def test_when_a_process_that_makes_batches_dies_nothing_is_lost(toy_data, tmp_path):
    def progress(stage, done, total):
        if done == 3:
            for worker in multiprocessing.active_children():
                worker.kill()
            time.sleep(0.5)  # in a step it must not be told of it

    with pytest.raises(InputError, match=r"makes batches ended .*lower --workers"):
        train(parse(words(toy_data, tmp_path)), progress)
    (saved,) = (tmp_path / "checkpoints").iterdir()
    assert saved.name >= "step_000000003.pt"
