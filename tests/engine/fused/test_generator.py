"""The whole G, tiny and in float64, against the plain one."""

from typing import cast

import pytest
import torch

from src.engine.fused import tile_conv
from src.engine.fused.generator import FusedGenerator
from src.engine.fused.tile_conv import TileConv
from src.errors import InputError
from src.modules.spade_generator import SPADEDecoder
from src.weights.layout import fold_spectral_norm
from tests.engine.fused.compared import assert_same, last, normal, random_weights, tile_everything
from tests.tolerances import BFLOAT16

TINY = {"max_features": 12, "block_expansion": 3, "out_channels": 4, "num_middle": 2, "spade_hidden": 5}


def folded(**params) -> SPADEDecoder:
    network = random_weights(SPADEDecoder(**{**TINY, "upscale": 2, **params}))
    fold_spectral_norm(network)
    return network


@pytest.mark.parametrize("tiled", [False, True])
@pytest.mark.parametrize(("batch", "height", "width"), [(1, 4, 4), (2, 5, 6), (3, 7, 3)])
def test_the_same_picture(tiled, batch, height, width, monkeypatch):
    if tiled:
        tile_everything(monkeypatch)
    network, feature = folded(), normal(batch, 12, height, width)
    before = feature.clone()
    assert_same(FusedGenerator(network, torch.float64)(last(feature)), network(feature))
    assert torch.equal(feature, before)


@pytest.mark.parametrize(
    "params",
    [{"upscale": 1}, {"upscale": None}, {"num_middle": 1, "slope": 0.05, "shuffle_factor": 3}, {"middle_channels": 7}],
)
def test_other_definitions(params):
    network, feature = folded(**params), normal(1, 12, 5, 4)
    assert_same(FusedGenerator(network, torch.float64)(last(feature)), network(feature))


def test_the_spectral_norm_that_was_folded():
    """The weights of the official file, as its own G applies them."""
    network, feature = random_weights(SPADEDecoder(**TINY, upscale=2)), normal(2, 12, 4, 5)
    expected = network(feature)
    fold_spectral_norm(network)
    assert_same(FusedGenerator(network, torch.float64)(last(feature)), expected)


@pytest.mark.parametrize("tiled", [False, True])
def test_strip_by_strip(tiled, monkeypatch):
    if tiled:
        tile_everything(monkeypatch)
    monkeypatch.setattr(tile_conv, "_STRIP_BYTES", 0)
    network, feature = folded(), normal(2, 12, 7, 6)
    assert_same(FusedGenerator(network, torch.float64)(last(feature)), network(feature))


def test_a_view_of_the_other_layout():
    network, feature = folded(), normal(2, 12, 5, 6)
    assert_same(FusedGenerator(network, torch.float64)(feature.movedim(1, -1)), network(feature))


def test_the_network_is_left_as_it_was():
    network = folded()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    FusedGenerator(network, torch.float64)(normal(1, 4, 4, 12))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize(
    ("dtype", "middle", "products"),
    [
        (torch.float32, torch.float32, 36),
        (torch.bfloat16, torch.float32, 49),  # with fewer it would err too much
        (torch.float64, torch.float64, 49),
    ],
)
def test_precision(dtype, middle, products):
    network = folded().float()
    fused = FusedGenerator(network, dtype)
    assert {buffer.dtype for module in (fused.fc, fused.shared, fused.middle) for buffer in module.buffers()} == {
        middle
    }
    for module in (fused.up_0, fused.up_1, fused.conv_img):
        assert {value.dtype for value in module.state_dict().values()} == {dtype}
    assert cast(TileConv, fused.up_1.residual.heads_0).products.shape[1] == products
    assert fused(normal(1, 4, 4, 12, dtype=torch.float32)).dtype == dtype


def test_bfloat16_draws_about_the_same():
    network, feature = folded(), normal(1, 12, 6, 6)
    actual = FusedGenerator(network, torch.bfloat16)(last(feature))
    assert (actual.double() - network(feature)).abs().mean() < BFLOAT16["mean"].abs


@pytest.mark.parametrize(
    "params", [{"kernel_size": 5}, {"up_channels": (12, 6)}, {"up_channels": ()}, {"out_channels": 12}]
)
def test_a_g_that_is_built_otherwise(params):
    with pytest.raises(InputError, match=r"only two that do and 3 x 3 kernels .* use --engine eager"):
        FusedGenerator(folded(**params), torch.float32)
