import numpy as np
import torch

from src.modules.xpose.query_selection import proposals, top_indices

from .conftest import assert_close, load

UNITS = load("units")


def test_proposals():
    logits, valid = proposals([(3, 54), (2, 27)], torch.device("cpu"))
    expected = UNITS["prop_3x54_2x27"]
    assert np.array_equal(valid.numpy(), UNITS["prop_keep"])
    assert 0 < valid.sum() < len(valid)
    assert (logits[~valid] == torch.inf).all() and np.isinf(expected[~valid.numpy()]).all()
    assert_close(logits[valid], expected[valid.numpy()], "xpose_sampling")


def test_top_indices_come_best_first():
    assert top_indices(torch.tensor([0.1, 5.0, -1.0, 2.0]), 2).tolist() == [1, 3]
