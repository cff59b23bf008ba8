import ast
import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from src.batch.fingerprints import SHAPING, Fingerprints, model_mark
from src.batch.row import Row
from src.config.argument_config import ArgumentConfig
from src.config.options import RuntimeOptions
from src.face import create_detector
from src.media.picture import write_picture
from src.pipeline import driving
from src.weights.resolve import resolve_model


@pytest.fixture
def row(tmp_path):
    (tmp_path / "x.png").write_text("x")
    (tmp_path / "a.mp4").write_text("a")
    return Row(1, str(tmp_path / "x.png"), (str(tmp_path / "a.mp4"),), "/o.mp4", {"scale": "2.0"})


def mark(row, args=None, model="m", prints=None):
    return (prints or Fingerprints()).row(row, args or ArgumentConfig(), model)


def test_what_decides_about_a_result(row, tmp_path):
    first = mark(row)
    assert mark(row) == first
    assert mark(row, model="n") != first
    assert mark(replace(row, options={"scale": "2.1"})) != first and mark(replace(row, options={})) != first
    assert mark(row, ArgumentConfig(crf=30)) != first
    assert mark(row, ArgumentConfig(scale=1.0)) == first  # the row says otherwise
    assert mark(row, ArgumentConfig(device="cuda", engine="eager", batch_size=3)) == first
    assert mark(row, ArgumentConfig(precision="bfloat16")) != first
    (tmp_path / "a.mp4").write_text("b")
    assert mark(row) != first


def test_a_file_counts_by_its_content(row, tmp_path):
    first = mark(row)
    os.utime(tmp_path / "a.mp4", (1, 1))
    (tmp_path / "x.png").rename(tmp_path / "y.png")
    assert mark(replace(row, source=str(tmp_path / "y.png"))) == first
    assert mark(row) != first  # it is not there now


def test_a_change_shows_to_one_who_has_looked_before(row, tmp_path):
    prints = Fingerprints()
    first = mark(row, prints=prints)
    (tmp_path / "x.png").write_text("longer")
    assert mark(row, prints=prints) != first


def test_folders(row, tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    write_picture(folder / "1.png", np.zeros((8, 8, 3), np.uint8))
    prints = Fingerprints()
    first = prints.content(str(folder))
    (folder / ".hidden").write_text("2")
    (folder / "results.jsonl").write_text("2")  # no frame, and it grows
    assert prints.content(str(folder)) == first
    write_picture(folder / "2.png", np.zeros((8, 8, 3), np.uint8))
    assert prints.content(str(folder)) != first


def test_what_shapes_the_motion_of_a_driver(tmp_path):
    path, prints = tmp_path / "a.mp4", Fingerprints()
    path.write_text("a")
    first = prints.motion(path, ArgumentConfig(), "m")
    assert prints.motion(path, ArgumentConfig(scale=1.0, smooth=True, crf=3), "m") == first
    for args in (ArgumentConfig(on_missing="interpolate"), ArgumentConfig(scale_crop_driving_video=2.0)):
        assert prints.motion(path, args, "m") != first
    assert prints.motion(path, ArgumentConfig(), "n") != first


def test_all_options_that_the_driving_stage_reads_are_known():
    """A new one would let a template serve where it does not belong."""
    nodes = ast.walk(ast.parse(Path(driving.__file__).read_text()))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "args"}
    assert read - {"smooth"} <= set(SHAPING) and read > {"on_missing", "smooth"}
    runtime = {field.name for field in fields(RuntimeOptions)} - {"device_id", "flag_force_cpu"}
    assert runtime | {"driving_kind", "animals"} <= set(SHAPING)


def test_a_model_is_its_weights(tmp_path):
    model = resolve_model("compact")
    first = model_mark(model, animals=False)
    assert first.startswith("compact-") and model_mark(model, animals=False) == first
    role = next(iter(model.files))
    (tmp_path / "w.safetensors").write_text("other weights")
    assert model_mark(replace(model, files={**model.files, role: tmp_path / "w.safetensors"}), animals=False) != first


def test_a_detector_that_lies_beside_the_weights_counts(monkeypatch):
    """`auto` takes it: what was made with another one is something else."""
    compact = resolve_model("compact")
    official, there = replace(compact, name="base"), set()
    monkeypatch.setattr(create_detector, "face_model_present", lambda name, folder: name in there)
    before = [
        model_mark(official, animals=False),
        model_mark(compact, animals=False),
        model_mark(compact, animals=True),
    ]
    there |= {"insightface", "xpose"}
    after = [model_mark(official, animals=False), model_mark(compact, animals=False), model_mark(compact, animals=True)]
    assert [one == other for one, other in zip(before, after, strict=True)] == [False, True, False]
