import logging

import pytest
import torch

from src.engine.backend import resolve_backend


@pytest.mark.parametrize(
    ("backend", "model", "device", "expected"),
    [
        ("auto", "base", "cpu", "fused"),
        ("auto", "animals", "cuda:1", "fused"),
        ("auto", "base", "mps", "eager"),
        ("fused", "base", "cuda", "fused"),
        ("eager", "base", "cuda", "eager"),
        ("onnx", "base", "cuda", "onnx"),
        ("auto", "compact", "cpu", "fused"),
        ("fused", "compact", "cpu", "fused"),
        ("auto", "compact", "cuda", "eager"),
        ("eager", "compact", "cpu", "eager"),
        ("onnx", "compact", "cuda", "onnx"),
    ],
)
def test_what_is_chosen(backend, model, device, expected, caplog):
    with caplog.at_level(logging.WARNING):
        assert resolve_backend(backend, model, torch.device(device)) == expected
    assert not caplog.records


@pytest.mark.parametrize(
    ("model", "device", "words"),
    [
        ("compact", "cuda:1", "compact networks have no fused form for cuda"),
        ("compact", "mps", "compact networks have no fused form for mps"),
        ("base", "mps", "official networks have no fused form for mps"),
        ("animals", "mps", "official networks have no fused form for mps"),
    ],
)
def test_a_form_that_does_not_exist(model, device, words, caplog):
    """What was asked for by name is not left out in silence."""
    with caplog.at_level(logging.WARNING):
        assert resolve_backend("fused", model, torch.device(device)) == "eager"
    (record,) = caplog.records
    assert record.getMessage() == f"--engine fused has no effect: the {words}"
