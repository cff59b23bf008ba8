"""With made-up weights: the published ones are too large to bring along."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from src.errors import InputError, MissingFileError, WeightsError
from src.evaluation.perceptual import CHANNELS, LinearLayers, Perceptual, vgg16
from src.training.perceptual.sequential import SequentialFeatures

CPU = torch.device("cpu")
# as the lpips package has them, for pictures in -1..1
SHIFT, SCALE = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
FIRST = np.array([[1.0, -2.0, 0.5], [-1.0, 0.0, 3.0], [0.5, 1.0, 1.0], [-2.0, 1.0, 0.0]])
SECOND = np.array([[1.0, 0.5, -1.0, 2.0], [-0.5, 1.0, 2.0, 0.0]])
COUNTS = (np.array([0.5, 1.0, 2.0, 0.25]), np.array([3.0, 1.5]))


def pictures(side=8):
    return np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)


def weighed(counts) -> LinearLayers:
    linear = LinearLayers([len(count) for count in counts])
    linear.load_state_dict(
        {f"lin{i}.model.1.weight": torch.tensor(count).view(1, -1, 1, 1) for i, count in enumerate(counts)}
    )
    return linear


def small() -> Perceptual:
    """Of two convolutions of single pixels, the second one behind a pooling."""
    layers = [nn.Conv2d(3, 4, 1, bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 2, 1, bias=False), nn.ReLU()]
    for number, weights in ((0, FIRST), (3, SECOND)):
        layers[number].weight.data = torch.tensor(weights[..., None, None], dtype=torch.float32)
    return Perceptual(SequentialFeatures(layers, (1, 4)), weighed(COUNTS), CPU)


def by_hand(a, b) -> float:
    """The formula of the paper in numpy."""
    total = 0.0
    for count, x, y in zip(COUNTS, features(a), features(b), strict=True):
        squared = (unit(x) - unit(y)) ** 2
        total += (squared * count).sum(-1).mean()
    return total


def features(picture):
    x = (picture / 127.5 - 1 - SHIFT) / SCALE
    first = np.maximum(x @ FIRST.T, 0)
    pooled = first.reshape(len(x) // 2, 2, len(x) // 2, 2, 4).max((1, 3))
    return first, np.maximum(pooled @ SECOND.T, 0)


def unit(x):
    return x / (np.linalg.norm(x, axis=-1, keepdims=True) + 1e-10)


def test_the_formula_by_hand():
    a, b = pictures()
    distance = small().distance
    assert distance(a, b) == pytest.approx(by_hand(a, b), rel=1e-5)
    assert distance(a, b) == distance(b, a) > 0
    assert distance(a, a) == distance(b, b) == 0


def test_vgg16_is_as_published():
    """Configuration D: convolutions of 3 x 3 by their numbers in the files."""
    numbers = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
    widths = (64,) * 2 + (128,) * 2 + (256,) * 3 + (512,) * 6
    network = vgg16()
    found = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    fan_in = 3
    for number, width in zip(numbers, widths, strict=True):
        assert found.pop(f"features.{number}.weight") == (width, fan_in, 3, 3)
        assert found.pop(f"features.{number}.bias") == (width,)
        fan_in = width
    assert not found
    shapes = [tuple(feature.shape[1:]) for feature in network(torch.rand(1, 3, 32, 48))]
    assert shapes == [(64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6), (512, 2, 3)]
    pools = [i for i, layer in enumerate(network.features) if isinstance(layer, nn.MaxPool2d)]
    assert [pool - 1 for pool in pools] + [29] == list(network.taps)  # the last ReLU of every stage
    assert all(isinstance(network.features[tap], nn.ReLU) for tap in network.taps)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """As they come: a whole classifier, and linear layers in torch's old format."""
    folder = tmp_path_factory.mktemp("lpips")
    torch.manual_seed(0)
    backbone = {key: value.half() for key, value in vgg16().state_dict().items()}
    torch.save({**backbone, "classifier.6.bias": torch.zeros(3)}, folder / "vgg16.pth")
    linear = {f"lin{i}.model.1.weight": torch.rand(1, width, 1, 1) for i, width in enumerate(CHANNELS)}
    torch.save(linear, folder / "linear.pth", _use_new_zipfile_serialization=False)
    save_file(linear, folder / "linear.safetensors")
    save_file({**linear, "lin1.model.1.weight": torch.rand(1, 192, 1, 1)}, folder / "alexnet.safetensors")
    return folder


def test_weights_of_files(files):
    a, b = pictures(32)
    distance = Perceptual.from_files((files / "vgg16.pth", files / "linear.pth"), CPU).distance
    assert distance(a, b) == pytest.approx(distance(b, a), rel=1e-6) and distance(a, b) > 0
    assert distance(a, a) == 0
    again = Perceptual.from_files((files / "vgg16.pth", files / "linear.safetensors"), CPU)
    assert again.distance(a, b) == pytest.approx(distance(a, b), rel=1e-6)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("linear.pth", "vgg16.pth"), r"linear\.pth' does not fit .* 26 missing: features\.0\.weight"),
        (("vgg16.pth", "vgg16.pth"), r"5 missing: lin0\.model\.1\.weight.* unexpected: features\.0\.weight"),
        (
            ("vgg16.pth", "alexnet.safetensors"),
            r"lin1\.model\.1\.weight \(1, 192, 1, 1\) instead of \(1, 128, 1, 1\)",
        ),
    ],
)
def test_other_files_are_refused(files, names, words):
    with pytest.raises(WeightsError, match=rf"{words}.*takes two files, in this order: VGG-16"):
        Perceptual.from_files([files / name for name in names], CPU)


def test_a_file_that_is_not_there(files):
    with pytest.raises(MissingFileError, match=r"nowhere\.pth', which is not there.*takes two files"):
        Perceptual.from_files([files / "vgg16.pth", files / "nowhere.pth"], CPU)


@pytest.mark.parametrize("count", [1, 3])
def test_two_files_are_wanted(files, count):
    with pytest.raises(InputError, match=r"given .*linear\.pth'.*takes two files"):
        Perceptual.from_files([files / "linear.pth"] * count, CPU)
