"""W and G in the form that is exported, against the networks themselves."""

import pytest
import torch

from src.engine.checkpoints import Checkpoints
from src.engine.fused.separable import sample_shifted
from src.engine.onnx import warping_form
from src.engine.onnx.generator_form import GeneratorForm
from src.engine.onnx.warping_form import WarpingForm
from src.errors import InputError
from src.modules.spade_generator import SPADEDecoder
from src.modules.warping_network import WarpingNetwork
from src.weights.layout import fold_spectral_norm
from tests.tolerances import FLOAT32


@pytest.fixture
def checkpoints(narrow) -> Checkpoints:
    return Checkpoints(narrow.files, narrow.config, torch.device("cpu"))


def close(found: torch.Tensor, wanted: torch.Tensor) -> None:
    allowed = FLOAT32["reordered"]
    torch.testing.assert_close(found, wanted, rtol=allowed.rel, atol=allowed.abs)


@torch.no_grad()
def test_w(checkpoints):
    torch.manual_seed(0)
    network = checkpoints.build(WarpingNetwork, "warping_module")
    volume, x_s = torch.randn(2, 4, 4, 32, 32), torch.rand(2, 21, 3) - 0.5
    x_d = x_s + 0.1 * torch.rand(2, 21, 3)
    wanted = network(volume, kp_driving=x_d, kp_source=x_s)
    found = WarpingForm(network, (4, 32, 32))(volume, x_d, x_s)
    found["out"] = found["out"].movedim(-1, 1)
    for name, value in wanted.items():
        close(found[name], value)


@torch.no_grad()
def test_where_w_reads_is_not_rounded(checkpoints, monkeypatch):
    asked = []
    monkeypatch.setattr(warping_form, "sample_shifted", lambda *both: asked.append(both) or sample_shifted(*both))
    network = checkpoints.build(WarpingNetwork, "warping_module")
    WarpingForm(network, (4, 32, 32))(torch.randn(1, 4, 4, 32, 32), *torch.rand(2, 1, 21, 3))
    ((volume, shift),) = asked
    assert volume.dtype == torch.float32 and shift.dtype == torch.float64


@torch.no_grad()
def test_g(checkpoints):
    torch.manual_seed(0)
    feature = torch.randn(2, 16, 16, 16)
    wanted = checkpoints.build(SPADEDecoder, "spade_generator")(feature)
    network = checkpoints.build(SPADEDecoder, "spade_generator")
    fold_spectral_norm(network)
    assert wanted.std() > 0.05
    close(GeneratorForm(network, (16, 16))(feature.movedim(1, -1)), wanted)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"up_channels": ()}, "the generator has 1 up stages, 1 of which narrow the map, and 3 x 3 kernels"),
        ({"out_channels": 16}, "the generator has 2 up stages, 1 of which"),
        ({"kernel_size": 5}, "5 x 5 kernels"),
    ],
)
def test_a_g_of_another_shape(params, words):
    network = SPADEDecoder(**{"max_features": 16, "block_expansion": 4, "num_middle": 1, **params})
    with pytest.raises(InputError, match=f"{words}.*use --engine eager"):
        GeneratorForm(network, (8, 8))


def test_a_w_of_another_shape(checkpoints):
    network = checkpoints.build(WarpingNetwork, "warping_module")
    network.third.conv.kernel_size = (5, 5)
    with pytest.raises(InputError, match=r"5 x 5 kernel; .* use --engine eager"):
        WarpingForm(network, (4, 32, 32))
