import pytest

from .conftest import assert_close, example, golden, load

MSDA, UNITS = load("msda"), load("units")
LEVELS = [(int(height), int(width)) for height, width in MSDA["shapes"]]


@pytest.mark.parametrize(("groups", "result"), [(1, "dec2_out_a"), (2, "dec2_out_b")])
def test_a_layer_agrees_with_the_official_one(network, groups, result):
    x = example("feature_dec_tgt", 1, 20, 256).view(groups, -1, 256)
    position = example("feature_dec_pos", 1, 20, 256).view(groups, -1, 256)
    reference = golden(UNITS, "dec_ref").view(groups, -1, 4)
    text = example("feature_fuse_l", 1, 1, 256)[0]
    layer = network.transformer.decoder.layers[2]
    found = layer(x, position, reference, golden(MSDA, "mod_memory")[0], LEVELS, text)
    assert_close(found.flatten(), UNITS[result].reshape(-1), "xpose_query")
