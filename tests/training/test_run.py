"""Where the weights of a run go."""

from dataclasses import replace
from pathlib import Path

import pytest

from src.errors import InputError
from src.training.options import TrainOptions
from src.training.run import train
from src.weights.catalogue import MODELS


def options(toy_data, output, **changes):
    return TrainOptions(
        toy_data, steps=1, output=output, sources=2, device="cpu", backbone="none", sample_every=0, **changes
    )


def test_weights_go_into_the_output_folder(toy_data, tmp_path):
    files = train(options(toy_data, tmp_path / "run"))
    assert len(files) == 3 and {file.parent for file in files} == {tmp_path / "run/weights/compact"}


def test_both_stages_share_a_weights_folder(toy_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    for stage, named in ((1, tmp_path / "deep/all"), (2, "~/deep/all")):
        files = train(options(toy_data, tmp_path / f"stage{stage}", stage=stage, export=Path(named)))
        assert files and all(file.parent == tmp_path / "deep/all/compact" for file in files)
        assert not list((tmp_path / f"stage{stage}").rglob("*.safetensors"))
    wanted = {file.path for file in MODELS["compact"].files.values()}
    assert {path.relative_to(tmp_path / "deep/all").as_posix() for path in tmp_path.rglob("*.safetensors")} == wanted


def test_a_weights_folder_that_cannot_be_made_is_said_before_the_training(toy_data, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"the folder '.*file/all/compact' cannot be made"):
        train(options(toy_data, tmp_path / "run", export=tmp_path / "file/all"))
    assert not (tmp_path / "run").exists()


def test_a_weights_folder_that_cannot_be_written_to_is_said_before_the_training(toy_data, tmp_path):
    (tmp_path / "all").mkdir()
    (tmp_path / "all/compact").touch()
    with pytest.raises(InputError, match=r"the folder '.*all/compact' cannot be made"):
        train(options(toy_data, tmp_path / "run", export=tmp_path / "all"))
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_refused_leaves_no_weights_folder(toy_data, tmp_path):
    with pytest.raises(InputError, match="unknown backbone"):
        train(replace(options(toy_data, tmp_path / "run", export=tmp_path / "all"), backbone="nothing"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("link", [".", "compact"])
def test_the_weights_of_the_project_are_not_written_over(toy_data, tmp_path, monkeypatch, link):
    """By whatever name: as a link, or as a folder with a link in it."""
    (tmp_path / "shipped/compact").mkdir(parents=True)
    (tmp_path / "shipped/compact/spade_generator.safetensors").touch()
    monkeypatch.setattr("src.training.run.shipped_weights_dir", lambda: tmp_path / "shipped")
    named = tmp_path / "mine"
    (named / link).parent.mkdir(exist_ok=True)
    (named / link).symlink_to(tmp_path / "shipped" / link)
    for folder in (tmp_path / "shipped", tmp_path / "shipped/compact", named):
        with pytest.raises(InputError, match="would write over the project's own weights"):
            train(options(toy_data, tmp_path / "run", export=folder))
    assert not (tmp_path / "run").exists()


def test_the_home_folder_may_be_abbreviated(toy_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").symlink_to(toy_data)
    files = train(options(Path("~/data"), Path("~/run"), stage=2))
    assert {file.parent for file in files} == {tmp_path / "run/weights/compact"}
