"""What the networks are measured with."""

import torch

from src.benchmark.inputs import random_inputs
from src.benchmark.variants import Variant
from src.modules.compact.aperture import mouth_strength, newly_open


def test_compact_networks_have_a_mouth_to_paint(compact):
    inputs = random_inputs(Variant("fused", "float32").create(compact, torch.device("cpu")), 8)
    assert (mouth_strength(inputs.x_d) * newly_open(inputs.x_d, inputs.x_s) > 0.1).all()
    assert 0.1 < (inputs.x_d - inputs.x_s).abs().max() / 0.06 < 2  # and moves by some pixels


def test_the_same_at_every_run(compact):
    engine = Variant("eager", "float32").create(compact, torch.device("cpu"))
    first, second, other = (random_inputs(engine, 2, seed) for seed in (0, 0, 1))
    assert torch.equal(first.x_d, second.x_d) and torch.equal(first.source, second.source)
    assert not torch.equal(first.x_d, other.x_d)
