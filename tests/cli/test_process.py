import os
import signal
import threading
import time

import pytest

from src.cli.process import calm_threads, wait_for_a_signal


@pytest.mark.parametrize(
    ("given", "spins"),
    [({}, "1000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
)
def test_what_the_user_says_about_threads_counts(monkeypatch, given, spins):
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    calm_threads()
    assert os.environ.get("GOMP_SPINCOUNT") == spins
    monkeypatch.setenv("GOMP_SPINCOUNT", "")  # so that monkeypatch takes it back


def test_a_signal_that_another_thread_was_given_ends_the_waiting():
    def stop(number, frame):
        raise KeyboardInterrupt

    def give_to_myself():
        time.sleep(0.2)
        signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        time.sleep(5)  # or the end of the thread would wake the main one

    before = signal.signal(signal.SIGTERM, stop)
    try:
        threading.Thread(target=give_to_myself, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            wait_for_a_signal()
        assert time.monotonic() - began < 3
    finally:
        signal.signal(signal.SIGTERM, before)
