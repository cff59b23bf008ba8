import pytest
import torch

from src.engine import precision as module
from src.engine.precision import resolve_precision
from src.errors import InputError


@pytest.mark.parametrize(
    ("precision", "device", "half", "expected"),
    [
        ("auto", "cpu", True, torch.float32),
        ("auto", "cuda:1", True, torch.float16),
        ("auto", "cuda", False, torch.float32),
        ("auto", "mps", True, torch.float32),
        ("float16", "cuda", False, torch.float16),
        ("bfloat16", "cuda", True, torch.bfloat16),
        ("bfloat16", "cpu", True, torch.bfloat16),
        ("float32", "cuda", True, torch.float32),
    ],
)
def test_what_is_chosen(precision, device, half, expected, monkeypatch):
    monkeypatch.setattr(module, "_cpu_multiplies_bfloat16", lambda: True)
    assert resolve_precision(precision, torch.device(device), half) == expected


@pytest.mark.parametrize(
    ("precision", "device", "message"),
    [
        ("float16", "cpu", "float16 is for GPUs: use float32 or bfloat16"),
        ("bfloat16", "cpu", "slower than float32 on this processor.*use --precision float32"),
        ("bfloat16", "mps", "untried on mps"),
    ],
)
def test_what_the_device_cannot_do(precision, device, message, monkeypatch):
    monkeypatch.setattr(module, "_cpu_multiplies_bfloat16", lambda: False)
    with pytest.raises(InputError, match=message):
        resolve_precision(precision, torch.device(device))


def test_the_processor_is_asked(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False, raising=False)
    assert not module._cpu_multiplies_bfloat16()
