"""Trainer, checkpoints and export, on faces drawn by code."""

import csv
import logging
import os
import re
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from src.errors import InputError, LivePortraitError, MissingFileError, WeightsError
from src.training.checkpoint import check_writable
from src.training.data.batches import Batches
from src.training.data.shot import Shot
from src.training.options import TrainOptions
from src.training.recipe import RECIPES
from src.training.run import train
from src.training.trainer import DivergedError, Trainer
from src.weights.layout import without_texture
from src.weights.paths import shipped_weights_dir

from .weights_folders import larger_folder


def request(toy_data, tmp_path, **changes):
    base = TrainOptions(
        toy_data,
        steps=4,
        output=tmp_path / "run",
        sources=2,
        device="cpu",
        backbone="none",
        save_every=2,
        log_every=1,
        sample_every=4,
    )
    return replace(base, **changes)


def states(files):
    return {file.name: load_file(file) for file in files}


def equal(a, b):
    return all(torch.equal(a[name][key], b[name][key]) for name in a for key in a[name])


def losses(run):
    with (run / "log.csv").open() as file:
        return [float(row["total"]) for row in csv.DictReader(file)]


def checkpoint(run):
    return torch.load(sorted((run / "checkpoints").iterdir())[-1], weights_only=True)


def differences(a, b, where=""):
    """Names of everything in which two checkpoints differ."""
    if isinstance(a, torch.Tensor):
        return [] if torch.equal(a, b) else [where]
    if isinstance(a, dict):
        assert a.keys() == b.keys(), where
        return [name for key in a for name in differences(a[key], b[key], f"{where}/{key}")]
    if isinstance(a, list | tuple):
        return [name for i, (x, y) in enumerate(zip(a, b, strict=True)) for name in differences(x, y, f"{where}/{i}")]
    return [] if a == b else [where]


@pytest.mark.parametrize(
    "changes",
    [
        {"precision": "float32"},
        {"precision": "bfloat16"},
        {"accumulate": 2},
        {"config": "critics"},
        {"stage": 2},
        {"stage": 3, "init": "shipped"},
        {"stage": 4, "init": "larger"},
    ],
    ids=lambda changes: "_".join(map(str, changes.values())),
)
def test_a_resumed_run_is_the_same_run_bit_for_bit(toy_data, tmp_path, changes):
    """Every tensor of the last checkpoints is: networks, average, optimizers, critics."""
    if changes.get("config") == "critics":
        text = (RECIPES / "compact.yaml").read_text().replace("critics: {", "critics: {begin: 2, ")
        recipe = tmp_path / "critics.yaml"
        recipe.write_text(
            re.sub("(begin: 2, )begin: [0-9.a-z]+, ", r"\1", text).replace("ssim: 0.4", "adversarial_lips: 0.1")
        )
        changes = {"config": str(recipe)}
    if changes.get("init") == "larger":
        changes = {**changes, "init": str(larger_folder(tmp_path / "w"))}
    whole = train(request(toy_data, tmp_path / "a", **changes))
    halves = request(toy_data, tmp_path / "b", **changes, stop_after=1e-9)
    for resume in (False, True, True, True):  # each call leaves after one step; workers come and go
        files = train(replace(halves, resume=resume, workers=int(resume)))
    assert whole and differences(checkpoint(tmp_path / "a/run"), checkpoint(tmp_path / "b/run")) == []
    assert equal(states(whole), states(files))
    assert losses(tmp_path / "a/run") == losses(tmp_path / "b/run")


def test_a_g_that_teaches_stays_and_is_known(toy_data, tmp_path, caplog):
    folder = larger_folder(tmp_path / "w")
    changes = {"stage": 4, "init": str(folder), "steps": 1}
    for init in (folder, folder / "compact"):
        with pytest.raises(InputError, match=r"would write over the G .* stage 4 is taught by"):
            train(request(toy_data, tmp_path, **{**changes, "init": str(init), "export": folder}))
    assert not (tmp_path / "run/checkpoints").exists()
    train(request(toy_data, tmp_path, **changes))
    other = str(larger_folder(tmp_path / "other", seed=5))
    train(request(toy_data, tmp_path, **{**changes, "init": other, "steps": 2}, resume=True))
    assert "not the same run any more: init: other weights" in caplog.text


