import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InputError
from src.motion.pose import degrees, get_rotation_matrix, headpose_pred_to_degree
from tests.motion.goldens import FOLDER
from tests.parity import fill, golden
from tests.tolerances import FLOAT32

MATH = np.load(FOLDER / "math.npz")
GEOMETRY = np.load(FOLDER.parent / "geometry.npz")

angle = st.floats(-85, 85)


def test_bins_match_the_goldens() -> None:
    degree = headpose_pred_to_degree(torch.from_numpy(MATH["logits66"]))
    np.testing.assert_allclose(degree, MATH["degree"], rtol=0, atol=FLOAT32["ratio"].abs)
    bins = torch.from_numpy(fill.example_input("bins", (8, 66)))
    result = golden.compare(GEOMETRY, "bins_degree", headpose_pred_to_degree(bins).numpy())
    assert result["shape_ok"] and result["rel"] < FLOAT32["geometry"].rel


@pytest.mark.parametrize("shape", [(), (4,), (4, 1)])
def test_degrees_pass_unchanged(shape: tuple[int, ...]) -> None:
    angles = torch.ones(shape)
    assert headpose_pred_to_degree(angles) is angles


@pytest.mark.parametrize("shape", [(2, 65), (2, 3), (2, 66, 1)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="66"):
        headpose_pred_to_degree(torch.zeros(shape))


def test_other_bin_counts() -> None:
    certain = torch.full((1, 11), -100.0)
    certain[0, 7] = 100
    assert headpose_pred_to_degree(certain, num_bins=11, step=2.0, offset=10.0).item() == pytest.approx(4.0)


def test_rotation_matches_the_goldens() -> None:
    R = get_rotation_matrix(*torch.from_numpy(MATH["pyr"]).T)
    np.testing.assert_allclose(R, MATH["R"], rtol=0, atol=FLOAT32["ratio"].abs)
    angles = torch.from_numpy(GEOMETRY["angles.sub0"])
    result = golden.compare(GEOMETRY, "rotation", get_rotation_matrix(*angles.T).numpy())
    assert result["shape_ok"] and result["rel"] < FLOAT32["geometry"].rel


def test_shapes_and_precision() -> None:
    flat, column = torch.tensor([10.0, 20.0]), torch.tensor([[10.0], [20.0]])
    assert torch.equal(get_rotation_matrix(flat, flat, flat), get_rotation_matrix(column, column, column))
    assert get_rotation_matrix(flat.half(), flat.half(), flat.half()).dtype == torch.float32
    assert get_rotation_matrix(flat.double(), flat.double(), flat.double()).dtype == torch.float64


def test_yaw_turns_row_vectors_about_y() -> None:
    R = get_rotation_matrix(torch.tensor([0.0]), torch.tensor([30.0]), torch.tensor([0.0]))[0]
    moved = torch.tensor([1.0, 0.0, 0.0]) @ R
    expected = torch.tensor([math.cos(math.pi / 6), 0.0, -0.5])
    torch.testing.assert_close(moved, expected)


@given(angle, angle, angle)
def test_degrees_inverts_the_rotation(pitch: float, yaw: float, roll: float) -> None:
    angles = [torch.tensor([a], dtype=torch.float64) for a in (pitch, yaw, roll)]
    R = get_rotation_matrix(*angles)
    torch.testing.assert_close(R @ R.transpose(1, 2), torch.eye(3, dtype=torch.float64)[None])
    for restored, given_angle in zip(degrees(R), angles, strict=True):
        torch.testing.assert_close(restored, given_angle, rtol=0, atol=1e-9)
