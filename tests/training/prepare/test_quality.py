import cv2
import numpy as np
import pytest

from src.face.boxes import box_of
from src.face.face import Face, Scheme
from src.training.prepare.options import ShotOptions
from src.training.prepare.quality import Reason, Sight, look_at, sharpness_of
from tests.training.prepare.footage import frame, mesh_at


def face(x: float = 240, y: float = 170, size: float = 150, flag: float = 0.99) -> Face:
    mesh = mesh_at(x, y, size)
    return Face(box_of(mesh), flag, mesh, Scheme.MESH478)


def test_a_good_frame():
    sight = look_at(7, frame(), face(), ShotOptions())
    assert isinstance(sight, Sight) and sight.frame == 7
    assert 100 < sight.face_px < 150  # brow to chin; the mesh reaches up to the hair
    assert sight.sharpness == sharpness_of(frame(), face().landmarks)


@pytest.mark.parametrize(
    ("seen", "options", "reason"),
    [
        (face(flag=0.7), ShotOptions(), Reason.UNSURE),
        (face(flag=0.7), ShotOptions(least_flag=0.6), None),
        (face(x=40), ShotOptions(), Reason.CUT_OFF),
        (face(y=300), ShotOptions(), Reason.CUT_OFF),
        (face(size=80), ShotOptions(), Reason.SMALL),
        (face(size=80), ShotOptions(least_face=50), None),
        (face(), ShotOptions(least_sharpness=1e5), Reason.BLURRED),
    ],
)
def test_what_is_wrong(seen, options, reason):
    judged = look_at(0, frame(), seen, options)
    assert judged is reason if reason else isinstance(judged, Sight)


def test_blur_shows():
    sharp = [sharpness_of(cv2.GaussianBlur(frame(), (0, 0), blur), face().landmarks) for blur in (0.1, 1, 2, 4, 8)]
    assert sharp == sorted(sharp, reverse=True) and sharp[0] > 5 * sharp[2]


def test_sharpness_does_not_depend_on_the_size_of_a_face():
    picture = frame(face=200)
    large = cv2.resize(picture, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    mesh = mesh_at(240, 170, 250)
    assert sharpness_of(large, mesh * 4) == pytest.approx(sharpness_of(picture, mesh), rel=0.25)


def test_the_mesh_may_tremble_over_the_edge():
    mesh = mesh_at(0, 0, 150)
    mesh[:, :2] -= mesh[:, :2].min(0) + 2  # two pixels beyond the upper left corner
    assert isinstance(look_at(0, frame(), Face(box_of(mesh), 0.99, mesh, Scheme.MESH478), ShotOptions()), Sight)
    mesh = mesh - np.array([3, 0, 0], np.float32)
    assert look_at(0, frame(), Face(box_of(mesh), 0.99, mesh, Scheme.MESH478), ShotOptions()) is Reason.CUT_OFF
