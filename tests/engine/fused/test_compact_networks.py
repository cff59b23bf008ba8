"""Each rewrite of the compact networks against the plain form, in float64 and with weights that leave nothing out."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from src.engine.fused.compact_conv import Conv
from src.engine.fused.compact_flow import Calm, splat
from src.engine.fused.compact_generator import FusedGenerator
from src.engine.fused.compact_motion import Motions, gaussians, sample_shifted, shares
from src.engine.fused.compact_warping import FusedWarping
from src.engine.fused.fold import fold_batch_norm
from src.modules.compact import calm as plain_calm
from src.modules.compact import splat as plain_splat
from src.modules.compact.aperture import aperture_maps
from src.modules.compact.candidates import blend, candidate_motions, squared_distances
from src.modules.compact.dense_motion import _gaussians
from src.modules.compact.grid import centre_grid
from src.modules.compact.keypoints import fit_affine, with_outline
from src.modules.compact.spade_generator import CompactSPADEDecoder
from src.modules.compact.warping_network import CompactWarpingNetwork
from tests.tolerances import FLOAT32, FLOAT64

DENSE = {
    "block_expansion": 4,
    "num_blocks": 2,
    "max_features": 12,
    "reshape_depth": 4,
    "compress": 1,
    "background_logit": -4.2,
    "prior_sigma": 0.16,
    "prior_sigmas": {0: 0.2, 11: 0.04, 23: 0.18},
    "flow_size": 32,
    "splat_width": 0.7,
}


@pytest.fixture(autouse=True)
def float64():
    usual = torch.get_default_dtype()
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    with torch.no_grad():
        yield
    torch.set_default_dtype(usual)


@pytest.fixture(params=[1, 3])
def keypoints(request):
    kp_driving, kp_source = 0.4 * torch.randn(3, 21, 3), 0.4 * torch.randn(request.param, 21, 3)
    return kp_driving, kp_source


def same(actual: torch.Tensor, wanted: torch.Tensor) -> None:
    allowed = FLOAT64["rewrite"].rel
    torch.testing.assert_close(actual, wanted, rtol=allowed, atol=allowed)


def randomised(network: nn.Module) -> nn.Module:
    """Every parameter and statistic drawn at random, so that none of them may be forgotten."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point():
            drawn = torch.rand_like(tensor) + 0.5 if "running_var" in name else 0.2 * torch.randn_like(tensor)
            tensor.copy_(drawn)
    return network.eval()


@pytest.mark.parametrize(("kind", "norm", "size"), [(nn.Conv2d, nn.BatchNorm2d, 2), (nn.Conv3d, nn.BatchNorm3d, 3)])
def test_a_folded_norm(kind, norm, size):
    conv, after = randomised(kind(5, 7, 3, padding=1)), randomised(norm(7))
    x = torch.randn(2, 5, *[6] * size)
    same(Conv(*fold_batch_norm(conv, after))(x), after(conv(x)))


def test_the_convolution_of_onednn():
    conv = nn.Conv3d(5, 7, 3, padding=1).float()
    x = torch.randn(1, 5, 4, 6, 6).float()
    torch.testing.assert_close(
        Conv(conv.weight, conv.bias)(x), conv(x), rtol=FLOAT32["reordered"].rel, atol=FLOAT32["reordered"].abs
    )


def test_blended_motions(keypoints):
    kp_driving, kp_source = keypoints
    grid = centre_grid(4, 5, 6, like=kp_driving)
    logits = torch.randn(3, 26, 4, 5, 6)
    affine = fit_affine(kp_driving, kp_source.expand_as(kp_driving))
    points = with_outline(kp_driving), with_outline(kp_source.expand_as(kp_driving))
    wanted = blend(candidate_motions(grid, *points, affine), logits)
    share = logits.softmax(1).flatten(2).mT
    moved = Motions.between(kp_driving, kp_source).blend(share, grid.view(-1, 3))
    same((grid.view(-1, 3) + moved).view_as(wanted), wanted)


