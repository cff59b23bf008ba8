import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InputError
from src.face.choose import choose_faces, choose_numbers, left_to_right, parse_faces

from .fakes import face_at

SMALL, LARGE, MIDDLE = face_at(200, 10, size=20), face_at(90, 50, size=40), face_at(0, 0, size=30)
FACES = [LARGE, MIDDLE, SMALL]  # largest first, as detectors give them; from left to right: MIDDLE, LARGE, SMALL


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("largest", "largest"),
        ("all", "all"),
        (" ALL ", "all"),
        ("0", (0,)),
        ("2,0", (2, 0)),
        (" 1 , 10 ", (1, 10)),
    ],
)
def test_what_can_be_asked_for(text, choice):
    assert parse_faces(text) == choice


@pytest.mark.parametrize("text", ["", "first", "-1", "0,", "1.5", "0;2", "all,0", "0-2", "٣", "²", "9" * 5000])
def test_what_cannot(text):
    with pytest.raises(InputError, match="--faces must be largest, all, or numbers") as caught:
        parse_faces(text)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["1,1", "0,2,00"])
def test_a_face_twice(text):
    with pytest.raises(InputError, match="twice"):
        parse_faces(text)


@given(st.lists(st.integers(0, 99), min_size=1, unique=True))
def test_numbers_round_trip(numbers):
    assert parse_faces(",".join(map(str, numbers))) == tuple(numbers)


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        ("largest", [LARGE]),
        ("all", [MIDDLE, LARGE, SMALL]),
        ((0,), [MIDDLE]),
        ((2, 0), [SMALL, MIDDLE]),
        ((1, 2, 0), [LARGE, SMALL, MIDDLE]),
    ],
)
@pytest.mark.parametrize("turn", range(3))
def test_chosen_faces_whatever_the_order_found(choice, chosen, turn):
    found = choose_faces([*FACES[turn:], *FACES[:turn]], choice, "it")
    assert [id(face) for face in found] == [id(face) for face in chosen]


def test_faces_are_ordered_by_their_middles():
    wide, narrow = face_at(0, 0, size=100), face_at(20, 0, size=10)  # middles at 50 and 25
    assert [face.box[0] for face in left_to_right([wide, narrow])] == [20, 0]


@pytest.mark.parametrize("choice", ["largest", "all"])
def test_no_face_is_no_error_here(choice):
    assert choose_faces([], choice, "it") == []


@pytest.mark.parametrize(
    ("faces", "message"),
    [
        (FACES, r"face 3, but the source 'a.jpg' shows 3 faces \(numbers 0 to 2, from left to right\)"),
        (FACES[:1], r"face 3, but the source 'a.jpg' shows 1 face \(number 0\)"),
        ([], "face 3, but the source 'a.jpg' shows no face"),
    ],
)
def test_a_number_beyond_the_last_face(faces, message):
    with pytest.raises(InputError, match=message):
        choose_faces(faces, (3,), "the source 'a.jpg'")


@pytest.mark.parametrize(
    ("count", "choice", "numbers"),
    [(3, "all", [0, 1, 2]), (3, "largest", [0]), (3, (2, 1), [2, 1]), (0, "all", []), (0, "largest", [])],
)
def test_numbers_alone(count, choice, numbers):
    assert choose_numbers(count, choice, "it") == numbers


def test_the_callers_list_stays_as_it_is():
    faces = list(FACES)
    choose_faces(faces, "all", "it")
    assert [id(face) for face in faces] == [id(face) for face in FACES]
