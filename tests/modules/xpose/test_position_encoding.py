import torch

from src.modules.xpose.position_encoding import encode_boxes, encode_grid

from .conftest import assert_close, golden, load

UNITS = load("units")


def test_grid():
    found = encode_grid(5, 7, torch.device("cpu"))
    assert_close(found.T.reshape(256, 5, 7), UNITS["pos_5x7"], "xpose_sampling")


def test_boxes():
    assert_close(encode_boxes(golden(UNITS, "sine4_in")), UNITS["sine4_out"], "xpose_sampling")
