import numpy as np
import pytest

from src.face.track import UNLIKELY, Track

from .stage import FACE, face_of

LOOK = np.zeros((3, 288), np.float32)
LOOK[:, 0] = 1


def _other_look(distance):
    """A look at that distance from `LOOK`."""
    look, alike = np.zeros_like(LOOK), 1 - distance**2
    look[:, 0], look[:, 1] = alike**2, 1 - alike**2
    return look


def _see(track, x, y, look=LOOK, alone=True, clear=True):
    track.see(face_of((x, y)), look, alone=alone, clear=clear)


def _walking(frames=40, step=10):
    track = Track.start(face_of((0, 0)), LOOK)
    for i in range(1, frames):
        _see(track, i * step, 0)
    return track


def test_a_track_starts_with_what_is_seen():
    track = Track.start(face_of((10, 30)), LOOK)
    assert track.first_x == 10 + FACE / 2
    assert (track.seen, track.lost_for, track.displaced) == (1, 0, False)
    np.testing.assert_array_equal(track.expected_box(), track.face.box)


def test_a_face_is_expected_further_on_its_way():
    track = _walking()
    np.testing.assert_allclose(track.expected_box()[:2], [400, 0], atol=0.01)
    for _ in range(10):
        track.miss()
    assert 460 < track.expected_box()[0] < 500  # slower and slower
    assert (track.seen, track.lost_for) == (40, 10)


def test_movement_near_others_teaches_nothing():
    track = _walking()
    _see(track, 350, 0, alone=False, clear=False)
    np.testing.assert_allclose(track.velocity, [10, 0], atol=0.01)


def test_a_face_found_again_has_no_speed():
    track = _walking()
    track.miss()
    _see(track, 300, 0)
    np.testing.assert_array_equal(track.velocity, 0)
    assert track.lost_for == 0


def test_the_place_counts():
    track = _walking()
    costs = [track.cost(face_of((400 + x, 0)), LOOK) for x in (0, 10, 30)]
    assert costs[0] < 0.01
    assert costs == sorted(costs)
    assert track.cost(face_of((450, 0)), LOOK) == UNLIKELY


def test_the_reach_grows_while_a_face_is_lost():
    track = Track.start(face_of((0, 0)), LOOK)
    far = face_of((2 * FACE, 0))
    assert track.cost(far, LOOK) == UNLIKELY
    for _ in range(6):
        track.miss()
    assert track.cost(far, LOOK) < 0.5


@pytest.mark.parametrize("lost_for", [0, 40])
def test_the_look_counts(lost_for):
    track = Track.start(face_of((0, 0)), LOOK)
    for _ in range(lost_for):
        track.miss()
    assert track.cost(face_of((0, 0)), _other_look(0.2)) == pytest.approx(0.2)
    assert track.cost(face_of((0, 0)), _other_look(0.6)) == UNLIKELY
    near_enough = track.cost(face_of((0, 0)), _other_look(0.45))
    assert near_enough == (UNLIKELY if lost_for else pytest.approx(0.45))


@pytest.mark.parametrize("gone", ["after a cut", "for long"])
def test_a_face_can_be_anywhere(gone):
    track = _walking()
    if gone == "after a cut":
        track.displace()
    for _ in range(20 if gone == "for long" else 1):
        track.miss()
    assert track.cost(face_of((9000, 0)), _other_look(0.3)) < 0.4
    _see(track, 9000, 0)
    assert not track.displaced and not track.velocity.any()


def test_the_look_is_learnt_slowly_and_from_clear_faces_only():
    track = Track.start(face_of((0, 0)), LOOK)
    _see(track, 0, 0, _other_look(0.4), clear=False)
    np.testing.assert_array_equal(track.look, LOOK)
    for _ in range(100):
        _see(track, 0, 0, _other_look(0.4))
    np.testing.assert_allclose(track.look, _other_look(0.4), atol=0.01)
