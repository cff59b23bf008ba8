import numpy as np
import pytest

from src.face.scrfd import Scrfd

from .fakes import Net
from .goldens import assert_close, load


@pytest.fixture(scope="module")
def golden():
    return load("detector")


@pytest.mark.parametrize("j", range(3))
@pytest.mark.parametrize("limit", [0, 3])
def test_finds_match_the_golden_ones(golden, j, limit):
    net = Net(*(golden[f"net{i}"] for i in range(9)))
    boxes, keypoints = Scrfd(net, size=128)(golden[f"det{j}_img"][..., ::-1], limit)
    (blob,) = net.inputs
    assert blob.dtype == np.float32
    # A resized picture may differ by one grey level between OpenCV's versions.
    np.testing.assert_allclose(blob[:, :, ::8, ::8], golden[f"det{j}_blob_sub"], atol=1 / 128 + 1e-6)
    assert_close(boxes, golden[f"det{j}_max{limit}_bbox"], "matrix")
    assert_close(keypoints, golden[f"det{j}_max{limit}_kps"], "matrix")


def test_nothing_above_the_threshold_is_nothing_found(golden):
    net = Net(*(np.zeros_like(golden[f"net{i}"]) for i in range(9)))
    boxes, keypoints = Scrfd(net, size=128)(golden["det0_img"])
    assert (boxes.shape, keypoints.shape) == ((0, 5), (0, 5, 2))


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3)])
def test_extreme_shapes_fit_the_canvas(golden, shape):
    net = Net(*(golden[f"net{i}"] for i in range(9)))
    boxes, _ = Scrfd(net, size=128)(np.full(shape, 255, np.uint8))
    assert len(boxes)
    assert net.inputs[0].shape == (1, 3, 128, 128)
