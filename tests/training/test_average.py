import pytest
from torch import nn

from src.training.average import Average


def networks(value):
    linear = nn.Linear(1, 1, bias=False)
    nn.init.constant_(linear.weight, value)
    return nn.ModuleDict({"net": nn.Sequential(linear, nn.BatchNorm1d(1))})


def weight(of):
    return float(of["net"][0].weight)


def test_it_follows_slowly_and_forgets_where_it_began():
    average = Average(networks(0.0), decay=0.9)
    follow = networks(1.0)
    seen = []
    for step in range(100):
        average.follow(follow, step)
        seen.append(weight(average.networks))
    assert seen[0] > 0.5 and seen == sorted(seen) and seen[-1] > 0.999


def test_late_steps_count_by_the_decay():
    average = Average(networks(0.0), decay=0.9)
    average.follow(networks(1.0), step=10_000)
    assert abs(weight(average.networks) - 0.1) < 1e-6


def test_statistics_are_averaged_counters_are_not_and_nothing_learns():
    average, follow = Average(networks(0.0), 0.9), networks(1.0)
    follow["net"][1].running_mean.fill_(3.0)
    follow["net"][1].num_batches_tracked.fill_(7)
    average.follow(follow, step=10_000)
    norm = average.networks["net"][1]
    assert norm.running_mean.item() == pytest.approx(0.3) and norm.num_batches_tracked.item() == 7
    assert not any(p.requires_grad for p in average.networks.parameters()) and not average.networks.training