def test_shares_are_a_softmax():
    logits = torch.tensor([[-4.0, -300.0, -95.0, 2.0], [0.0, -60.0, -1.0, 60.0]])
    same(shares(logits), logits.softmax(-1))


@pytest.mark.parametrize("first", [0.0, -36.0])
def test_shares_without_subnormal_numbers(first):
    logits = torch.cat([torch.tensor([first]), -0.5 * torch.arange(400.0)]).float()
    assert (shares(logits) > torch.finfo(torch.float32).tiny).all()


def test_separable_gaussians(keypoints):
    kp, _ = keypoints
    same(gaussians(kp, 4, 5, 6, 0.01), _gaussians(centre_grid(4, 5, 6, like=kp), kp))


@pytest.mark.parametrize("reach", [1.0, 30.0])
def test_sampled_candidates(keypoints, reach):
    kp_driving, kp_source = keypoints
    kp_source = kp_source * reach
    volume = torch.randn(len(kp_source), 1, 4, 6, 6)
    affine = fit_affine(kp_driving, kp_source.expand_as(kp_driving))
    points = with_outline(kp_driving), with_outline(kp_source.expand_as(kp_driving))
    motions = candidate_motions(centre_grid(4, 6, 6, like=kp_driving), *points, affine)[:, 1:]
    wanted = F.grid_sample(volume.expand(3, -1, -1, -1, -1), motions.flatten(1, 2), align_corners=False)
    sampled = sample_shifted(volume[:, 0], Motions.between(kp_driving, kp_source))
    same(sampled.flatten(), wanted.flatten())


def test_splat(keypoints):
    kp_driving, kp_source = keypoints
    flow, sigma = torch.randn(3, 2, 32, 32), 0.1 + torch.rand(25)
    motions = Motions.between(kp_driving, kp_source)
    distances = squared_distances(motions.driving, 32, 32)
    wanted = plain_splat.splat(flow, motions.driving, motions.source.expand_as(motions.driving), distances, sigma)
    same(splat(flow, motions.driving[..., :2], motions.source[..., :2], sigma), wanted)


def test_calm(keypoints):
    flow = torch.randn(3, 2, 32, 32)
    same(Calm(32, like=flow)(flow, keypoints[0]), plain_calm.calm(flow, keypoints[0]))


@pytest.mark.parametrize("lip_edge_reach", [None, 0.05])
@pytest.mark.parametrize("volumes", [1, 3])
def test_warping(keypoints, volumes, lip_edge_reach):
    plain = CompactWarpingNetwork(21, 3, 24, 3, 6, {**DENSE, "lip_edge_reach": lip_edge_reach}).to(torch.float64)
    randomised(plain)
    volume = torch.randn(volumes, 6, 4, 16, 16)
    fused = FusedWarping(plain)
    for actual, wanted in zip(fused(fused.prepare(volume), *keypoints), plain(volume, *keypoints), strict=True):
        same(actual, wanted)


def test_generator(keypoints):
    plain = CompactSPADEDecoder(3, 24, 3, 21, 2, 16, 12, 8, 2, 8).to(torch.float64)
    randomised(plain)
    feature, warped = torch.randn(3, 24, 8, 8), torch.rand(3, 3, 64, 64)
    rows = (warped * 2 - 1).permute(0, 2, 3, 1).contiguous()
    kp_driving, kp_source = keypoints
    maps = aperture_maps(kp_driving, kp_source.expand_as(kp_driving), 32)
    residual, paint = FusedGenerator(plain)(feature, rows, kp_driving, maps)
    wanted = plain(feature, warped, *keypoints)
    same(residual[..., :3] / 255, wanted[0].permute(0, 2, 3, 1))
    same(paint[..., :3] / 255, wanted[1].permute(0, 2, 3, 1))
