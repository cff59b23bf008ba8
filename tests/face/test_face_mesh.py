import cv2
import numpy as np
import pytest

from src.face.blazeface import Detection
from src.face.crop import crop_image
from src.face.face_mesh import FaceMesh, mesh_of_crop, region_of_detection, region_of_mesh
from src.face.mediapipe_detector import MediapipeDetector
from src.face.sampling import Region

from .pictures import FACES, MODELS, read


@pytest.fixture(scope="module")
def face_mesh():
    return FaceMesh.open(MODELS)


@pytest.fixture(scope="module")
def crops():
    """Official crops of the paintings with the mesh that was tracked into them."""
    detector = MediapipeDetector(MODELS)
    made = {}
    for name in FACES:
        picture = read(name)
        (face,) = detector.detect(picture)
        crop = crop_image(picture, face.landmarks, face.scheme, dsize=512, scale=2.3, vy_ratio=-0.125)
        made[name] = crop.image, crop.to_crop(face.landmarks)
    return made


def test_regions_are_turned_with_the_eyes():
    keypoints = np.zeros((6, 2), np.float32)
    keypoints[:2] = (10, 10), (20, 20)
    region = region_of_detection(Detection(np.array([0, 10, 40, 30], np.float32), keypoints, 0.9))
    np.testing.assert_allclose(region.center, [20, 20])
    assert region.side == pytest.approx(60)
    assert region.angle == pytest.approx(np.pi / 4)
    mesh = np.tile(np.array([5, 5, 0], np.float32), (478, 1))
    mesh[33, :2], mesh[263, :2], mesh[10, :2] = (0, 0), (0, 8), (20, 4)
    region = region_of_mesh(mesh)
    np.testing.assert_allclose(region.center, [10, 4])
    assert (region.side, region.angle) == (pytest.approx(30), pytest.approx(np.pi / 2))


def test_a_batch_gives_the_numbers_of_single_calls(face_mesh):
    picture = read("s9.jpg")
    regions = [Region(np.array([370.0, 340.0]), 360, angle) for angle in (0, 0.4, -1)]
    for one, many in zip(regions, face_mesh(picture, regions), strict=True):
        (alone,) = face_mesh(picture, [one])
        np.testing.assert_allclose(many.landmarks, alone.landmarks, atol=1e-2)
        assert many.flag == pytest.approx(alone.flag, abs=1e-4)
    assert face_mesh(picture, []) == []


def test_a_turned_region_gives_the_same_mesh(face_mesh):
    picture = read("s9.jpg")
    level = face_mesh.settle(picture, [Region(np.array([370.0, 340.0]), 360)])[0].landmarks
    turned = face_mesh.settle(picture, [Region(np.array([370.0, 340.0]), 360, 0.3)])[0].landmarks
    assert np.abs(level - turned)[:, :2].mean() < 0.03 * np.linalg.norm(level[33] - level[263])


def test_a_misplaced_region_is_looked_at_again(face_mesh):
    picture = read("s9.jpg")
    good = face_mesh.settle(picture, [Region(np.array([370.0, 340.0]), 360)])[0].landmarks
    eye = np.linalg.norm(good[33] - good[263])
    off = Region(np.array([430.0, 290.0]), 360)
    first, settled = face_mesh(picture, [off])[0].landmarks, face_mesh.settle(picture, [off])[0].landmarks
    assert np.abs(settled - good)[:, :2].mean() < 0.03 * eye < np.abs(first - good)[:, :2].mean()


@pytest.mark.parametrize("name", FACES)
@pytest.mark.parametrize("size", [256, 512])
def test_the_mesh_of_a_crop_is_the_tracked_one(face_mesh, crops, name, size):
    image, tracked = crops[name]
    found = mesh_of_crop(face_mesh, cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA))
    assert (found.shape, found.dtype) == ((478, 3), np.float32)
    eye = np.linalg.norm(tracked[33] - tracked[263])
    assert np.abs(found[:, :2] * (512 / size) - tracked).mean() < 0.03 * eye


def test_a_crop_without_a_face_has_no_mesh(face_mesh):
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    assert mesh_of_crop(face_mesh, noise) is None
    assert mesh_of_crop(face_mesh, np.zeros((256, 256, 3), np.uint8)) is None
