import numpy as np

from src.training.prepare.crop import cropping_of, place_of
from src.training.prepare.options import ShotOptions
from src.training.prepare.pieces import sections
from src.training.prepare.plans import plans_of
from src.training.prepare.quality import Reason, Sight
from tests.training.prepare.footage import mesh_at

CROPPING = cropping_of(1000, 1000, size=288, upright=True, cropped=False)


def sight(number: int, x: float = 300, face: float = 100) -> Sight:
    mesh = mesh_at(x, 300, face)
    return Sight(number, mesh, place_of(mesh), 100.0)


def planned(sights, stride=1, still=False, cropping=CROPPING, **options):
    (section,) = sections(((0, {0: one} if isinstance(one, Sight) else one) for one in sights), 1000, fixed=True)
    plans, dropped = plans_of(section, cropping, ShotOptions(**options), stride, still=still)
    return [[one.frame for one in plan.sights] for plan in plans], dict(dropped), plans


def test_all_frames_of_a_good_shot():
    frames, dropped, (plan,) = planned([sight(n) for n in range(10)])
    assert frames == [list(range(10))] and not dropped
    assert list(plan.meshes) == frames[0] and np.abs(plan.meshes[0]).max() < 1


def test_a_shot_that_is_too_short():
    assert planned([sight(n) for n in range(7)])[:2] == ([], {Reason.SHORT: 7})
    assert planned([sight(n) for n in range(7)], least_frames=7)[:2] == ([list(range(7))], {})
    assert planned([sight(0)], still=True)[:2] == ([[0]], {})


def test_frames_whose_face_leaves_the_crop():
    sights = [sight(n, x=300 + 120 * (n == 4)) for n in range(12)]
    assert planned(sights)[:2] == ([[n for n in range(12) if n != 4]], {Reason.LEFT_CROP: 1})
    given = cropping_of(1000, 1000, size=288, upright=True, cropped=True)
    assert planned(sights, cropping=given)[:2] == ([list(range(12))], {})


def test_thinned_out():
    frames, dropped, (plan,) = planned([sight(n) for n in range(20)], stride=6)
    assert frames == [[0, 6, 12, 18]] == [list(plan.meshes)] and dropped == {Reason.THINNED: 16}


def test_a_clip_is_not_thinned_out_to_one_frame():
    assert planned([sight(n) for n in range(9)], stride=9)[:2] == ([], {Reason.THINNED: 8, Reason.SHORT: 1})
    assert planned([sight(n) for n in range(9)], stride=8)[0] == [[0, 8]]
    assert planned([sight(n) for n in range(9)], stride=9, least_frames=1)[0] == [[0]]
    assert planned([sight(n) for n in range(1, 9)], stride=9)[:2] == ([], {Reason.THINNED: 8})
    assert planned([sight(0)], stride=9, still=True)[0] == [[0]]


def test_the_largest_face_alone():
    both = [{0: sight(n), 1: sight(n, x=700, face=150)} for n in range(9)]
    frames, dropped, plans = planned(both)
    assert len(frames) == 1 and dropped == {Reason.OTHERS: 9} and plans[0].sights[0].face_px > 90
    frames, dropped, _ = planned(both, faces=2)
    assert len(frames) == 2 and not dropped
    _, _, plans = planned(both, faces=2)
    assert [plan.person for plan in plans] == [0, 1]
