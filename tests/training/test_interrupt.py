import os
import signal
import threading

import pytest

from src.training.interrupt import stop_request


def test_the_first_request_is_noted_and_the_second_one_stops(caplog):
    before = signal.getsignal(signal.SIGINT)
    with stop_request() as request:
        assert not request.made
        os.kill(os.getpid(), signal.SIGTERM)
        assert request.made and "once more" in caplog.text
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


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
