"""Batches of compiled networks."""

import pytest
import torch

from src.engine.compiling import Compiler
from src.engine.engine import SourceFeatures
from src.engine.steady_batches import SteadyBatches

ONE = SourceFeatures(torch.zeros(1, 2, 2, 2, 2))


def poses(n: int) -> torch.Tensor:
    return torch.arange(float(n))[:, None, None].expand(n, 21, 3)


@pytest.fixture
def compiler() -> Compiler:
    return Compiler(torch.device("cpu"))


def sizes(batches: SteadyBatches, asked: list[int]) -> list[int]:
    return [batches.run(lambda *given: len(given[2]), ONE, poses(1), poses(n)) for n in asked]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ([8, 8, 8, 3], [8, 8, 8, 8]),  # a clip
        ([8, 8, 8, 8, 3, 3], [8, 8, 8, 8, 8, 8]),  # of two faces
        ([8, 5, 8, 7, 7, 2, 2], [8, 8, 8, 8, 8, 8, 8]),  # one with gaps
        ([1, 1, 8, 2], [1, 1, 8, 8]),  # live, then a clip
        ([8, 1, 1, 8], [8, 1, 1, 8]),  # a clip, then live
        ([2, 4, 3], [2, 4, 4]),
    ],
)
def test_sizes(compiler, asked, given):
    assert sizes(SteadyBatches(compiler), asked) == given


def test_where_compiling_failed_batches_are_as_they_come(compiler):
    batches = SteadyBatches(compiler)
    assert sizes(batches, [8, 3]) == [8, 8]
    compiler.works = False
    assert sizes(batches, [8, 3]) == [8, 3]


def test_a_size_for_which_memory_did_not_suffice_is_not_filled_up_to(compiler):
    batches = SteadyBatches(compiler)

    def fail(*given):
        raise torch.OutOfMemoryError

    with pytest.raises(torch.OutOfMemoryError):
        batches.run(fail, ONE, poses(1), poses(8))
    assert sizes(batches, [4, 3]) == [4, 4]


@pytest.mark.parametrize("of_one", [True, False])
def test_what_fills_up_are_copies_of_the_last_entry(compiler, of_one):
    batches, n = SteadyBatches(compiler), 1 if of_one else 3
    picture = torch.arange(n).float().view(n, 1, 1, 1)
    features = SourceFeatures(picture[..., None], picture, torch.arange(n) == n - 1)
    batches.run(lambda *given: None, ONE, poses(1), poses(5))
    filled, x_s, x_d = batches.run(lambda *given: given, features, poses(n), poses(3))
    assert x_d[:, 0, 0].tolist() == [0, 1, 2, 2, 2]
    expected = [0] if of_one else [0, 1, 2, 2, 2]
    assert x_s[:, 0, 0].tolist() == filled.picture.flatten().tolist() == filled.volume.flatten().tolist() == expected
    assert filled.is_grey.tolist() == [entry == n - 1 for entry in expected]
