"""The compact model in the form that is exported, against its networks, with weights that leave nothing out."""

import torch
from torch import nn

from src.config.model_config import load_model_config
from src.engine.compact_sizes import OUTPUT_SIZE, shrunk
from src.engine.onnx.compact_form import CompactForm
from src.modules.compact.compose import compose, warp_picture
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.modules.compact.warping_network import CompactWarpingNetwork
from tests.tolerances import FLOAT32


def randomised(network: nn.Module) -> nn.Module:
    for value in [*network.parameters(), *network.buffers()]:
        if value.is_floating_point():
            value.data.uniform_(-0.2, 0.2) if value.ndim > 1 else value.data.uniform_(0.1, 0.3)
    return network.eval()


@torch.no_grad()
def test_pictures_and_flow():
    torch.manual_seed(0)
    params = load_model_config("compact")
    w = randomised(CompactWarpingNetwork(**params["warping_module_params"]))
    g = randomised(CompactSPADEDecoder(**params["spade_generator_params"]))
    volume, picture = torch.randn(2, 24, 4, 16, 16), torch.rand(2, 3, OUTPUT_SIZE, OUTPUT_SIZE)
    x_s = torch.rand(2, 21, 3) - 0.5
    x_d = x_s + 0.05 * torch.randn(2, 21, 3)
    found, flow = CompactForm(w, g)(volume, picture, torch.tensor([False, True]), x_s, x_d)
    feature, wanted_flow = w(volume, x_d, x_s)
    residual, paint = g(feature, warp_picture(shrunk(picture), wanted_flow), x_d, x_s)
    wanted = compose(picture, wanted_flow, residual, paint, x_d, x_s)
    wanted[1] = wanted[1].mean(0)
    allowed = FLOAT32["reordered"]
    torch.testing.assert_close(flow, wanted_flow, rtol=allowed.rel, atol=allowed.abs)
    torch.testing.assert_close(found, wanted.clamp(0, 1), rtol=allowed.rel, atol=allowed.abs)
    assert residual.std() > 0.005 and paint.std() > 0.01
