"""Shared by the tests of this folder: the golden files and how pictures are compared."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.tolerances import FLOAT32, UINT8

FOLDER = Path(__file__).parents[1] / "data" / "parity" / "pipeline"


def load(name: str):
    return np.load(FOLDER / f"{name}.npz")


def assert_close(value, golden, tolerance: str) -> None:
    assert np.shape(value) == golden.shape
    np.testing.assert_allclose(value, golden, rtol=0, atol=FLOAT32[tolerance].abs)


def assert_picture(value, golden, *, warped: bool = True) -> None:
    """Pictures that went through a warp differ a little between OpenCV's versions."""
    assert value.shape == golden.shape
    assert value.dtype == np.uint8
    difference = np.abs(value.astype(int) - golden.astype(int))
    if warped:
        assert difference.max() <= UINT8["warped_max"]
        assert difference.mean() <= UINT8["warped_mean"]
    else:
        assert difference.max() <= UINT8["plain_max"]
