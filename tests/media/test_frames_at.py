from hypothesis import given
from hypothesis import strategies as st

from src.media.frames_at import frames_at


@given(n=st.integers(1, 30), indices=st.lists(st.integers(0, 50)).map(sorted))
def test_the_frame_of_every_index_and_the_last_one_past_the_end(n, indices):
    assert list(frames_at(range(n), indices)) == [min(index, n - 1) for index in indices]


def test_no_more_is_read_than_needed():
    read = []

    def frames():
        for number in range(100):
            read.append(number)
            yield number

    shown = frames_at(frames(), [0, 0, 4, 4, 9])
    assert [next(shown) for _ in range(4)] == [0, 0, 4, 4]
    assert read == [0, 1, 2, 3, 4]
    assert list(shown) == [9]
    assert read[-1] == 9


def test_nothing_to_show():
    assert list(frames_at([], [0, 1, 2])) == []
    assert list(frames_at([1, 2], [])) == []


def test_rates_that_differ():
    """A driver of 30 frames a second beside a result of 24: neither runs away from the other."""
    indices = [k * 30 // 24 for k in range(48)]
    shown = list(frames_at(range(60), indices))
    assert shown[:9] == [0, 1, 2, 3, 5, 6, 7, 8, 10]
    assert shown[-1] == 58
