import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.face.animal_points import GivenPoints, four_points, is_upright, nine_points, parse_points
from src.face.boxes import box_of
from src.face.crop import oriented_square
from src.face.face import Scheme
from src.face.landmarks import reference_points
from tests.tolerances import FLOAT32

CAT = np.array([(90, 110), (150, 110), (120, 150), (120, 170)], np.float32)  # both eyes, nose, mouth
MATRIX = FLOAT32["matrix"].abs


def moved(points, scale=1.0, degrees=0.0, shift=(0.0, 0.0)):
    """Points that a similarity takes with it; positive angles turn clockwise on the screen."""
    c, s = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return (np.asarray(points, np.float64) @ np.array([[c, s], [-s, c]]) + shift).astype(np.float32)


# Four points and nine -------------------------------------------------------------------------------------------------


def test_four_of_four_are_the_same():
    np.testing.assert_array_equal(four_points(CAT, Scheme.POINTS4), CAT)


def test_four_of_nine():
    nine = np.array([(10, 20), (14, 22), (30, 20), (34, 18), (22, 40), (18, 50), (26, 50), (22, 48), (22, 54)])
    four = four_points(nine, Scheme.ANIMAL9)
    assert four.dtype == np.float32
    np.testing.assert_array_equal(four, [(12, 21), (32, 19), (22, 40), (22, 50.5)])


def test_four_of_68():
    """Eyes are points 36 to 41 and 42 to 47, the tip of the nose is 30, the mouth 48 to 67."""
    points = np.zeros((68, 2), np.float32)
    points[36:42], points[42:48], points[30], points[48:68] = (1, 2), (3, 4), (5, 6), (7, 8)
    points[36, 0], points[67, 1] = 7, 28
    np.testing.assert_array_equal(four_points(points, Scheme.LMK68), [(2, 2), (3, 4), (5, 6), (7, 9)])


def test_nine_points_in_the_official_order():
    nine = nine_points(CAT)
    assert nine.shape == (9, 2) and nine.dtype == np.float32
    eyes, mouth = reference_points(nine, Scheme.ANIMAL9)
    np.testing.assert_allclose([eyes, mouth], [(120, 110), (120, 170)], atol=MATRIX)
    right, left = nine[:2], nine[2:4]  # the animal's own right eye is the left one in the picture
    assert right[0, 0] < 90 < right[1, 0] < left[0, 0] < 150 < left[1, 0]
    np.testing.assert_array_equal(nine[4], CAT[2])
    corners, upper, lower = nine[5:7], nine[7], nine[8]
    assert corners[0, 0] < 120 < corners[1, 0] and upper[1] < 170 < lower[1]


similarities = {
    "scale": st.floats(0.2, 20),
    "degrees": st.floats(-59, 59),
    "shift": st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
}


@settings(deadline=None, max_examples=40)
@given(**similarities)
def test_four_and_nine_points_say_the_same(scale, degrees, shift):
    points = moved(CAT, scale, degrees, shift)
    np.testing.assert_allclose(four_points(nine_points(points), Scheme.ANIMAL9), points, atol=MATRIX)


@settings(deadline=None, max_examples=40)
@given(**similarities)
def test_the_square_of_nine_points_goes_with_them(scale, degrees, shift):
    square = oriented_square(nine_points(CAT), Scheme.ANIMAL9)
    assert square.angle == pytest.approx(0, abs=1e-6)  # upright as the points are
    other = oriented_square(nine_points(moved(CAT, scale, degrees, shift)), Scheme.ANIMAL9)
    # near zero the arc cosine of a float32 leaves half a milliradian
    assert np.degrees(other.angle) == pytest.approx(degrees, abs=0.05)
    assert other.size == pytest.approx(scale * square.size, rel=2e-3)
    np.testing.assert_allclose(
        other.center, moved([square.center], scale, degrees, shift)[0], atol=0.05 * max(scale, 1)
    )


# What the user says ---------------------------------------------------------------------------------------------------

WORDS = "90,110 150,110 120,150 120,170"


