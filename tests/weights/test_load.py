import argparse
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from src.errors import WeightsError
from src.weights.load import load_strict, read_state


class Payload:
    """Runs a command when an ordinary unpickler reads it."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(5, 6))


@pytest.mark.parametrize("kind", ["pth", "old pth", "safetensors"])
def test_round_trip(tmp_path, kind):
    state = network().state_dict()
    path = tmp_path / f"net.{kind.split()[-1]}"
    if kind == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=kind == "pth")
    loaded = read_state(path)
    assert list(loaded) == list(state) or set(loaded) == set(state)
    other = network()
    for parameter in other.parameters():
        nn.init.zeros_(parameter)
    load_strict(other, loaded, path.name)
    assert all(torch.equal(value, state[key]) for key, value in other.state_dict().items())


def test_nested_dicts_are_read(tmp_path):
    torch.save({"retarget_eye": {"module.a": torch.ones(2)}, "epoch": 3}, tmp_path / "s.pth")
    assert torch.equal(read_state(tmp_path / "s.pth")["retarget_eye"]["module.a"], torch.ones(2))


@pytest.mark.parametrize("kind", ["zip", "old", "pickle"])
def test_code_in_a_pickle_is_refused_and_not_run(tmp_path, kind):
    marker, path = tmp_path / "marker", tmp_path / "evil.pth"
    content = {"weight": torch.ones(2), "payload": Payload(marker)}
    if kind == "pickle":
        path.write_bytes(pickle.dumps(content["payload"], protocol=2))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=kind == "zip")
    with pytest.raises(WeightsError, match=r"evil\.pth.*more than tensors.*system"):
        read_state(path)
    assert not marker.exists()
    with path.open("rb") as file:  # the payload is a real one
        if kind == "pickle":
            pickle.load(file)
        else:
            torch.load(file, weights_only=False)
    assert marker.exists()


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.99])
def test_truncated_files(tmp_path, suffix, kept):
    path = tmp_path / f"cut.{suffix}"
    state = {"weight": torch.randn(100, 100), "bias": torch.randn(100)}
    torch.save(state, path) if suffix == "pth" else save_file(state, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(WeightsError, match=rf"cut\.{suffix}"):
        read_state(path)


def test_truncated_old_pth(tmp_path):
    path = tmp_path / "cut.pth"
    torch.save({"weight": torch.randn(100, 100)}, path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(WeightsError, match=r"cut\.pth"):
        read_state(path)


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
@pytest.mark.parametrize("content", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"<html>", os.urandom(999)])
def test_other_content(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=name):
        read_state(tmp_path / name)


def test_what_is_no_dict_and_what_is_not_there(tmp_path):
    torch.save(torch.ones(3), tmp_path / "tensor.pth")
    with pytest.raises(WeightsError, match="holds a Tensor"):
        read_state(tmp_path / "tensor.pth")
    with pytest.raises(WeightsError, match="No such file"):
        read_state(tmp_path / "none.pth")
    with pytest.raises(WeightsError, match="directory"):
        read_state(tmp_path)


def test_half_precision_becomes_single():
    net, state = network(), network().state_dict()
    load_strict(net, {key: value.half() if value.is_floating_point() else value for key, value in state.items()}, "x")
    assert all(value.dtype == torch.float32 for value in net.state_dict().values() if value.is_floating_point())
    assert torch.equal(net[2].weight, state["2.weight"].half().float())


def test_counters_are_optional_both_ways():
    state = network().state_dict()
    load_strict(network(), {key: value for key, value in state.items() if "num_batches" not in key}, "x")
    plain = nn.Sequential(nn.Linear(5, 6))
    load_strict(plain, {**plain.state_dict(), "1.num_batches_tracked": torch.tensor(3)}, "x")


def test_faults_are_named_and_nothing_is_loaded():
    net = network()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    state = {key: value + 1 for key, value in network().state_dict().items()}
    del state["0.bias"]
    state["extra.weight"] = torch.ones(1)
    state["2.weight"] = torch.ones(7, 5)
    state["2.bias"] = {"nested": 1}
    with pytest.raises(WeightsError) as caught:
        load_strict(net, state, "my.pth")
    message = str(caught.value)
    assert "my.pth" in message and "1 missing: 0.bias" in message and "1 unexpected: extra.weight" in message
    assert "2.weight (7, 5) instead of (6, 5)" in message and "2.bias (dict) instead of (6,)" in message
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_long_lists_are_cut():
    with pytest.raises(WeightsError, match=r"30 unexpected: key0, .*key7 and 22 more$"):
        load_strict(nn.Linear(2, 2), {**nn.Linear(2, 2).state_dict(), **{f"key{i}": 1 for i in range(30)}}, "x")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_must_be_finite(value):
    state = network().state_dict()
    state["2.weight"][3, 2] = value
    with pytest.raises(WeightsError, match=r"1 weights: 2\.weight"):
        load_strict(network(), state, "x")


def test_spectral_norm_keys_load():
    def build() -> nn.Module:
        return nn.Sequential(nn.utils.spectral_norm(nn.Conv2d(3, 4, 3)))

    source, target = build(), build()
    assert "0.weight_orig" in source.state_dict()
    load_strict(target, dict(source.state_dict()), "x")
    assert torch.equal(source.eval()(torch.ones(1, 3, 5, 5)), target.eval()(torch.ones(1, 3, 5, 5)))


def test_threads_may_read_files_that_hold_more_than_others_may(tmp_path):
    """What PyTorch lets a file hold holds for the whole process."""
    path = tmp_path / "w.pth"
    torch.save({"model": {"a": torch.ones(200, 200)}, "args": argparse.Namespace(lr=1.0)}, path)
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: read_state(path, also=(argparse.Namespace,)), range(32)))
    assert all(state["model"]["a"].sum() == 40_000 for state in states)
    with pytest.raises(WeightsError, match=r"argparse\.Namespace"):
        read_state(path)