def test_an_export_into_the_inner_folder_is_refused(toy_data, tmp_path):
    folder = larger_folder(tmp_path / "w")
    with pytest.raises(InputError, match=rf"'{folder}/compact' lies within a weights folder: give '{folder}'"):
        train(request(toy_data, tmp_path, export=folder / "compact"))


def asking(step, number=signal.SIGINT, times=1):
    """A progress that asks for an end while a step is done."""

    def progress(stage, done, total):
        if done == step:
            for _ in range(times):
                os.kill(os.getpid(), number)

    return progress


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_asks_for_an_end_loses_nothing(toy_data, tmp_path, caplog, number):
    """And the run that goes on is the same run, bit for bit."""
    options = request(toy_data, tmp_path / "b", stage=2, save_every=100)
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt):
        train(options, asking(3, number))
    assert signal.getsignal(number) is before and checkpoint(tmp_path / "b/run")["step"] == 3
    assert "left after step 3 of 4: the same command with --resume goes on" in caplog.text
    files = train(replace(options, resume=True))
    assert equal(states(train(request(toy_data, tmp_path / "a", stage=2))), states(files))
    assert differences(checkpoint(tmp_path / "a/run"), checkpoint(tmp_path / "b/run")) == []
    assert losses(tmp_path / "a/run") == losses(tmp_path / "b/run")


def test_who_asks_in_the_last_step_gets_the_weights(toy_data, tmp_path):
    assert train(request(toy_data, tmp_path, stage=2), asking(4))


@pytest.mark.parametrize(
    ("save_every", "message"),
    [
        (100, "there is no checkpoint yet, 3 steps are lost"),
        (2, "is of step 2, 1 step is lost: .* --resume"),
    ],
)
def test_who_asks_twice_is_told_what_is_lost(toy_data, tmp_path, caplog, save_every, message):
    with pytest.raises(KeyboardInterrupt):
        train(request(toy_data, tmp_path, stage=2, save_every=save_every), asking(3, times=2))
    assert re.search(message, caplog.text) and not list((tmp_path / "run").rglob(".*.part*"))


def test_another_seed_is_another_run(toy_data, tmp_path):
    one, other = (train(request(toy_data, tmp_path / str(seed), seed=seed)) for seed in (0, 1))
    assert not equal(states(one), states(other))


def test_the_shipped_weights_can_be_the_beginning(toy_data, tmp_path):
    """With a rate of next to nothing they stay what they are, but for the statistics of the norms."""
    files = train(request(toy_data, tmp_path, init="shipped", lr=1e-12, steps=2))
    for file in files:
        shipped, trained = load_file(shipped_weights_dir() / "compact" / file.name), load_file(file)
        shipped = without_texture(shipped)  # which is stage 3's
        assert trained.keys() == shipped.keys()
        for key in (key for key in shipped if "running" not in key):
            assert torch.allclose(trained[key].float(), shipped[key].float(), atol=1e-3), key


def test_what_a_run_leaves_behind(toy_data, tmp_path):
    train(request(toy_data, tmp_path, steps=6))
    run = tmp_path / "run"
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step_000000004.pt", "step_000000006.pt"]
    assert (run / "samples/step_000000004.jpg").stat().st_size > 1000
    assert len(losses(run)) == 6


def test_a_run_that_goes_astray_ends(toy_data, tmp_path):
    with pytest.raises(DivergedError, match="--lr"):
        train(request(toy_data, tmp_path, lr=1e30, steps=20))


def test_weights_that_went_astray_are_not_exported(toy_data, tmp_path):
    """One step at a rate beyond all measure: its loss was fine, what it leaves is not."""
    with pytest.raises(WeightsError, match="lower --lr"):
        train(request(toy_data, tmp_path, lr=1e30, steps=1))
    assert not list((tmp_path / "run").rglob("*.safetensors"))


