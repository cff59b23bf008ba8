import pytest

from src.service.shared.replicas import PATIENCE, Replicas
from src.storage.shared_folder import open_shared


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def two(tmp_path):
    """Two services whose clocks are far apart."""
    clocks = Clock(0.0), Clock(1e6)
    folder = open_shared(str(tmp_path))
    return [Replicas(folder, name, clock) for name, clock in zip(("a", "b"), clocks, strict=True)], clocks, folder


def test_who_gives_signs_is_alive(two):
    (here, there), (clock, _), _ = two
    there.beat()
    for _ in range(5):
        here.beat()
        there.beat()
        assert here.is_alive("b") and there.is_alive("a") and here.is_alive("a")
        assert (here.alive(), there.alive()) == (2, 2)
        clock.now += PATIENCE


def test_who_gives_none_is_dead_after_a_while(two):
    (here, there), (clock, _), _ = two
    there.beat()
    here.beat()
    clock.now += PATIENCE
    here.beat()
    assert here.is_alive("b")
    clock.now += 1
    assert not here.is_alive("b") and here.alive() == 1
    there.beat()
    here.beat()
    assert here.is_alive("b"), "it was only slow"


def test_who_left_is_dead_at_once(two):
    (here, there), _, _ = two
    there.beat()
    here.beat()
    there.leave()
    here.beat()
    assert not here.is_alive("b")
    there.beat()
    here.beat()
    assert here.is_alive("b"), "it was not gone"


def test_one_whose_sign_was_not_seen_yet_has_a_little_time(two):
    """Of a disk of a network a machine may see a new file seconds after another wrote it."""
    (here, there), (clock, _), _ = two
    here.beat()
    there.beat()
    assert here.is_alive("b")
    clock.now += 6
    assert not here.is_alive("b")
    here.beat()
    assert here.is_alive("b")
    assert here.is_alive("never there")
    clock.now += 6
    assert not here.is_alive("never there")


def test_signs_of_the_dead_are_removed(two):
    (here, there), (clock, _), folder = two
    there.beat()
    here.beat()
    clock.now += 20 * PATIENCE + 1
    here.beat()
    assert folder.names("services") == ["a"]
