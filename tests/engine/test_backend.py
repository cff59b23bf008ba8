import logging

import pytest
import torch

from src.engine.backend import resolve_backend


@pytest.mark.parametrize(
    ("backend", "model", "device", "compiled", "expected"),
    [
        ("auto", "base", "cpu", False, "fused"),
        ("auto", "base", "cpu", True, "fused"),
        ("auto", "animals", "cuda:1", False, "fused"),
        ("auto", "base", "mps", False, "eager"),
        ("fused", "base", "cuda", True, "fused"),
        ("eager", "base", "cuda", False, "eager"),
        ("onnx", "base", "cuda", True, "onnx"),
        ("auto", "compact", "cpu", False, "fused"),
        ("fused", "compact", "cpu", False, "fused"),
        ("auto", "compact", "cpu", True, "eager"),
        ("auto", "compact", "cuda", False, "eager"),
        ("eager", "compact", "cpu", False, "eager"),
        ("onnx", "compact", "cuda", False, "onnx"),
    ],
)
def test_what_is_chosen(backend, model, device, compiled, expected, caplog):
    with caplog.at_level(logging.WARNING):
        assert resolve_backend(backend, model, torch.device(device), compiled) == expected
    assert not caplog.records


@pytest.mark.parametrize(
    ("model", "device", "compiled", "words"),
    [
        ("compact", "cuda:1", False, "compact networks have no fused form for cuda"),
        ("compact", "mps", False, "compact networks have no fused form for mps"),
        ("compact", "cpu", True, "compact networks have no fused form to compile"),
        ("base", "mps", False, "official networks have no fused form for mps"),
        ("animals", "mps", True, "official networks have no fused form for mps"),
    ],
)
def test_a_form_that_does_not_exist(model, device, compiled, words, caplog):
    """What was asked for by name is not left out in silence."""
    with caplog.at_level(logging.WARNING):
        assert resolve_backend("fused", model, torch.device(device), compiled) == "eager"
    (record,) = caplog.records
    assert record.getMessage() == f"--engine fused has no effect: the {words}"
