import torch

from .conftest import assert_close, assert_sampled, example, load

UNITS = load("units")


def test_fusion_and_text_layer_agree_with_the_official_ones(network):
    tokens, text = example("feature_fuse_v", 1, 91, 256)[0], example("feature_fuse_l", 1, 1, 256)[0]
    encoder = network.transformer.encoder
    fused, told = encoder.fusion_layers[0](tokens, text)
    assert_sampled(fused, UNITS["fuse0_v_s7"], 7, "xpose_feature")
    assert_close(told.flatten(), UNITS["fuse0_l"].reshape(-1), "xpose_feature")
    assert_close(encoder.text_layers[0](text), UNITS["text0_out"], "xpose_feature")


def test_fusion_equals_the_plain_form(network):
    """Every token projected by itself, as the paper's formula says."""
    layer = network.transformer.encoder.fusion_layers[3]
    torch.manual_seed(0)
    tokens, text = torch.randn(50, 256), torch.randn(1, 256)
    attention = layer.attn
    query = (attention.v_proj(tokens) * 256**-0.5).view(50, 4, 256)
    weights = torch.einsum("nhc,hc->nh", query, attention.l_proj(text).view(4, 256)).softmax(0)
    gathered = torch.einsum("nh,nhc->hc", weights, attention.values_v_proj(tokens).view(50, 4, 256))
    _, told = attention(tokens, text)
    torch.testing.assert_close(told, attention.out_l_proj(gathered.view(1, -1)), atol=1e-4, rtol=1e-4)