def test_a_shot_that_breaks_costs_no_steps(toy_data, tmp_path):
    """What was learnt until then is saved, and a run on mended data goes on from there."""
    broken = tmp_path / "data"
    shutil.copytree(toy_data, broken)
    options = request(broken, tmp_path, save_every=100, steps=50, stage=1)
    whole_batch, whole_picture, reached = Batches.batch, Shot.picture, []

    def batch(batches, step):
        reached.append(step)
        return whole_batch(batches, step)

    def picture(shot, index):
        if reached[-1] >= 3:
            raise InputError("'shot' is damaged")
        return whole_picture(shot, index)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batches, "batch", batch)
        patch.setattr(Shot, "picture", picture)
        with pytest.raises(InputError, match="is damaged"):
            train(options)
    assert checkpoint(tmp_path / "run")["step"] == 3
    train(replace(options, resume=True, steps=4))


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


@pytest.mark.parametrize("lost", [".", "checkpoints", "samples", "weights"])
def test_a_place_that_cannot_be_written_is_told_of_before_the_first_step(toy_data, tmp_path, lost, monkeypatch):
    monkeypatch.setattr(Trainer, "run", lambda *args: pytest.fail("it began"))
    path = tmp_path / "run" / lost
    path.parent.mkdir(exist_ok=True)
    path.touch()
    with pytest.raises(InputError, match="must be a folder"):
        train(request(toy_data, tmp_path))
    with pytest.raises(InputError, match="cannot be made"):
        train(request(toy_data, tmp_path, output=path / "within"))


def test_a_full_disk_is_told_of_before_the_first_step(tmp_path, monkeypatch):
    def full(path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "touch", full)
    with pytest.raises(InputError, match="cannot be written to: No space left"):
        check_writable(tmp_path / "checkpoints")


@pytest.mark.parametrize("changes", [{"init": "lost"}, {"size": 31}, {"backbone": "nothing"}, {"resume": True}])
def test_options_are_checked_before_it_says_that_it_trains(toy_data, tmp_path, changes, caplog):
    caplog.set_level(logging.INFO)
    with pytest.raises(LivePortraitError):
        train(request(toy_data, tmp_path, **changes))
    assert "training on" not in caplog.text and not (tmp_path / "run").exists()


def test_a_run_that_is_past_its_steps(toy_data, tmp_path, monkeypatch):
    """It is refused before the data is read, which takes its time."""
    options = request(toy_data, tmp_path, stage=2)
    before = states(train(options))
    with monkeypatch.context() as patch:
        patch.setattr("src.training.run.read_tracks", lambda paths: pytest.fail("it reads the data"))
        with pytest.raises(InputError, match="has done 4 steps already, more than --steps 3: give more --steps"):
            train(replace(options, resume=True, steps=3))
    assert equal(before, states(train(replace(options, resume=True))))  # the last word may be had again


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


def test_what_is_not_the_same_any_more_is_said(toy_data, tmp_path, caplog):
    """And settings of the optimizer are the recipe's, not those of the checkpoint."""
    train(request(toy_data, tmp_path, steps=1))
    text = (RECIPES / "compact.yaml").read_text().replace("betas: [0.9, 0.98]", "betas: [0.5, 0.6]")
    (tmp_path / "other.yaml").write_text(text)
    train(request(toy_data, tmp_path, steps=2, resume=True, config=str(tmp_path / "other.yaml")))
    (said,) = [record.message for record in caplog.records if "same run" in record.message]
    assert said == "this is not the same run any more: optimizer.betas: [0.9, 0.98] -> [0.5, 0.6]"
    groups = checkpoint(tmp_path / "run")["optimizer"]["param_groups"]
    assert {tuple(group["betas"]) for group in groups} == {(0.5, 0.6)}


def test_several_processes_need_a_gpu_each(toy_data, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="would put all 2 processes on one GPU"):
        train(request(toy_data, tmp_path, device="cuda:0"))
