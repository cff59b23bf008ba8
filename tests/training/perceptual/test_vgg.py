from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from src.errors import InputError, WeightsError
from src.training.perceptual.vgg import vgg19, vgg_layers

PICTURE = torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0))


def test_layers_are_numbered_as_in_the_files():
    convolutions = {key.split(".")[1] for key in vgg19().state_dict()}
    assert convolutions == {str(n) for n in (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)}


def test_features():
    features = vgg19()(PICTURE)
    assert [tuple(feature.shape[1:]) for feature in features] == [
        (64, 32, 48),
        (128, 16, 24),
        (256, 8, 12),
        (512, 4, 6),
        (512, 2, 3),
    ]
    assert all((feature >= 0).all() for feature in features)  # taken behind the ReLU


def test_layers_follow_each_other_as_published():
    network = vgg19(taps=(6,))
    weights = network.state_dict()

    def convolved(x: torch.Tensor, n: int) -> torch.Tensor:
        return F.relu(F.conv2d(x, weights[f"features.{n}.weight"], weights[f"features.{n}.bias"], padding=1))

    expected = convolved(F.max_pool2d(convolved(convolved(network.normalised(PICTURE), 0), 2), 2), 5)
    torch.testing.assert_close(network(PICTURE)[0], expected)


def test_pictures_are_normalised_as_imagenet():
    network = vgg19(taps=(0,))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1).expand(1, 3, 8, 8)
    first = network.features[0]
    torch.testing.assert_close(network(mean)[0], first.bias.view(1, -1, 1, 1).expand(1, 64, 8, 8), atol=1e-6, rtol=0)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_of_a_whole_classifier(tmp_path: Path, suffix: str):
    full = {**vgg19(taps=(6,)).state_dict(), "features.28.weight": torch.zeros(1), "classifier.0.bias": torch.zeros(4)}
    path = tmp_path / f"vgg{suffix}"
    save_file(full, path) if suffix == ".safetensors" else torch.save(full, path)
    network = vgg19(path, taps=(1, 6))
    assert all(torch.equal(value, full[key]) for key, value in network.state_dict().items())
    with pytest.raises(WeightsError, match=r"features\.10\.weight"):
        vgg19(path, taps=(1, 11))


def test_it_stays_frozen():
    network = vgg19(taps=(1,)).train()
    assert not network.training and not any(parameter.requires_grad for parameter in network.parameters())


def test_wrong_taps_are_refused():
    with pytest.raises(InputError, match=r"0 to 36, got \(37,\)"):
        vgg19(taps=(37,))


def test_every_size_has_its_own_numbers():
    layers = vgg_layers((1, 1, 2, 2, 2))  # VGG-11
    assert [i for i, layer in enumerate(layers) if isinstance(layer, torch.nn.Conv2d)] == [0, 3, 6, 8, 11, 13, 16, 18]
    assert [i for i, layer in enumerate(layers) if isinstance(layer, torch.nn.MaxPool2d)] == [2, 5, 10, 15, 20]
    with pytest.raises(ValueError, match="longer"):
        vgg_layers((1, 1))
