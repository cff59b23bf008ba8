import pytest
import torch

from src.modules.xpose import deformable_attention
from src.modules.xpose.deformable_attention import DeformableAttention, sample_levels, split_levels

from .conftest import assert_close, golden, load

MSDA = load("msda")
LEVELS = [(int(height), int(width)) for height, width in MSDA["shapes"]]


def test_sampling_agrees_with_the_official_op():
    value, places, weights = (golden(MSDA, f"core_{name}") for name in ("value", "loc", "weight"))
    assert (places < 0).any() and (places > 1).any()
    sampled = [sample_levels(split_levels(v, LEVELS), p, w) for v, p, w in zip(value, places, weights, strict=True)]
    assert_close(torch.stack(sampled), MSDA["core_out"], "xpose_sampling")


@pytest.mark.parametrize("queries", [2048, 4])
@pytest.mark.parametrize(
    ("name", "reference", "result"),
    [
        ("encoder.layers.0.self_attn", "mod_ref2", "mod_out_enc0"),
        ("decoder.layers.0.cross_attn", "mod_ref4", "mod_out_dec0"),
    ],
)
def test_the_module_agrees_with_the_official_one(network, monkeypatch, name, reference, result, queries):
    monkeypatch.setattr(deformable_attention, "_QUERIES", queries)
    module = network.transformer.get_submodule(name)
    query, memory = golden(MSDA, "mod_query")[0], golden(MSDA, "mod_memory")[0]
    found = module(query, golden(MSDA, reference)[0], memory, LEVELS)
    assert_close(found, MSDA[result][0], "xpose_sampling")


def test_a_query_far_outside_sees_zeros():
    maps = [torch.ones(8, 32, 3, 5)] * 4
    places = torch.full((1, 8, 4, 4, 2), 3.0)
    assert not sample_levels(maps, places, torch.ones(1, 8, 4, 4)).any()


def test_half_precision_samples_in_single():
    torch.manual_seed(0)
    module = DeformableAttention()
    query, memory = golden(MSDA, "mod_query")[0], golden(MSDA, "mod_memory")[0]
    reference = golden(MSDA, "mod_ref2")[0]
    expected = module(query, reference, memory, LEVELS)
    found = module.bfloat16()(query.bfloat16(), reference, memory.bfloat16(), LEVELS)
    assert found.dtype == torch.bfloat16
    assert (found.float() - expected).abs().max() < 0.05 * expected.abs().max()
