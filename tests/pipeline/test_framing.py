import cv2
import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.face.crop import crop_image
from src.face.face import Face, Scheme
from src.pipeline.framing import CROP_SIZE, Framing, pastes_back
from tests.tolerances import FLOAT32

from .fakes import face_in
from .scenes import grey


@pytest.fixture
def picture():
    return np.random.default_rng(1).integers(0, 255, (160, 200, 3), dtype=np.uint8)


def framing(engine, **options):
    return Framing.of(ArgumentConfig(**options), engine)


OPTIONS = [
    {},
    {"scale": 3.1, "vx_ratio": 0.1, "vy_ratio": 0.0},
    {"flag_do_rot": False, "scale": 5.0},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_crop_is_that_of_the_options(engine, picture, options):
    cut_out, face = framing(engine, **options), _turned(face_in(grey(100, 200, 160)))
    place = cut_out.place(face, still=False)
    crop = cut_out.crop(picture, place)
    args = cut_out.args
    wanted = crop_image(
        picture,
        face.landmarks,
        dsize=CROP_SIZE,
        scale=args.scale,
        vx_ratio=args.vx_ratio,
        vy_ratio=args.vy_ratio,
        rotate=args.flag_do_rot,
    )
    assert place.shape == (4,)
    np.testing.assert_array_equal(crop, wanted.image)
    np.testing.assert_allclose(cut_out.matrix(place), wanted.M_o2c, atol=FLOAT32["matrix"].abs)


def _turned(face):
    middle, turn = face.landmarks.mean(0), np.array([[0.8, 0.6], [-0.6, 0.8]], np.float32)
    return Face(face.box, face.score, (face.landmarks - middle) @ turn + middle, face.scheme)


def test_points_for_still_pictures(engine):
    face = face_in(grey(100))
    with_still = Face(face.box, 0.9, face.landmarks, face.scheme, face.landmarks * 0.5, Scheme.LMK203)
    cut_out = framing(engine)
    whole, half = (cut_out.place(with_still, still=still) for still in (False, True))
    np.testing.assert_allclose(half[:3], whole[:3] / 2, rtol=1e-5)
    np.testing.assert_array_equal(cut_out.place(face, still=True), whole)  # where there are none


def test_the_border_is_as_the_engine_wants_it(engine):
    for repeats, border, corner in ((False, cv2.BORDER_CONSTANT, 0), (True, cv2.BORDER_REPLICATE, 100)):
        engine.repeats_border = repeats
        wide = framing(engine, scale=20.0)
        crop = wide.crop(grey(100), wide.place(face_in(grey(100)), still=True))
        assert wide.border == border and crop[0, 0, 0] == corner


def test_fur_goes_on_beyond_the_border_as_fur(engine, picture):
    place = np.array([10.0, 80, 160, 0])  # 70 pixels of it lie left of the picture
    engine.repeats_border = True
    cut_out = framing(engine, animals=True, flag_stitching=False)
    assert cut_out.border == cv2.BORDER_REFLECT_101
    mirrored = np.concatenate([picture[:, 70:0:-1], picture], axis=1)
    np.testing.assert_array_equal(cut_out.crop(picture, place), cut_out.crop(mirrored, np.array([80.0, 80, 160, 0])))
    engine.repeats_border = False
    assert framing(engine, animals=True).border == cv2.BORDER_CONSTANT  # the official model's is black


def test_without_a_place_the_frame_is_the_crop(engine, picture):
    cut_out = framing(engine)
    assert cut_out.crop(picture, None) is picture and cut_out.paste_back(None, [], picture) is None


@pytest.mark.parametrize("feather", [1, 16, 100])
def test_what_is_cut_out_goes_back_to_its_place(engine, picture, feather):
    cut_out = framing(engine, feather=feather)
    place = cut_out.place(face_in(grey(100, 200, 160)), still=True)
    crop, paste_back = cut_out.crop(picture, place), cut_out.paste_back(place, [], picture)
    assert np.abs(paste_back.paste(crop, picture).astype(int) - picture)[inside_of(paste_back)].mean() < 12
    white = paste_back.paste(np.full_like(crop, 255), np.zeros_like(picture))
    assert (white[inside_of(paste_back)] == 255).all() and not white[paste_back.mask() == 0].any()


def inside_of(paste_back):
    return paste_back.mask() == 1


def test_a_wider_edge_leaves_less_of_the_crop(engine, picture):
    whole = []
    for feather in (1, 16, 100):
        cut_out = framing(engine, feather=feather)
        paste_back = cut_out.paste_back(cut_out.place(face_in(grey(100, 200, 160)), still=True), [], picture)
        whole.append(int(inside_of(paste_back).sum()))
    assert whole[0] > whole[1] > whole[2] > 0


@pytest.mark.parametrize("without", ["flag_pasteback", "flag_do_crop", "flag_stitching"])
def test_when_something_is_pasted_back(engine, picture, without):
    assert pastes_back(ArgumentConfig())
    assert not pastes_back(ArgumentConfig(**{without: False}))
    cut_out = framing(engine, **{without: False})
    assert cut_out.paste_back(cut_out.place(face_in(picture), still=True), [], picture) is None


def test_what_is_not_stitched_is_pasted_back_if_it_is_said_to_be():
    unstitched = {"paste_unstitched": True, "flag_stitching": False}
    assert pastes_back(ArgumentConfig(**unstitched))
    for without in ("flag_pasteback", "flag_do_crop"):
        assert not pastes_back(ArgumentConfig(**unstitched, **{without: False}))


def test_neighbours_have_pixels_of_their_own(engine):
    """Squares that overlap: each pixel belongs to the nearest face, and nothing is lost between them."""
    cut_out, picture = framing(engine), grey(0, 300, 200)
    places = [np.array([x, 100.0, 160, 0]) for x in (100, 200)]
    masks = [cut_out.paste_back(places[k], [places[1 - k]], picture).mask() for k in (0, 1)]
    assert masks[0][100, 120] == 1 == masks[1][100, 180] and masks[0][100, 185] == 0 == masks[1][100, 115]
    np.testing.assert_allclose(masks[0][100, 60:240] + masks[1][100, 60:240], 1, atol=0.02)
    alone, far = cut_out.paste_back(places[0], [], picture), np.array([900.0, 100, 160, 0])
    np.testing.assert_array_equal(cut_out.paste_back(places[0], [far], picture).mask(), alone.mask())
