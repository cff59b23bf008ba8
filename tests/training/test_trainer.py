"""Trainer, checkpoints and export, on faces drawn by code."""

import csv
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from src.errors import InputError, MissingFileError, WeightsError
from src.training.run import RunRequest, train
from src.training.trainer import DivergedError


def request(toy_data, tmp_path, **changes):
    base = RunRequest(
        toy_data,
        steps=4,
        output=tmp_path / "run",
        sources=2,
        device="cpu",
        backbone="none",
        save_every=2,
        log_every=1,
        sample_every=4,
        threads=1,
    )
    return replace(base, **changes)


def states(files):
    return {file.name: load_file(file) for file in files}


def equal(a, b):
    return all(torch.equal(a[name][key], b[name][key]) for name in a for key in a[name])


def losses(run):
    with (run / "log.csv").open() as file:
        return [float(row["total"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_run_is_the_same_run_bit_for_bit(toy_data, tmp_path, precision):
    whole = train(request(toy_data, tmp_path / "a", precision=precision))
    halves = request(toy_data, tmp_path / "b", precision=precision, stop_after=1e-9)
    for resume in (False, True, True, True):  # each call leaves after one step
        files = train(replace(halves, resume=resume))
    assert equal(states(whole), states(files))
    assert losses(tmp_path / "a/run") == losses(tmp_path / "b/run")


def test_another_seed_is_another_run(toy_data, tmp_path):
    one, other = (train(request(toy_data, tmp_path / str(seed), seed=seed)) for seed in (0, 1))
    assert not equal(states(one), states(other))


def test_the_shipped_weights_can_be_the_beginning(toy_data, tmp_path):
    """With a rate of next to nothing they stay what they are, but for the statistics of the norms."""
    files = train(request(toy_data, tmp_path, init="shipped", lr=1e-12, steps=2))
    from src.weights.paths import shipped_weights_dir

    for file in files:
        shipped = load_file(shipped_weights_dir() / "compact" / file.name)
        trained = load_file(file)
        assert trained.keys() == shipped.keys()
        for key in (key for key in shipped if "running" not in key):
            assert torch.allclose(trained[key].float(), shipped[key].float(), atol=1e-3), key


def test_what_a_run_leaves_behind(toy_data, tmp_path):
    train(request(toy_data, tmp_path, steps=6))
    run = tmp_path / "run"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step_000000004.pt", "step_000000006.pt"]
    assert (run / "samples/step_000000004.jpg").stat().st_size > 1000
    assert len(losses(run)) == 6


def test_a_loss_that_is_no_number_ends_the_run(toy_data, tmp_path):
    with pytest.raises(DivergedError, match="--lr"):
        train(request(toy_data, tmp_path, lr=1e30, steps=20))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "--steps must be 1 or more"),
        ({"sources": 0}, "--sources must be more than 0"),
        ({"cooldown": 2.0}, "--cooldown must be a share"),
        ({"config": "nothing"}, "no recipe 'nothing'.*compact"),
        ({"resume": True}, "no checkpoint"),
        ({"backbone": "nothing"}, "unknown backbone"),
    ],
)
def test_errors(toy_data, tmp_path, changes, message):
    with pytest.raises((InputError, MissingFileError), match=message):
        train(request(toy_data, tmp_path, **changes))


def test_a_run_is_not_overwritten(toy_data, tmp_path):
    train(request(toy_data, tmp_path, steps=1))
    with pytest.raises(InputError, match="--resume"):
        train(request(toy_data, tmp_path, steps=1))


@pytest.mark.parametrize(
    ("changes", "message"), [({"seed": 1}, "with seed 0, not 1"), ({"stage": 2, "sources": 4}, "with stage 1, not 2")]
)
def test_only_the_same_run_is_resumed(toy_data, tmp_path, changes, message):
    train(request(toy_data, tmp_path, steps=1))
    with pytest.raises(InputError, match=message):
        train(request(toy_data, tmp_path, resume=True, **changes))


def test_a_checkpoint_that_is_damaged(toy_data, tmp_path):
    train(request(toy_data, tmp_path, steps=1))
    (checkpoint,) = (tmp_path / "run/checkpoints").iterdir()
    checkpoint.write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="cannot be read as a checkpoint"):
        train(request(toy_data, tmp_path, resume=True))
