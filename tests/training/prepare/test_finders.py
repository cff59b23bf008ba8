import pytest

from src.training.prepare.finders import open_follower
from tests.face.stage import GREEN, RED, Person, Stage


@pytest.mark.parametrize(("faces", "people"), [(1, {0}), (2, {0, 1}), (0, {0, 1})])
def test_every_follower_tells_of_the_same_shots(faces, people):
    """Whoever is seen in them: nobody is in the second one."""
    places = ((40, 70), 8), (None, 4), ((60, 80), 8)
    first, second = Person(RED), Person(GREEN)
    for place, frames in places:
        first.stays(place, frames)
        second.stays(place and (place[0] + 160, place[1]), frames)
    stage = Stage([first, second], shots=(8, 12))
    follower = open_follower(stage, faces)
    found = [follower.feed(stage.frame(number)) for number in range(20)]
    assert [shot for shot, _ in found] == [0] * 8 + [1] * 4 + [2] * 8
    assert [set(seen) for _, seen in found] == [people] * 8 + [set()] * 4 + [people] * 8
