"""Where the weights of a run go."""

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
    with pytest.raises(InputError, match=r"--export '.*file/all' cannot be made"):
        train(options(toy_data, tmp_path / "run", export=tmp_path / "file/all"))
    assert not (tmp_path / "run").exists()
