import cv2
import numpy as np
import pytest

from src.face.averaged_mesh import averaged_mesh
from src.face.face_mesh import FaceMesh, region_of_mesh
from src.face.mediapipe_detector import MediapipeDetector
from src.motion.mesh_points import mirrored_points

from .pictures import FACES, MODELS, read


@pytest.fixture(scope="module")
def face_mesh():
    return FaceMesh.open(MODELS)


@pytest.fixture(scope="module")
def faces():
    detector = MediapipeDetector(MODELS)
    return {name: detector.detect(read(name))[0].landmarks for name in FACES}


def eye_distance(mesh):
    return np.linalg.norm(mesh[33, :2] - mesh[263, :2])


@pytest.mark.parametrize("name", FACES)
def test_it_is_the_same_face(face_mesh, faces, name):
    found = averaged_mesh(face_mesh, read(name), faces[name])
    assert (found.shape, found.dtype) == ((478, 3), np.float32)
    assert np.abs(found - faces[name]).mean() < 0.03 * eye_distance(found)


def test_the_mirror_image_gives_the_mirrored_mesh(face_mesh, faces):
    """A single look does not: that is what the looks at the mirror image are for."""
    name = next(iter(FACES))
    picture, mesh = read(name), faces[name]
    found = averaged_mesh(face_mesh, picture, mesh)
    width = picture.shape[1]
    there = (mesh * [-1, 1, 1] + [width, 0, 0])[mirrored_points()]
    mirrored = averaged_mesh(face_mesh, np.ascontiguousarray(picture[:, ::-1]), there)
    # The left eye's outer corner is the right one's in the mirror, and so for the corners of the mouth.
    for left, right in ((33, 263), (263, 33), (61, 291), (1, 1)):
        expected = found[right, :2] * [-1, 1] + [width, 0]
        np.testing.assert_allclose(mirrored[left, :2], expected, atol=0.01 * eye_distance(found))


def test_it_trembles_less_than_a_single_look(face_mesh, faces):
    """Of a still face that is moved by parts of a pixel, the motion is known."""
    name = next(iter(FACES))
    picture, mesh = read(name), faces[name]
    rng = np.random.default_rng(0)
    once, often = [], []
    for shift in rng.uniform(-3, 3, (6, 2)):
        matrix = np.hstack([np.eye(2), shift[:, None]])
        moved = cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        noisy = np.clip(moved + rng.normal(0, 6, moved.shape), 0, 255).astype(np.uint8)
        start = mesh + np.array([*shift, 0], np.float32)
        once.append(face_mesh(noisy, [region_of_mesh(start)])[0].landmarks[:, :2] - shift)
        often.append(averaged_mesh(face_mesh, noisy, start)[:, :2] - shift)
    assert np.std(often, axis=0).mean() < 0.7 * np.std(once, axis=0).mean()
