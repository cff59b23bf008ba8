import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.face.crop import (
    Square,
    average_box,
    crop_by_box,
    crop_image,
    crop_square,
    driving_box,
    oriented_square,
    resize_driving,
    resize_source,
    square_matrix,
)
from src.face.face import Scheme
from src.face.landmarks import scheme_of

from .goldens import assert_close, assert_picture, load

META = json.loads(str(load("crop")["crop_meta"]))
KS = [case["k"] for case in META["lm"]]


def _rect(square):
    return np.array([*square.center, square.size, square.size, square.angle])


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize(("use_lip", "name"), [(True, "lip"), (False, "eyes")])
def test_oriented_square_matches_the_golden_one(k, use_lip, name):
    golden = load("crop")
    square = oriented_square(golden[f"lm{k}_pts"], scale=1.7, vx_ratio=0.07, vy_ratio=-0.11, use_lip=use_lip)
    assert_close(_rect(square), golden[f"lm{k}_rect_{name}"], "matrix")


@pytest.mark.parametrize("k", KS)
def test_boxes_match_the_golden_ones(k):
    golden = load("crop")
    square = oriented_square(golden[f"lm{k}_pts"], scale=2.2, vy_ratio=-0.1)
    assert_close(square.corners(rotated=False), golden[f"lm{k}_bbox"], "matrix")
    assert_close(square.corners(rotated=True), golden[f"lm{k}_bbox_rot"], "matrix")
    box = driving_box(golden[f"lm{k}_pts"])
    assert_close(box, golden[f"lm{k}_bbox"][[0, 2]].reshape(4), "matrix")


@pytest.mark.parametrize(("k", "j"), [(k, j) for k in KS for j in range(3) if f"lm{k}_c{j}_crop" in load("crop").files])
def test_crop_matches_the_golden_one(k, j):
    golden = load("crop")
    options = dict(META["cfgs"][j])
    options["vx_ratio"] = 0.0  # the reference ignores it
    options["rotate"] = options.pop("flag_do_rot", True)
    points = golden[f"lm{k}_pts"]
    crop = crop_image(golden["img"], points, **options)
    assert_close(crop.M_o2c, golden[f"lm{k}_c{j}_M_o2c"], "matrix")
    assert_close(crop.M_c2o, golden[f"lm{k}_c{j}_M_c2o"], "matrix")
    assert_close(crop.to_crop(points), golden[f"lm{k}_c{j}_pt_crop"], "matrix")
    step = max(1, options["dsize"] // 56)
    assert_picture(crop.image[::step, ::step], golden[f"lm{k}_c{j}_crop"])


def test_degenerate_points_give_an_upright_square():
    golden = load("crop")
    square = oriented_square(golden["degenerate_pts"], scale=1.5, vy_ratio=-0.1)
    assert_close(_rect(square), golden["degenerate_rect"], "matrix")


@pytest.mark.parametrize(("i", "dsize", "angle", "step"), [(0, 512, 0.0, 8), (1, 200, 0.35, 8)])
def test_crop_by_box_matches_the_golden_one(i, dsize, angle, step):
    golden = load("crop")
    crop = crop_by_box(golden["img"], golden[f"bybbox{i}_bbox"], dsize=dsize, angle=angle)
    assert_close(crop.M_o2c, golden[f"bybbox{i}_M_o2c"], "matrix")
    assert_close(crop.M_c2o, golden[f"bybbox{i}_M_c2o"], "matrix")
    assert_close(crop.to_crop(golden[f"bybbox{i}_lmk"]), golden[f"bybbox{i}_lmk_crop"], "matrix")
    assert_picture(crop.image[::step, ::step], golden[f"bybbox{i}_crop"])


def _frames(golden):
    return [np.roll(golden["img0"], (2 * i, 3 * i), (0, 1)) for i in range(5)]


def test_source_picture_is_cropped_as_in_the_golden_one():
    golden = load("cropper")
    crop = crop_image(golden["img0"], golden["lm106"], Scheme.LMK106, dsize=512, scale=2.3, vy_ratio=-0.125)
    assert_close(crop.M_o2c, golden["srcimg_M_o2c"], "matrix")
    assert_close(crop.M_c2o, golden["srcimg_M_c2o"], "matrix")
    assert_close(crop.to_crop(golden["lm106"]), golden["srcimg_pt_crop"], "matrix")
    assert_picture(crop.image[::8, ::8], golden["srcimg_crop512"])
    assert_picture(resize_source(crop.image)[::4, ::4], golden["srcimg_crop256"])


def test_landmarks_in_the_crop_are_where_the_crop_shows_them():
    """Quirk Q13: the reference hands out picture coordinates under that name, halved ones for its smaller crop."""
    golden = load("cropper")
    points = golden["lm203"][0]
    np.testing.assert_array_equal(golden["srcimg_lmk_crop"], points)
    np.testing.assert_array_equal(golden["srcimg_lmk256"], points / 2)
    crop = crop_image(golden["img0"], golden["lm106"], Scheme.LMK106, dsize=512, scale=2.3, vy_ratio=-0.125)
    ours = crop.to_crop(points)
    assert np.abs(ours - points).max() > 50
    assert_close(crop.to_picture(ours), points, "matrix")


def test_source_video_is_cropped_as_in_the_golden_one():
    golden = load("cropper")
    for i, frame in enumerate(_frames(golden)):
        points = golden["lm203"][i]
        crop = crop_image(frame, points, dsize=512, scale=2.3, vy_ratio=-0.125)
        assert_close(crop.M_c2o, golden["srcvid_M_c2o"][i], "matrix")
        assert_close(crop.to_crop(points) / 2, golden["srcvid_lmk"][i], "matrix")
        assert_picture(resize_source(crop.image)[::8, ::8], golden["srcvid_crop"][i])


def test_driving_clip_is_cropped_by_one_box_as_in_the_golden_one():
    golden = load("cropper")
    boxes = [driving_box(points) for points in golden["lm203"]]
    assert_close(np.array(boxes), golden["drv_bboxes"], "matrix")
    box = average_box(boxes)
    assert_close(box, golden["drv_avg_bbox"], "matrix")
    for i, frame in enumerate(_frames(golden)):
        crop = crop_by_box(frame, box)
        assert_close(crop.to_crop(golden["lm203"][i]), golden["drv_lmk"][i], "matrix")
        assert_picture(crop.image[::16, ::16], golden["drv_crop"][i])
        assert_picture(resize_driving(crop.image)[::8, ::8], golden["drv_crop256"][i])


def test_no_box_to_average_is_an_error():
    with pytest.raises(InputError, match="no frame shows a face"):
        average_box([])


def test_shift_along_x_is_honoured():
    golden = load("crop")
    points = golden["lm0_pts"]
    plain = crop_image(golden["img"], points, dsize=200)
    shifted = crop_image(golden["img"], points, dsize=200, vx_ratio=0.2)
    # The window moves a fifth of its side to the right, the face as much to the left.
    np.testing.assert_allclose(shifted.to_crop(points) - plain.to_crop(points), [[-40, 0]] * len(points), atol=1e-2)
    assert driving_box(points, vx_ratio=0.2)[0] > driving_box(points)[0]


@pytest.mark.parametrize("degrees", [0, 45, 90, 179, -90])
def test_cosine_is_clamped(degrees):
    turn = np.radians(degrees)
    R = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    face = np.array([[-1, -1], [1, -1], [0, 0], [-0.7, 1], [0.7, 1]])
    square = oriented_square((face @ R * 1000 + 77).astype(np.float32))
    assert np.degrees(square.angle) == pytest.approx(degrees, abs=1e-3)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=68, max_size=68, unique=True),
    st.floats(0.5, 4),
    st.floats(-0.5, 0.5),
    st.booleans(),
)
def test_points_travel_to_the_crop_and_back(points, scale, shift, rotate):
    points = np.array(points, np.float32)
    if np.ptp(points, axis=0).max() < 1:
        return
    crop = crop_image(np.zeros((8, 8, 3), np.uint8), points, dsize=64, scale=scale, vx_ratio=shift, rotate=rotate)
    np.testing.assert_allclose(crop.to_picture(crop.to_crop(points)), points, atol=0.05)


