import cv2
import numpy as np
import pytest

from src.errors import InputError
from src.training.prepare.crop import NOMINAL, cropping_of, place_of
from tests.training.prepare.footage import mesh_at

POINTS = [1, 33, 263, 61, 291, 152]  # far enough from one another


def dotted(shape: tuple[int, int], mesh: np.ndarray, radius: float) -> np.ndarray:
    """A black picture with a white dot on some points of a mesh; pixel edges count from 0."""
    picture = np.zeros((*shape, 3), np.uint8)
    for x, y in mesh[POINTS, :2]:
        center = round((x - 0.5) * 256), round((y - 0.5) * 256)
        cv2.circle(picture, center, round(radius * 256), (255, 255, 255), -1, cv2.LINE_AA, shift=8)
    return picture


def miss(picture: np.ndarray, mesh: np.ndarray) -> float:
    """The most pixels by which one of the dots is beside its point of a mesh in crop coordinates."""
    _, _, _, centers = cv2.connectedComponentsWithStats((picture[..., 0] > 100).astype(np.uint8))
    assert len(centers) == 1 + len(POINTS)
    places = (mesh[POINTS, :2] + 1) * len(picture) / 2  # (n, 2)
    return float(np.linalg.norm(centers[1:] + 0.5 - places[:, None], axis=2).min(1).max())


@pytest.mark.parametrize("size", [64, 288])
@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("turn", [0, 25, -170])
@pytest.mark.parametrize("face", [90, 700])
def test_meshes_lie_where_the_picture_shows_them(size, upright, turn, face):
    mesh = mesh_at(900.3, 1000.8, face, turn=turn)
    crop = cropping_of(1800, 2000, size=size, upright=upright, cropped=False).of([place_of(mesh)])
    picture = crop.picture(dotted((2000, 1800), mesh, radius=face / 25))
    assert picture.shape == (size, size, 3)
    placed = crop.mesh(mesh)
    assert miss(picture, placed) < 0.35
    # z is in the same unit as x and y
    assert np.ptp(placed[:, 2]) / np.ptp(mesh[:, 2]) == pytest.approx(
        np.linalg.norm(placed[33, :2] - placed[263, :2]) / np.linalg.norm(mesh[33, :2] - mesh[263, :2]), rel=1e-4
    )


@pytest.mark.parametrize(("side", "size"), [(288, 288), (512, 288), (144, 288)])
def test_cropped_pictures_are_resized_with_their_meshes(side, size):
    mesh = mesh_at(side * 0.5, side * 0.55, side * 0.4)
    crop = cropping_of(side, side, size=size, upright=True, cropped=True).of([place_of(mesh)])
    picture = dotted((side, side), mesh, radius=side / 70)
    assert miss(crop.picture(picture), crop.mesh(mesh)) < 0.35


def test_cropped_pictures_stay_as_they_are():
    rgb = np.random.default_rng(0).integers(0, 256, (288, 288, 3), np.uint8)
    assert cropping_of(288, 288, size=288, upright=True, cropped=True).of([]).picture(rgb) is rgb


def test_the_middle_is_the_nominal_crop():
    mesh = mesh_at(500, 500, 100)
    x, y, side, angle = place_of(mesh)
    crop = cropping_of(1000, 1000, size=288, upright=True, cropped=False).of([np.array([x, y, side, angle])])
    corners = np.array([[x - side / 2, y - side / 2, 0], [x + side / 2, y + side / 2, 0]])
    nominal = crop.mesh(np.concatenate([corners, mesh[2:]]).astype(np.float32))[:2, :2]
    assert np.abs(nominal - [[-NOMINAL, -NOMINAL], [NOMINAL, NOMINAL]]).max() < 0.005
    assert round(288 * NOMINAL, 6) == 256


def test_one_crop_for_all_frames_which_a_few_odd_ones_do_not_move():
    places = [place_of(mesh_at(500, 500, 100)) for _ in range(9)] + [place_of(mesh_at(700, 100, 300))]
    cropping = cropping_of(1000, 1000, size=288, upright=True, cropped=False)
    mesh = mesh_at(500, 500, 100)
    assert np.allclose(cropping.of(places).mesh(mesh), cropping.of(places[:1]).mesh(mesh), atol=1e-5)


def test_upright_is_the_median_turn():
    turns = [-10, 5, 40]
    meshes = [mesh_at(500, 500, 100, turn=turn) for turn in turns]

    def roll(upright: bool) -> list[float]:
        cropping = cropping_of(1000, 1000, size=288, upright=upright, cropped=False)
        crop = cropping.of([place_of(mesh) for mesh in meshes])
        eyes = [crop.mesh(mesh)[263, :2] - crop.mesh(mesh)[33, :2] for mesh in meshes]
        return [float(np.degrees(np.arctan2(y, x))) for x, y in eyes]

    assert np.allclose(np.diff(roll(True)), np.diff(turns), atol=0.01)  # real motion stays
    assert np.allclose(roll(False), turns, atol=0.5) and abs(roll(True)[1]) < 0.5


def test_beyond_the_picture_its_border_goes_on():
    rgb = np.full((200, 200, 3), 77, np.uint8)
    crop = cropping_of(200, 200, size=64, upright=True, cropped=False).of([place_of(mesh_at(30, 30, 100))])
    assert (crop.picture(rgb) == 77).all()


def test_cropped_pictures_must_be_square():
    with pytest.raises(InputError, match="640x480 pixels: with --cropped they must be square"):
        cropping_of(640, 480, size=288, upright=True, cropped=True)
