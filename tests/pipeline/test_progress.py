import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.pipeline.progress import batched, counted, silent


class Log(list):
    def __call__(self, *report):
        self.append(report)


def test_counted_reports_each_item_after_its_work():
    log = Log()
    for item in counted("ab", "stage", 2, log):
        log.append(item)
    assert log == [("stage", 0, 2), "a", ("stage", 1, 2), "b", ("stage", 2, 2), ("stage", 2, 2)]


@pytest.mark.parametrize("promised", [None, 5])
def test_counted_ends_with_the_true_number(promised):
    """A damaged file may hold fewer frames than it says."""
    log = Log()
    assert list(counted(iter("abc"), "stage", promised, log)) == ["a", "b", "c"]
    assert log[0] == ("stage", 0, promised) and log[-1] == ("stage", 3, 3)


def test_counted_nothing():
    log = Log()
    assert list(counted((), "stage", 0, log)) == [] and log[-1] == ("stage", 0, 0)


def test_silent():
    assert silent("stage", 1, None) is None


@given(st.lists(st.integers()), st.integers(1, 5))
def test_batches_join_to_the_whole(items, size):
    batches = list(batched(iter(items), size))
    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == size for batch in batches[:-1]) and all(0 < len(batch) <= size for batch in batches)


def test_batched_reads_no_further_than_it_must():
    items = iter(range(10))
    assert next(batched(items, 3)) == [0, 1, 2] and next(items) == 3