def test_points_without_extent_are_an_error():
    with pytest.raises(InputError, match="no extent"):
        crop_image(np.zeros((8, 8, 3), np.uint8), np.full((5, 2), 3, np.float32))


def test_scheme_may_be_named_or_told_from_the_number():
    golden = load("crop")
    points = golden["lm4_pts"]
    named = crop_image(golden["img"], points, Scheme.LMK106)
    np.testing.assert_array_equal(named.M_o2c, crop_image(golden["img"], points).M_o2c)
    assert scheme_of(len(points)) is Scheme.LMK106


@pytest.mark.parametrize(("border", "beyond"), [(cv2.BORDER_CONSTANT, 0), (cv2.BORDER_REPLICATE, 200)])
def test_what_stands_beyond_the_picture(border, beyond):
    picture = np.full((40, 40, 3), 200, np.uint8)
    points = np.array([[10, 10], [30, 10], [20, 20], [12, 30], [28, 30]], np.float32)
    crop = crop_image(picture, points, dsize=64, scale=4.0, border=border)
    assert (crop.image[0] == beyond).all() and (crop.image[32, 32] == 200).all()


@pytest.mark.parametrize("rotate", [True, False])
def test_crop_of_a_square_is_the_crop_of_its_points(rotate):
    golden = load("crop")
    points = golden["lm0_pts"]
    square = oriented_square(points, scale=2.0)
    found = crop_square(golden["img"], square, dsize=96, rotate=rotate)
    expected = crop_image(golden["img"], points, dsize=96, scale=2.0, rotate=rotate)
    np.testing.assert_array_equal(found.image, expected.image)
    np.testing.assert_array_equal(found.M_o2c, expected.M_o2c)
    np.testing.assert_array_equal(square_matrix(square, dsize=96, rotate=rotate), expected.M_o2c)


def test_crop_of_a_square_may_repeat_the_border():
    square = Square(np.array([0, 0], np.float32), 40.0, 0.0)
    picture = np.full((20, 20, 3), 9, np.uint8)
    assert crop_square(picture, square, dsize=32).image.min() == 0
    assert crop_square(picture, square, dsize=32, border=cv2.BORDER_REPLICATE).image.min() == 9


def test_square_without_size_is_an_error():
    with pytest.raises(InputError, match="no extent"):
        square_matrix(Square(np.zeros(2, np.float32), 0.0, 0.0), dsize=512)


def test_square_travels_through_a_row_of_numbers():
    square = oriented_square(load("crop")["lm0_pts"])
    row = square.as_row()
    assert (row.shape, row.dtype) == ((4,), np.float64)
    np.testing.assert_array_equal(row, [*square.center, square.size, square.angle])
    again = Square.from_row(row)
    np.testing.assert_array_equal(square_matrix(again, dsize=64), square_matrix(square, dsize=64))
    assert again.center.dtype == np.float32
