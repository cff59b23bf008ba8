import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from src.errors import InputError, WeightsError
from src.face.face import Scheme
from src.face.xpose_detector import XPoseDetector, load_network
from src.modules.xpose.xpose import XPoseOutput
from tests.parity import check, fill_xpose
from tests.parity.xpose_weights import save_official_xpose
from tests.tolerances import FLOAT32

RUN = check.load("xpose/run")
PICTURE = np.zeros((300, 200, 3), np.uint8)


class Fixed:
    """Stands in for the network: 50 candidates, of which number 7 is the best, with this logit."""

    def __init__(self, logit):
        self.logit = logit

    def __call__(self, picture, instance, points):
        assert picture.shape == (1, 3, 1200, 800)
        logits = torch.full((50,), -9.0)
        logits[7] = self.logit
        keypoints = torch.zeros(50, len(points), 2)
        keypoints[7] = torch.linspace(0.25, 0.75, len(points))[:, None]
        return XPoseOutput(logits, torch.zeros(50, 4), keypoints)


def fixed(logit, threshold=0.15):
    return XPoseDetector(Fixed(logit), torch.zeros(1, 512), torch.zeros(9, 512), Scheme.ANIMAL9, threshold)


def test_the_best_candidate_is_given_in_pixels():
    face = fixed(2.0).best(PICTURE)
    assert face.landmarks.shape == (9, 2) and face.landmarks.dtype == face.box.dtype == np.float32
    assert face.scheme is Scheme.ANIMAL9 and face.score == pytest.approx(1 / (1 + np.exp(-2)))
    np.testing.assert_allclose(face.landmarks[[0, -1]], [[50, 75], [150, 225]], rtol=1e-6)
    np.testing.assert_allclose(face.box, [50, 75, 150, 225], rtol=1e-6)


@pytest.mark.parametrize(("threshold", "found"), [(0.11, True), (0.13, False)])
def test_the_threshold_counts_for_detect_and_follow_alone(threshold, found):
    detector = fixed(-2.0, threshold)  # a score of 0.119
    face = detector.best(PICTURE)
    assert [f.score for f in detector.detect(PICTURE)] == [face.score] * found
    assert (detector.follow(PICTURE, face) is not None) == found


@pytest.mark.parametrize("bad", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), np.float32)])
def test_what_is_not_a_picture_is_an_error(bad):
    with pytest.raises(InputError, match="uint8"):
        fixed(0.0).best(bad)


def test_a_picture_too_narrow_is_an_error():
    with pytest.raises(InputError, match="too narrow"):
        fixed(0.0).detect(np.zeros((8, 900, 3), np.uint8))


def test_an_unknown_set_of_points_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"'animal_face_7'.*animal_face_9, animal_face_68"):
        XPoseDetector.open(tmp_path, points="animal_face_7")


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(WeightsError, match=r"liveportrait_animals/xpose\.pth"):
        XPoseDetector.open(tmp_path)


def test_weights_of_something_else_are_an_error(tmp_path):
    (tmp_path / "liveportrait_animals").mkdir()
    torch.save({"model": {"a": torch.ones(2)}}, tmp_path / "liveportrait_animals" / "xpose.pth")
    with pytest.raises(WeightsError, match=r"xpose\.pth': weights of X-Pose without \d+ needed entries"):
        XPoseDetector.open(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = save_official_xpose(tmp_path_factory.mktemp("xpose"), salt=4)
    yield folder
    (folder / "liveportrait_animals" / "xpose.pth").unlink()


@pytest.mark.parametrize(
    ("points", "count", "scheme"), [("animal_face_9", 9, "animal9"), ("animal_face_68", 68, "lmk68")]
)
def test_an_official_file_is_opened(folder, points, count, scheme):
    detector = XPoseDetector.open(folder, points=points)
    assert detector._keypoints.shape == (count, 512) and detector._scheme == scheme
    assert detector._keypoints.norm(dim=1).min() > 8  # as CLIP gives them, not normalised


def test_embeddings_of_something_else_are_an_error(tmp_path):
    for name in ("liveportrait_animals/xpose.pth", "xpose/clip_embeddings.safetensors"):
        (tmp_path / name).parent.mkdir()
        save_file({"a": torch.ones(2)}, tmp_path / name)
    with pytest.raises(WeightsError, match="holds no instance and no keypoints_9"):
        XPoseDetector.open(tmp_path)


@pytest.mark.slow
def test_a_run_agrees_with_the_official_runner(folder):
    embeddings = (torch.from_numpy(rows).half().float() for rows in fill_xpose.clip_like(9, 4))
    network = load_network(folder / "liveportrait_animals" / "xpose.pth")
    results = []

    def noted(*inputs):
        results.append(network(*inputs))
        return results[-1]

    detector = XPoseDetector(noted, *embeddings, Scheme.ANIMAL9)
    face = detector.best(fill_xpose.image_u8(75, 400, 4))
    np.testing.assert_allclose(face.landmarks, RUN["points_9"], rtol=0, atol=FLOAT32["xpose_pixel"].abs)
    (result,) = results
    best = result.logits.argmax()
    top = result.logits.sort(descending=True).values[:5]
    assert face.score == pytest.approx(1 / (1 + np.exp(-RUN["best_logit"].item())), abs=FLOAT32["xpose_score"].abs)
    np.testing.assert_allclose(top, RUN["top_logits"][:5], rtol=0, atol=FLOAT32["xpose_score"].abs)
    np.testing.assert_allclose(result.boxes[best], RUN["best_box"].reshape(-1), rtol=0, atol=FLOAT32["xpose_place"].abs)
