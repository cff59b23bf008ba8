import numpy as np
import pytest

from src.face.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace, Detection, weighted_nms

from .fakes import Net


def test_anchors_are_cell_centres():
    short, full = SHORT_RANGE.anchors(), FULL_RANGE.anchors()
    assert (short.shape, full.shape) == ((896, 2), (2304, 2))
    np.testing.assert_allclose(short[[0, 1, 2, 511]], [[1 / 32] * 2, [1 / 32] * 2, [3 / 32, 1 / 32], [31 / 32] * 2])
    np.testing.assert_allclose(short[[512, 517, 518]], [[1 / 16] * 2, [1 / 16] * 2, [3 / 16, 1 / 16]])
    np.testing.assert_allclose(full[[1, 48]], [[3 / 96, 1 / 96], [1 / 96, 3 / 96]])


@pytest.mark.parametrize("swapped", [False, True])
def test_rows_are_placed_in_the_picture(swapped):
    rows, logits = np.zeros((1, 896, 16), np.float32), np.full((1, 896, 1), -200, np.float32)
    # Anchor 512: the first 16-pixel cell, whose centre is (8, 8) of 128.
    rows[0, 512] = [8, 16, 32, 64, *range(12)]
    logits[0, 512] = 200
    net = Net(logits, rows) if swapped else Net(rows, logits)
    # 256 x 128: scaled by a half, with bars of 32 pixels above and below.
    (find,) = BlazeFace(net, SHORT_RANGE)(np.full((128, 256, 3), 255, np.uint8))
    np.testing.assert_allclose(find.box, [0, -80, 64, 48], atol=1e-4)
    np.testing.assert_allclose(find.keypoints[0], [16, -46], atol=1e-4)
    np.testing.assert_allclose(find.keypoints[5], [36, -26], atol=1e-4)
    assert find.score == pytest.approx(1)
    (blob,) = net.inputs
    assert (blob.shape, blob.dtype) == ((1, 3, 128, 128), np.float32)
    np.testing.assert_allclose(blob[0, :, 64, 64], 1)
    np.testing.assert_allclose(blob[0, :, 10, 64], -1)


def test_nothing_above_the_threshold_is_nothing_found():
    net = Net(np.zeros((1, 2304, 16), np.float32), np.full((1, 2304, 1), -1, np.float32))
    assert BlazeFace(net, FULL_RANGE)(np.zeros((9, 7, 3), np.uint8)) == []


def _find(x, score, size=10.0):
    return Detection(np.array([x, 0, x + size, size], np.float32), np.full((6, 2), x, np.float32), score)


def test_neighbours_are_averaged_by_score():
    merged = weighted_nms([_find(3, 0.3), _find(50, 0.8), _find(0, 0.9)])
    assert [find.score for find in merged] == [0.9, 0.8]
    assert merged[0].box[0] == pytest.approx(0.75)
    assert merged[0].keypoints[2, 1] == pytest.approx(0.75)
    assert merged[1].box[0] == 50


def test_boxes_without_area_end_the_search_too():
    assert len(weighted_nms([_find(0, 0.9, size=0), _find(0, 0.8, size=0)])) == 2
    assert weighted_nms([]) == []
