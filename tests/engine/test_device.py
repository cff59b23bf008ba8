import pytest
import torch

from src.config.options import RuntimeOptions
from src.engine.device import device_of, resolve_device
from src.errors import InputError


@pytest.fixture
def machine(monkeypatch):
    """Pretend that torch sees so many GPUs."""

    def pretend(cuda: int = 0, mps: bool = False) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        monkeypatch.setattr("src.engine.device._mps_serves", lambda: mps)

    pretend()
    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (0, True, "mps"), (1, False, "cuda:0"), (1, True, "cuda:0")]
)
@pytest.mark.parametrize("name", ["auto", None, "", " AUTO "])
def test_auto_takes_the_fastest_that_is_there(machine, cuda, mps, expected, name):
    machine(cuda, mps)
    assert resolve_device(name) == torch.device(expected)


@pytest.mark.parametrize(
    ("name", "device_id", "expected"),
    [
        ("cpu", 3, "cpu"),
        ("CPU", 0, "cpu"),
        ("mps", 1, "mps"),
        ("cuda", 1, "cuda:1"),
        ("cuda:1", 0, "cuda:1"),
        ("cuda:0", 1, "cuda:0"),
        ("auto", 1, "cuda:1"),
    ],
)
def test_names(machine, name, device_id, expected):
    machine(cuda=2, mps=True)
    assert resolve_device(name, device_id) == torch.device(expected)


@pytest.mark.parametrize("name", ["gpu", "cuda:one", "cuda:-1", "cuda:²", "xpu:0", "cpu:x"])
def test_unknown_names(machine, name):
    machine(cuda=2)
    with pytest.raises(InputError, match=f"device '{name}' is unknown: use auto, cpu, cuda"):
        resolve_device(name)


@pytest.mark.parametrize(
    ("cuda", "name", "device_id", "message"),
    [
        (0, "cuda", 0, "'cuda:0' was asked for, but torch sees no CUDA device here"),
        (0, "mps", 0, "'mps' was asked for, but this machine has none"),
        (1, "cuda:1", 0, "'cuda:1' was asked for, but torch sees 1 CUDA device here"),
        (2, "cuda", 5, "'cuda:5' was asked for, but torch sees 2 CUDA devices here"),
        (2, "auto", -1, "'cuda:-1' was asked for"),
    ],
)
def test_devices_that_are_not_there(machine, cuda, name, device_id, message):
    machine(cuda)
    with pytest.raises(InputError, match=message):
        resolve_device(name, device_id)


def test_options(machine):
    machine(cuda=2)
    assert device_of(RuntimeOptions()) == torch.device("cuda:0")
    assert device_of(RuntimeOptions(device_id=1)) == torch.device("cuda:1")
    assert device_of(RuntimeOptions(device="cpu")) == torch.device("cpu")


@pytest.mark.parametrize("device", ["auto", "cpu", "CPU"])
def test_force_cpu(machine, device):
    machine(cuda=1)
    assert device_of(RuntimeOptions(device=device, flag_force_cpu=True)) == torch.device("cpu")


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_force_cpu_and_another_device(machine, device):
    machine(cuda=2, mps=True)
    with pytest.raises(InputError, match=f"--flag_force_cpu contradicts --device {device}"):
        device_of(RuntimeOptions(device=device, flag_force_cpu=True))


def test_a_mac_whose_gpu_lacks_an_operation_gets_the_cpu(monkeypatch, caplog):
    """This machine has no such GPU: the operations fail just as missing ones do."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("auto") == torch.device("cpu")
    assert "the GPU of this Mac is left out" in caplog.text
