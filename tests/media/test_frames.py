from pathlib import Path

import numpy as np
import pytest

from src.media.frames import blend, concat_frame
from tests.tolerances import UINT8

# the boxes ("iou") in the same file belong to the face tests
FRAMES = np.load(Path(__file__).parents[1] / "data" / "parity" / "pipeline" / "frames.npz")


@pytest.mark.parametrize("name", ["three_src1", "three_srcN", "two_src1", "two_srcN"])
def test_concat_frame(name):
    for i, generated in enumerate(FRAMES["Ip"]):
        source = FRAMES["Sr"][i if name.endswith("N") else 0]
        driving = FRAMES["Dr"][i] if name.startswith("three") else None
        made = concat_frame(generated, source, driving)
        assert made.shape == FRAMES[name][i].shape
        assert np.abs(made.astype(int) - FRAMES[name][i]).max() <= UINT8["plain_max"]


def test_blend():
    made = blend(FRAMES["blend_img"], FRAMES["blend_mask"], np.array([255, 255, 255]))
    assert np.abs(made.astype(int) - FRAMES["blend_out"]).max() <= UINT8["plain_max"]
