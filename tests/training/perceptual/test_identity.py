from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from src.errors import InputError, WeightsError
from src.training.losses.identity import identity_loss
from src.training.perceptual.identity import IResNet50


@pytest.fixture(scope="module")
def network() -> IResNet50:
    torch.manual_seed(0)
    return IResNet50()


def test_layout(network: IResNet50):
    state = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert state["layer3.13.conv2.weight"] == (256, 256, 3, 3)
    assert state["layer1.0.downsample.0.weight"] == (64, 64, 1, 1) and "layer1.1.downsample.0.weight" not in state
    assert state["layer4.0.bn1.weight"] == (256,) and state["layer2.3.prelu.weight"] == (128,)
    assert state["fc.weight"] == (512, 512 * 7 * 7) and state["features.running_mean"] == (512,)
    assert not {key for key in state if key.startswith(("mean", "std"))}  # not in the files
    parameters = sum(parameter.numel() for parameter in network.parameters())
    assert round(parameters / 1e6, 2) == 43.59  # as published


def test_descriptors_and_loss(network: IResNet50):
    a, b = torch.rand(1, 3, 112, 112, requires_grad=True), torch.rand(1, 3, 112, 112)
    assert network(a).shape == (1, 512)
    loss = identity_loss(network, a, b)
    loss.backward()
    assert 0 < loss.item() <= 2 and a.grad is not None and a.grad.isfinite().all() and a.grad.any()
    assert identity_loss(network, b, b).item() == pytest.approx(0, abs=1e-6)


def test_pictures_are_taken_to_both_sides_of_grey(network: IResNet50):
    seen = network.normalised(torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1))
    assert seen.flatten().tolist() == [-1, 0, 1]


def test_a_block_by_hand(network: IResNet50):
    x = torch.rand(1, 64, 6, 6)
    plain, strided = network.get_submodule("layer1.1"), network.get_submodule("layer1.0")

    def inner(block: torch.nn.Module, stride: int) -> torch.Tensor:
        norm = (1 + 1e-5) ** -0.5  # fresh batch norms
        y = norm * F.conv2d(norm * x, block.get_parameter("conv1.weight"), padding=1)
        y = norm * F.conv2d(F.prelu(y, torch.tensor(0.25)), block.get_parameter("conv2.weight"), None, stride, 1)
        return y if stride == 1 else y + norm * F.conv2d(x, block.get_parameter("downsample.0.weight"), None, stride)

    torch.testing.assert_close(plain(x), x + inner(plain, 1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(strided(x), inner(strided, 2), atol=1e-5, rtol=1e-5)


def test_other_files_are_refused(tmp_path: Path):
    torch.save({"fc.weight": torch.zeros(128, 256)}, tmp_path / "small.pth")  # 128 numbers
    with pytest.raises(WeightsError, match=r"fc\.weight \(128, 256\) instead of \(512, 25088\)"):
        IResNet50.from_file(tmp_path / "small.pth")


def test_other_sizes_are_refused(network: IResNet50):
    with pytest.raises(InputError, match=r"\(B, 3, 112, 112\), got \(1, 3, 128, 128\)"):
        network(torch.rand(1, 3, 128, 128))
