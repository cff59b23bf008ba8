from hypothesis import given, settings
from hypothesis import strategies as st

from src.training.prepare.split import split_of

PEOPLE = [f"person {number}" for number in range(2000)]


def held_out(share: float, seed: int = 0) -> set[str]:
    return {person for person in PEOPLE if split_of(person, (), share, seed) == "held_out"}


def test_the_share_is_met():
    assert 0.08 < len(held_out(0.1)) / len(PEOPLE) < 0.12
    assert not held_out(0.0) and held_out(1.0) == set(PEOPLE)


def test_a_larger_share_moves_nobody_back():
    assert held_out(0.1) < held_out(0.3)


def test_another_seed_holds_others_out():
    assert len(held_out(0.1, seed=1) & held_out(0.1)) < len(held_out(0.1)) / 2


def test_it_is_the_same_everywhere():
    """Python's own hash() differs from run to run."""
    assert sorted(held_out(0.002)) == ["person 1370", "person 184", "person 1851", "person 758", "person 788"]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=[])), st.floats(0, 1), st.integers())
def test_those_that_are_named_are_held_out(identity, share, seed):
    assert split_of(identity, [identity], share, seed) == "held_out"
    assert split_of(identity, [], 0.0, seed) == "train" and split_of(identity, [], 1.0, seed) == "held_out"
