import numpy as np
import pytest

from src.errors import InputError
from src.face.face import Scheme
from src.face.ratios import combined_eye_ratios, combined_lip_ratio, eye_ratios, lip_ratio
from src.motion.mesh_points import opening

from .goldens import assert_close, load


@pytest.mark.parametrize("i", range(8))
def test_ratios_match_the_golden_ones(i):
    golden = load("ratios")
    points = golden["lmk"][i]
    eyes, lip = eye_ratios(points, Scheme.LMK203), lip_ratio(points, Scheme.LMK203)
    assert_close(eyes, golden["list_eye"][i], "ratio")
    assert_close(lip, golden["list_lip"][i], "ratio")
    target = golden["target"][i, 0]
    assert_close(combined_eye_ratios(eyes, target)[0], golden["eye_with_target"][i], "ratio")
    assert_close(combined_eye_ratios(eyes, target), golden["combined_eye_scalar"][i], "ratio")
    assert_close(combined_lip_ratio(lip, target), golden["combined_lip_scalar"][i], "ratio")
    assert_close(combined_lip_ratio(lip, 0), golden["combined_lip_zero"][i], "ratio")
    other = golden["lmk"][(i + 1) % 8]
    from_driving = combined_eye_ratios(eye_ratios(other, Scheme.LMK203), eyes)
    assert_close(from_driving, golden["combined_eye_from_driving"][i], "ratio")
    from_driving = combined_lip_ratio(lip_ratio(other, Scheme.LMK203), lip)
    assert_close(from_driving, golden["combined_lip_from_driving"][i], "ratio")


def test_ratios_of_the_mesh_are_its_openings():
    mesh = np.random.default_rng(0).random((478, 3), np.float32) * 100
    eyes, lip = eye_ratios(mesh, Scheme.MESH478), lip_ratio(mesh, Scheme.MESH478)
    assert (eyes.shape, lip.shape) == ((1, 2), (1, 1))
    assert eyes.dtype == lip.dtype == np.float32
    np.testing.assert_allclose(np.concatenate([eyes, lip], 1)[0], opening(mesh), rtol=1e-6)


@pytest.mark.parametrize("ratio", [eye_ratios, lip_ratio])
def test_other_schemes_are_an_error(ratio):
    with pytest.raises(InputError, match="106"):
        ratio(np.zeros((106, 2), np.float32), Scheme.LMK106)
