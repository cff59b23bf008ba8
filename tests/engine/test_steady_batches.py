"""Batches of compiled networks."""

import pytest
import torch

from src.engine.engine import SourceFeatures
from src.engine.steady_batches import SteadyBatches


def poses(n: int) -> torch.Tensor:
    return torch.arange(float(n))[:, None, None].expand(n, 21, 3)


def sizes(asked: list[int]) -> list[int]:
    batches, features = SteadyBatches(), SourceFeatures(torch.zeros(1, 2, 2, 2, 2))
    return [len(batches.filled(features, poses(1), poses(n))[2]) for n in asked]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ([8, 8, 8, 3], [8, 8, 8, 8]),  # a clip
        ([8, 5, 8, 7, 3], [8, 8, 8, 8, 8]),  # one with gaps
        ([1, 1, 8, 8, 2], [1, 1, 8, 8, 8]),  # live, then a clip
        ([8, 8, 1, 1, 1], [8, 8, 8, 1, 1]),  # a clip, then live
        ([8, 1, 1, 8, 1, 4], [8, 8, 1, 8, 1, 8]),
        ([2, 4, 3], [2, 4, 4]),
    ],
)
def test_sizes(asked, given):
    assert sizes(asked) == given


@pytest.mark.parametrize("of_one", [True, False])
def test_what_fills_up_are_copies_of_the_last_entry(of_one):
    batches = SteadyBatches()
    n = 1 if of_one else 3
    picture = torch.arange(n).float().view(n, 1, 1, 1)
    features = SourceFeatures(picture[..., None], picture, torch.arange(n) == n - 1)
    batches.filled(features, poses(n), poses(5))
    filled, x_s, x_d = batches.filled(features, poses(n), poses(3))
    assert x_d[:, 0, 0].tolist() == [0, 1, 2, 2, 2]
    expected = [0] if of_one else [0, 1, 2, 2, 2]
    assert x_s[:, 0, 0].tolist() == filled.picture.flatten().tolist() == filled.volume.flatten().tolist() == expected
    assert filled.is_grey.tolist() == [entry == n - 1 for entry in expected]


def test_a_batch_that_fits_is_handed_on():
    features, x_s, x_d = SourceFeatures(torch.zeros(1, 2, 2, 2, 2)), poses(1), poses(4)
    filled = SteadyBatches().filled(features, x_s, x_d)
    assert filled[0] is features and filled[1] is x_s and filled[2] is x_d
