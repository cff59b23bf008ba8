from pathlib import Path

import pytest
import torch
from torch import nn

from src.errors import InputError, WeightsError
from src.training.perceptual.lpips import Lpips, alexnet, lpips_alexnet, lpips_vgg, read_heads
from src.training.perceptual.sequential import SequentialFeatures
from src.training.perceptual.vgg import vgg16

WIDTHS = {"vgg": (64, 128, 256, 512, 512), "alexnet": (64, 192, 384, 256, 256)}


def write_heads(path: Path, widths: tuple[int, ...]) -> Path:
    torch.save({f"lin{i}.model.1.weight": torch.rand(1, width, 1, 1) for i, width in enumerate(widths)}, path)
    return path


def write_backbone(path: Path, network: SequentialFeatures) -> Path:
    torch.save({**network.state_dict(), "classifier.6.bias": torch.zeros(3)}, path)
    return path


def test_by_hand():
    """One layer that passes the normalised picture on: unit vectors, squared, weighted."""
    layer = nn.Conv2d(3, 3, 1, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(3)[..., None, None])
    network = Lpips(SequentialFeatures([layer], (0,)), [torch.tensor([1.0, 2.0, 4.0])])
    mean, std = network.backbone.mean, network.backbone.std
    a = mean + std * torch.tensor([3.0, 0.0, 4.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    b = mean + std * torch.tensor([0.0, 5.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 4, 4)
    assert network(a, b).item() == pytest.approx(0.36 + 2 + 4 * 0.64, rel=1e-5)
    assert network(mean + 3 * (a - mean), a).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("name", "make"), [("vgg", lpips_vgg), ("alexnet", lpips_alexnet)])
def test_files(tmp_path: Path, name: str, make):
    backbone = write_backbone(tmp_path / "net.pth", vgg16() if name == "vgg" else alexnet())
    network = make(backbone, write_heads(tmp_path / "heads.pth", WIDTHS[name]))
    a, b = torch.rand(2, 3, 64, 64, requires_grad=True), torch.rand(2, 3, 64, 64)
    distances = network(a, b)
    assert distances.shape == (2,) and (distances > 0).all()
    torch.testing.assert_close(network(b, a), distances)
    torch.testing.assert_close(network(a[:1], b[:1]), distances[:1])
    assert not network(b, b).any()
    distances.sum().backward()
    assert a.grad is not None and a.grad.isfinite().all()
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_heads_of_another_network_are_refused(tmp_path: Path):
    path = write_heads(tmp_path / "heads.pth", WIDTHS["vgg"])
    with pytest.raises(WeightsError, match=r"lin1\.model\.1\.weight \(1, 192, 1, 1\) is missing"):
        read_heads(path, WIDTHS["alexnet"])


def test_other_shapes_are_refused():
    with pytest.raises(InputError, match="same shape"):
        Lpips(alexnet(), [])(torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 32))
