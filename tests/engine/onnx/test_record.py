"""What is noted of graphs, and which ones are not used."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.engine.onnx.record import FORM, RECORD, check_record, default_folder, export_command, write_record
from src.errors import MissingFileError, WeightsError
from src.weights.resolve import ResolvedModel


def model_in(folder: Path, name: str = "base", weights: str = "weights") -> ResolvedModel:
    """A model of one file."""
    file = folder / "motion_extractor.pth"
    file.write_text(weights)
    return ResolvedModel(name, folder, {"motion_extractor": file}, {})


@pytest.fixture
def noted(tmp_path) -> ResolvedModel:
    """A model, and the record of its graphs in the same folder."""
    model = model_in(tmp_path)
    write_record(tmp_path, model, ["motion", "stitching"])
    return model


def change(folder: Path, **entries) -> None:
    content = json.loads((folder / RECORD).read_text())
    (folder / RECORD).write_text(json.dumps(content | entries))


def test_the_graphs_of_a_model(noted):
    assert check_record(noted.folder, noted) == ["motion", "stitching"]


def test_no_record(tmp_path):
    with pytest.raises(MissingFileError, match="no ONNX graphs of 'base'"):
        check_record(tmp_path, model_in(tmp_path))


def test_graphs_of_another_model(noted):
    with pytest.raises(WeightsError, match="are of model 'base': make them again with: python export"):
        check_record(noted.folder, model_in(noted.folder, "animals"))


def test_graphs_of_other_weights(noted):
    with pytest.raises(WeightsError, match=r"are of other weights \(motion_extractor\): make them again"):
        check_record(noted.folder, model_in(noted.folder, weights="others"))


@pytest.mark.parametrize("form", [FORM - 1, FORM + 1, None, "1", [1]])
def test_graphs_of_another_form(noted, form):
    change(noted.folder, form=form)
    with pytest.raises(WeightsError, match=r"are of another version of this program \(form .*make them again"):
        check_record(noted.folder, noted)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"3",
        b"\xff\xfe{",
        b'{"model": "base", "form": 1, "graphs": ["motion"]}',
        b'{"model": "base", "form": 1, "graphs": 3, "checkpoints": {}}',
        b'{"model": "base", "form": 1, "graphs": ["motion"], "checkpoints": 3}',
        b'{"model": ["base"], "form": 1, "graphs": ["motion"], "checkpoints": {}}',
        b'{"model": "base", "form": 1, "graphs": [["motion"]], "checkpoints": {}}',
        b'{"model": "base", "form": 1, "graphs": ["motion"], "checkpoints": {"motion_extractor": 1}}',
    ],
)
def test_a_damaged_record(noted, content):
    (noted.folder / RECORD).write_bytes(content)
    with pytest.raises(WeightsError, match="is damaged: make the graphs again with: python export"):
        check_record(noted.folder, noted)


@given(cut=st.integers(min_value=1))
def test_a_record_that_was_cut(tmp_path_factory, cut):
    folder = tmp_path_factory.mktemp("cut")
    model = model_in(folder)
    write_record(folder, model, ["motion"])
    content = (folder / RECORD).read_text().rstrip()
    (folder / RECORD).write_text(content[: -1 - cut % (len(content) - 1)])
    with pytest.raises(WeightsError, match="is damaged"):
        check_record(folder, model)


def test_a_record_that_is_a_folder(noted):
    """As good as none."""
    (noted.folder / RECORD).unlink()
    (noted.folder / RECORD).mkdir()
    with pytest.raises(MissingFileError):
        check_record(noted.folder, noted)


def test_the_command_that_makes_them(tmp_path):
    model = model_in(tmp_path)
    command = f"python export_onnx.py --model base --weights_dir '{tmp_path}'"
    assert export_command(model, default_folder(model)) == command
    assert export_command(model, tmp_path / "graphs") == f"{command} --output '{tmp_path / 'graphs'}'"
