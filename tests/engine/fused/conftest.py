"""What all tests of the fused networks need."""

import pytest
import torch


@pytest.fixture(autouse=True)
def fixed_chance():
    with torch.no_grad(), torch.random.fork_rng():
        torch.manual_seed(0)
        yield