@pytest.mark.parametrize(
    "given",
    [
        WORDS,
        "  90,110\t150,110\n120,150  120,170 ",
        WORDS.replace(",", ";"),
        WORDS.split(),
        tuple(WORDS.split()),
        "9e1,110.0 150,110 120,150 120,+170",
        CAT,
        CAT.astype(np.float64),
        CAT.astype(int),
        CAT.tolist(),
        tuple((float(x), float(y)) for x, y in CAT),
    ],
    ids=str,
)
def test_points_in_every_form(given):
    points = parse_points(given)
    assert points.dtype == np.float32
    np.testing.assert_array_equal(points, CAT)


@pytest.mark.parametrize(
    "given",
    [
        None,
        "",
        "1,2",
        "left right nose mouth",
        "90,110 150,110 120,150",
        WORDS + " 1,2",
        "90,110 150,110 120,150 nan,170",
        "90,110 150,110 120,150 inf,170",
        "90,110,3 150,110,3 120,150,3 120,170,3",
        "90 110 150 110 120 150 120 170",
        "90, 110 150, 110 120, 150 120, 170",
        [],
        (),
        7,
        True,
        CAT[:3],
        CAT.ravel(),
        np.full((4, 2), np.nan),
        [WORDS.split(), WORDS.split()],
        [*WORDS.split()[:3], (120, 170)],
        [None] * 4,
        {"eyes": 2},
        object(),
    ],
    ids=lambda given: str(given).split(" at ")[0][:40],
)
def test_what_is_not_four_points(given):
    with pytest.raises(InputError, match=r"^--source_points .*is not four points: name the picture-left eye") as caught:
        parse_points(given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "order",
    [
        (1, 0, 2, 3),  # eyes swapped
        (0, 1, 3, 2),  # mouth above the nose
        (2, 3, 0, 1),  # upside down
        (0, 0, 2, 3),  # one eye twice
        (0, 1, 2, 2),  # the mouth is the nose
    ],
)
def test_points_that_are_no_face(order):
    with pytest.raises(InputError, match=r"are not eyes with a nose and a mouth below them.*turn the picture upright"):
        parse_points(CAT[list(order)])


# Upright --------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(scale=st.floats(0.01, 100), degrees=st.floats(-180, 180), shift=similarities["shift"])
def test_upright_means_tilted_by_less_than_60_degrees(scale, degrees, shift):
    if abs(abs(degrees) - 60) > 1:
        assert is_upright(moved(CAT, scale, degrees, shift).astype(np.float64)) == (abs(degrees) < 60)


@pytest.mark.parametrize(
    ("nose", "mouth", "upright"),
    [
        ((0.5, 0.5), (0.5, 0.8), True),
        ((0.9, 0.5), (0.9, 0.8), True),  # a head that looks aside
        ((0.5, 0.05), (0.5, 0.8), False),
        ((0.5, 0.5), (0.5, 3.0), False),
        ((1.5, 0.5), (0.5, 0.8), False),
        ((0.5, 0.5), (1.6, 0.8), False),
        ((0.5, -0.5), (0.5, -0.8), False),
    ],
)
def test_where_nose_and_mouth_may_be(nose, mouth, upright):
    assert is_upright([(0, 0), (1, 0), nose, mouth]) is upright


# The detector that is told --------------------------------------------------------------------------------------------


def test_given_points_are_the_one_face():
    detector = GivenPoints(CAT)
    (face,) = detector.detect(np.zeros((200, 180, 3), np.uint8))
    assert (face.scheme, face.score, detector.name) == (Scheme.POINTS4, 1.0, "given points")
    np.testing.assert_array_equal(face.landmarks, CAT)
    np.testing.assert_array_equal(face.box, box_of(CAT))
    again = detector.follow(np.zeros((200, 180, 3), np.uint8), face)
    np.testing.assert_array_equal(again.landmarks, CAT)


@pytest.mark.parametrize(("width", "height", "fits"), [(150, 170, True), (149, 400, False), (400, 169, False)])
def test_points_outside_of_the_picture(width, height, fits):
    picture = np.zeros((height, width, 3), np.uint8)
    if fits:
        assert len(GivenPoints(CAT).detect(picture)) == 1
        return
    with pytest.raises(InputError, match=f"90,110 150,110 120,150 120,170 leave the picture of {width} x {height} pix"):
        GivenPoints(CAT).detect(picture)


def test_points_left_of_the_picture():
    with pytest.raises(InputError, match="--source_points -5,110"):
        GivenPoints(CAT - [95, 0]).detect(np.zeros((400, 400, 3), np.uint8))
