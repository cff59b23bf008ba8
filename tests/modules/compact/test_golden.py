"""The compact networks with the shipped weights against the numbers that came with them."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from src.modules.compact.compose import compose, warp_picture
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.modules.stitching_retargeting_network import StitchingRetargetingNetwork
from src.weights.layout import MOUTH_TEXTURE, without_texture
from src.weights.load import load_strict
from tests.modules.compact.conftest import load
from tests.tolerances import FLOAT32

NETWORK, PICTURE = FLOAT32["compact_network"].abs, FLOAT32["compact_picture"].abs


def assert_near(actual: torch.Tensor, wanted: np.ndarray, tolerance: float) -> None:
    assert tuple(actual.shape) == wanted.shape
    assert float((actual - torch.from_numpy(wanted)).abs().max()) <= tolerance


def test_f(golden, volume):
    assert_near(volume, golden["feature_3d"], NETWORK)


def test_w(golden, warping, volume, x_d, x_s):
    feature, flow = warping(volume, x_d, x_s)
    assert_near(feature[:, ::8], golden["feature"], NETWORK)
    assert_near(flow, golden["flow"], NETWORK)


@pytest.mark.parametrize(("size", "step"), [(256, 4), (512, 8)])
def test_pictures(golden, animate, picture, volume, x_d, x_s, size, step):
    picture = F.avg_pool2d(picture, 512 // size) if size < 512 else picture
    out = animate(picture, volume, x_d, x_s)
    assert out.shape == (5, 3, size, size)
    assert_near(out[..., ::step, ::step], golden[f"picture_{size}"], PICTURE)
    assert_near(out.mean((1, 2, 3)), golden[f"picture_{size}_mean"], PICTURE)


def test_pictures_without_the_texture_of_the_mouth(golden, params, generator, warping, picture, volume, x_d, x_s):
    plain = CompactSPADEDecoder(**without_texture(params["spade_generator_params"])).eval()
    own = {key: value for key, value in generator.state_dict().items() if not key.startswith(MOUTH_TEXTURE)}
    load_strict(plain, own, what="G")
    feature, flow = warping(volume, x_d, x_s)
    residual, paint = plain(feature, warp_picture(F.avg_pool2d(picture, 4), flow), x_d, x_s)
    out = compose(F.avg_pool2d(picture, 2), flow, residual, paint, x_d, x_s)[..., ::4, ::4]
    assert_near(out, golden["picture_256_without_texture"], PICTURE)


@pytest.mark.parametrize("name", ["eye", "lip"])
def test_r(golden, params, x_s, name):
    network = StitchingRetargetingNetwork(**params["stitching_retargeting_module_params"][name])
    load(network, "stitching_retargeting", prefix=f"{name}.")
    delta = network(torch.cat([x_s.flatten(1), torch.from_numpy(golden[f"{name}_ratio"])], 1))
    assert_near(delta, golden[f"{name}_delta"], NETWORK)


def test_s(golden, params, x_s, x_d):
    network = StitchingRetargetingNetwork(**params["stitching_retargeting_module_params"]["stitching"])
    load(network, "stitching_retargeting", prefix="stitching.")
    last = x_d[-1:]  # the golden is of the last frame
    assert_near(network(torch.cat([x_s.flatten(1), last.flatten(1)], 1)), golden["stitching"], NETWORK)
