"""What the networks are measured with."""

import pytest
import torch

from src.benchmark.inputs import random_inputs
from src.benchmark.variants import Variant
from src.modules.compact.aperture import mouth_strength, newly_open


@pytest.mark.parametrize("batch_size", [1, 8])
def test_compact_networks_have_a_mouth_to_paint(compact, batch_size):
    inputs = random_inputs(Variant("fused", "float32").create(compact, torch.device("cpu")), batch_size)
    opened = mouth_strength(inputs.x_d) * newly_open(inputs.x_d, inputs.x_s)
    assert opened.min() > 0.1 and opened.max() - opened.min() < 1e-5  # in every frame alike
    moved = 256 * (inputs.x_d - inputs.x_s).mean(1)  # pixels of a picture of 512
    assert 1 < moved.abs().max() < 15


def test_the_same_at_every_run(compact):
    engine = Variant("eager", "float32").create(compact, torch.device("cpu"))
    first, second, other = (random_inputs(engine, 2, seed) for seed in (0, 0, 1))
    assert torch.equal(first.x_d, second.x_d) and torch.equal(first.source, second.source)
    assert not torch.equal(first.x_d, other.x_d)
