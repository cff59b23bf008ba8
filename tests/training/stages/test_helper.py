import torch
from torch import nn

from src.training.stages.helper import Helper


def test_it_is_frozen_and_moved_only_when_the_device_changes(monkeypatch):
    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    helper, moves = Helper(network), []
    monkeypatch.setattr(network, "to", moves.append)
    for name in ("cpu", "cpu", "meta", "meta"):
        assert helper.on(torch.device(name)) is network
    assert moves == [torch.device("cpu"), torch.device("meta")]
    assert not network.training and not any(weight.requires_grad for weight in network.parameters())
