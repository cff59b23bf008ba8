import signal
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.media.background import Behind, ahead

needs_signals = pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads on this system")


@pytest.fixture(autouse=True)
def no_thread_left_over():
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


def eventually(condition, seconds=5.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.002)
    return condition()


def settled(numbers: list[int]) -> int:
    """Length of a list that another thread appends to, once it has stopped growing."""
    length = -1
    while length < len(numbers):
        length = len(numbers)
        time.sleep(0.05)
    return length


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A process that was started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    """Interrupt the main thread, once it waits."""
    time.sleep(0.05)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


class Source:
    """A generator that tells what became of it."""

    def __init__(self, n: int | None = None, error: BaseException | None = None):
        self.n, self.error = n, error
        self.made: list[int] = []
        self.closed_in: str | None = None

    def __iter__(self):
        try:
            while self.n is None or len(self.made) < self.n:
                self.made.append(len(self.made))
                yield self.made[-1]
            if self.error:
                raise self.error
        finally:
            self.closed_in = threading.current_thread().name


class TestAhead:
    @given(n=st.integers(0, 50), depth=st.integers(1, 8))
    def test_everything_comes_in_order(self, n, depth):
        assert list(ahead(iter(range(n)), depth)) == list(range(n))

    @pytest.mark.parametrize("depth", [1, 4])
    def test_runs_ahead_but_not_further_than_the_depth(self, depth):
        source = Source()
        items = ahead(source, depth)
        assert source.made == []
        for consumed in range(1, 6):
            assert next(items) == consumed - 1
            assert eventually(lambda n=consumed: len(source.made) == n + depth)
            assert settled(source.made) == consumed + depth
        items.close()

    def test_the_source_runs_beside_the_consumer(self):
        meeting = threading.Barrier(2, timeout=5)

        def source():
            yield 0
            meeting.wait()
            yield 1

        items = ahead(source())
        assert next(items) == 0
        meeting.wait()  # would time out if the source waited for next()
        assert list(items) == [1]

    @pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), SystemExit(3)])
    def test_an_error_of_the_source_comes_after_the_items_before_it(self, error):
        items = ahead(Source(3, error))
        assert [next(items) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(type(error)) as caught:
            next(items)
        assert caught.value is error

    def test_what_cannot_be_iterated(self):
        with pytest.raises(TypeError):
            list(ahead(5))

    def test_closing_early_ends_the_thread_and_closes_the_source(self):
        source = Source()
        items = ahead(source)
        next(items)
        began = time.monotonic()
        items.close()
        assert time.monotonic() - began < 1
        assert source.closed_in == "ahead"
        assert list(items) == []

    def test_closing_what_never_began(self):
        source = Source()
        ahead(source).close()
        assert source.made == []

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
    def test_a_consumer_that_fails(self, error):
        source = Source()

        def consume():
            for item in ahead(source):
                if item == 3:
                    raise error

        with pytest.raises(error):
            consume()
        assert eventually(lambda: source.closed_in is not None)

    @needs_signals
    def test_ctrl_c_while_waiting_for_the_source(self):
        closed = []

        def slow():
            try:
                yield 0
                press_ctrl_c()
                time.sleep(0.3)  # making an item cannot be interrupted, but it ends
                yield 1
            finally:
                closed.append(True)

        def consume():
            for _ in ahead(slow()):
                pass

        with pytest.raises(KeyboardInterrupt):
            consume()
        assert closed

    def test_an_error_on_closing_early_does_not_hide_the_consumers(self):
        def grumpy():
            try:
                yield from range(100)
            finally:
                raise ValueError("on closing")

        def consume():
            for _ in ahead(grumpy()):
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            consume()

    def test_one_behind_the_other(self):
        source = Source(20)
        assert list(ahead((2 * item for item in ahead(source)), 2)) == list(range(0, 40, 2))
        source = Source()
        items = ahead(ahead(source))
        next(items)
        items.close()
        assert source.closed_in == "ahead"

    def test_a_list_is_no_generator_to_be_closed(self):
        items = ahead([1, 2, 3])
        assert next(items) == 1
        items.close()

    def test_items_are_let_go(self):
        """A frame that was handed over is not kept: memory holds no more than the depth."""

        class Picture: ...

        alive = weakref.WeakSet()

        def source():
            for _ in range(50):
                picture = Picture()
                alive.add(picture)
                yield picture

        items = ahead(source(), 2)
        while next(items, None):
            assert len(alive) <= 2 + 3  # waiting, and one each with the source, the queue and the consumer
        assert not alive

    def test_many_at_once(self):
        with ThreadPoolExecutor(8) as pool:
            sums = pool.map(lambda _: sum(ahead(range(200), 1)), range(8))
        assert list(sums) == [19900] * 8


class TestBehind:
    @given(n=st.integers(0, 50), depth=st.integers(1, 8))
    def test_everything_is_worked_on_in_order(self, n, depth):
        done = []
        with Behind(done.append, depth) as behind:
            for item in range(n):
                behind.put(item)
        assert done == list(range(n))

    def test_the_work_is_done_in_another_thread(self):
        names = []
        with Behind(lambda _: names.append(threading.current_thread().name)) as behind:
            behind.put(0)
        assert names == ["behind"]

    @pytest.mark.parametrize("depth", [1, 3])
    def test_put_blocks_when_the_queue_is_full(self, depth):
        gate, done, put = threading.Event(), [], []

        def work(item):
            gate.wait(5)
            done.append(item)

        def produce(behind):
            for item in range(10):
                behind.put(item)
                put.append(item)

        with Behind(work, depth) as behind, ThreadPoolExecutor(1) as pool:
            producer = pool.submit(produce, behind)
            assert eventually(lambda: len(put) == depth + 1)  # one is being worked on
            assert settled(put) == depth + 1
            gate.set()
            producer.result(5)
        assert done == list(range(10))

    def test_an_error_of_the_work_is_raised_by_the_next_put_and_only_there(self):
        error, done = ValueError("disk full"), []

        def work(item):
            if item == 2:
                raise error
            done.append(item)

        with pytest.raises(ValueError, match="disk full") as caught, Behind(work) as behind:
            for item in range(1000):
                behind.put(item)
                time.sleep(0.001)
        assert caught.value is error
        assert caught.value.__context__ is None
        assert done == [0, 1]

    def test_an_error_on_the_last_item_is_raised_at_the_end(self):
        def work(item):
            raise ValueError(item)

        with pytest.raises(ValueError, match="7"), Behind(work) as behind:
            behind.put(7)

    def test_an_error_wakes_a_put_that_waits(self):
        gate = threading.Event()

        def work(item):
            gate.wait(5)
            raise ValueError("broken")

        with pytest.raises(ValueError, match="broken"), Behind(work, 1) as behind:
            behind.put(0)
            behind.put(1)
            threading.Timer(0.05, gate.set).start()
            behind.put(2)

    @pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
    def test_leaving_with_an_error_drops_what_is_queued(self, error):
        gate, begun = threading.Event(), []

        def work(item):
            begun.append(item)
            gate.wait(5)

        def produce():
            with Behind(work) as behind:
                for item in range(4):
                    behind.put(item)
                assert eventually(lambda: begun)
                threading.Timer(0.05, gate.set).start()
                raise error

        with pytest.raises(error):
            produce()
        assert begun == [0]

    def test_the_error_of_the_block_wins(self):
        def work(item):
            raise ValueError

        def produce():
            with Behind(work) as behind:
                behind.put(0)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            produce()

    @needs_signals
    def test_ctrl_c_while_the_rest_is_being_done(self):
        done = []

        def work(item):
            if item == 0:
                press_ctrl_c()
            time.sleep(0.3)
            done.append(item)

        with pytest.raises(KeyboardInterrupt), Behind(work, 8) as behind:
            for item in range(8):
                behind.put(item)
        assert len(done) < 8

    def test_putting_after_the_end(self):
        with Behind(print) as behind:
            pass
        with pytest.raises(RuntimeError, match="with block"):
            behind.put(0)

    def test_between_two_threads(self):
        done = []
        with Behind(done.append, 2) as behind:
            for item in ahead(range(500), 3):
                behind.put(item)
        assert done == list(range(500))
