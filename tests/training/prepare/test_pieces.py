from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from src.training.prepare.crop import place_of
from src.training.prepare.pieces import LONGEST_GAP, largest, sections
from src.training.prepare.quality import Reason, Sight
from tests.training.prepare.footage import mesh_at


def sight(number: int, x: float = 300, face: float = 100) -> Sight:
    mesh = mesh_at(x, 300, face)
    return Sight(number, mesh, place_of(mesh), 100.0)


def cut(frames, longest=1000, fixed=False):
    """First and last frame of every piece, by section."""
    return [[(p.sights[0].frame, p.sights[-1].frame) for p in s.pieces] for s in sections(frames, longest, fixed=fixed)]


def test_a_shot_without_trouble_is_one_piece():
    assert cut((0, {0: sight(n)}) for n in range(40)) == [[(0, 39)]]


def test_a_cut_ends_a_piece():
    assert cut((n // 10, {0: sight(n)}) for n in range(25)) == [[(0, 9)], [(10, 19)], [(20, 24)]]


def test_a_short_gap_is_bridged_and_a_long_one_is_not():
    def with_gap(gap: int):
        return cut((0, {} if 10 <= n < 10 + gap else {0: sight(n)}) for n in range(20 + gap))

    assert with_gap(LONGEST_GAP - 1) == [[(0, 18 + LONGEST_GAP)]]
    assert with_gap(LONGEST_GAP) == [[(0, 9), (10 + LONGEST_GAP, 19 + LONGEST_GAP)]]


def test_a_face_that_walks_through_the_picture_gets_several_crops():
    walk = [(0, {0: sight(n, x=100 + 10 * n)}) for n in range(30)]
    (pieces,) = cut(walk)
    assert len(pieces) > 2 and pieces[0][0] == 0 and pieces[-1][1] == 29
    assert all(end + 1 == start for (_, end), (start, _) in pairwise(pieces))
    assert cut(walk, fixed=True) == [[(0, 29)]]


def test_so_does_one_that_comes_nearer():
    (pieces,) = cut([(0, {0: sight(n, face=100 * 1.05**n)}) for n in range(20)])
    assert len(pieces) == 3


def test_a_head_that_nods_stays():
    assert cut([(0, {0: sight(n, x=300 + 25 * (-1) ** n)}) for n in range(20)]) == [[(0, 19)]]


def test_what_was_dropped_is_counted():
    frames = [{}, {0: Reason.BLURRED}, {0: sight(2)}, {0: Reason.SMALL, 1: sight(3)}]
    (section,) = sections(((0, sights) for sights in frames), 1000)
    assert section.dropped == {Reason.NO_FACE: 1, Reason.BLURRED: 1, Reason.SMALL: 1}
    assert [(piece.person, len(piece)) for piece in section.pieces] == [(0, 1), (1, 1)]


SEEN = st.one_of(st.just("good"), st.just("far"), st.sampled_from([Reason.BLURRED, None]))


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), SEEN), max_size=60), st.integers(2, 20), st.booleans())
def test_every_frame_is_in_one_section_and_is_kept_or_counted(clip, longest, fixed):
    shot, frames = 0, []
    for number, (is_cut, seen) in enumerate(clip):
        shot += is_cut
        where = {"good": sight(number), "far": sight(number, x=900)}.get(seen, seen)
        frames.append((shot, {} if where is None else {0: where}))
    found = list(sections(frames, longest, fixed=fixed))
    assert [n for s in found for n in range(s.first, s.end)] == list(range(len(frames)))
    assert all(len({frames[n][0] for n in range(s.first, s.end)}) == 1 and s.end - s.first <= longest for s in found)
    for section in found:
        kept = sorted(one.frame for piece in section.pieces for one in piece.sights)
        good = [n for n in range(section.first, section.end) if isinstance(frames[n][1].get(0), Sight)]
        assert kept == good and sum(section.dropped.values()) == section.end - section.first - len(good)


def test_sections_come_as_soon_as_they_are_complete():
    fed = []

    def frames():
        for n in range(100):
            fed.append(n)
            yield 0, {0: sight(n)}

    next(sections(frames(), longest=10))
    assert len(fed) == 11


def test_the_largest_faces():
    people = {0: sight(0, face=100), 1: sight(0, face=200), 2: sight(0, face=150)}
    (section,) = sections([(0, people)], 1000)
    for faces, chosen in ((1, [1]), (2, [1, 2]), (5, [0, 1, 2])):
        kept, others = largest(section.pieces, faces)
        assert [piece.person for piece in kept] == chosen and len(kept) + len(others) == 3
