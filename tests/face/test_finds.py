import numpy as np

from src.face.finds import Find, deal, is_same, judged, strangers_among
from src.face.track import Track

from .stage import FACE, face_of

SIZE = (200, 400)


def _look(kind):
    look = np.zeros((3, 288), np.float32)
    look[:, kind] = 1
    return look


def _find(x, y=50, kind=0, detected=True):
    return Find(face_of((x, y)), _look(kind), detected=detected)


def _track(x, y=50, kind=0):
    return Track.start(face_of((x, y)), _look(kind))


def test_everybody_gets_the_own_face():
    finds = [_find(202), _find(98), _find(300)]
    assert deal([_track(100), _track(200)], finds) == {0: finds[1], 1: finds[0]}


def test_the_look_decides_between_two_places():
    tracks = [_track(100, kind=0), _track(110, kind=1)]
    finds = [_find(100, y=20, kind=1), _find(110, y=80, kind=0)]
    assert deal(tracks, finds) == {0: finds[1], 1: finds[0]}


def test_two_tracks_on_one_face_part():
    tracks = [_track(100), _track(120)]
    finds = [_find(118), _find(121)]
    assert deal(tracks, finds) == {1: finds[1]}


def test_who_is_not_there_gets_nothing():
    assert deal([_track(100), _track(300, kind=1)], [_find(100)]).keys() == {0}
    assert deal([_track(100)], []) == {}
    assert deal([], [_find(100)]) == {}
    assert deal([_track(100)], [_find(100, kind=1)]) == {}


def test_strangers_are_detected_faces_that_are_nobodys():
    mine, same, not_detected, other, twice = _find(100), _find(102), _find(200, detected=False), _find(300), _find(301)
    assert strangers_among([mine, same, not_detected, other, twice], [mine]) == [other]


def test_the_same_face_covers_most_of_the_smaller_box():
    find = _find(100)
    assert is_same(face_of((100 + 0.3 * FACE, 50)).box, [find])
    assert not is_same(face_of((100 + 0.4 * FACE, 50)).box, [find])
    assert is_same(np.array([110, 60, 120, 70], np.float32), [find])
    assert not is_same(find.face.box, [])


def test_a_face_on_its_own_is_clear():
    find = judged(_find(100), [], [], SIZE)
    assert find.alone and find.clear
    near, far = _find(100 + 1.4 * FACE), _find(100 + 1.6 * FACE)
    itself = _find(100)
    assert judged(itself, [itself, far], [], SIZE).clear
    assert not judged(itself, [itself, near], [], SIZE).alone


def test_a_face_by_the_border_is_alone_but_not_clear():
    for place in ((-1, 50), (361, 50), (100, -1), (100, 161)):
        find = judged(_find(*place), [], [], SIZE)
        assert find.alone and not find.clear
    assert judged(_find(360, 160), [], [], SIZE).clear


def test_a_face_before_a_hidden_one_is_not_alone():
    assert not judged(_find(100), [], [face_of((120, 50)).box], SIZE).alone
