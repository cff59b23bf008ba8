import logging
import shutil
from pathlib import Path

import pytest

from src.errors import InputError, MissingFileError
from src.evaluation.weight_sets import weight_sets
from src.weights.ledger import sha256_of
from src.weights.paths import shipped_weights_dir

SHIPPED = shipped_weights_dir() / "compact"
ALL = sorted(path.name for path in SHIPPED.glob("*.safetensors"))


def weights_folder(folder: Path, *files: str) -> Path:
    """A weights folder with some files of the compact model, by default all."""
    (folder / "compact").mkdir(parents=True)
    for name in files or ALL:
        shutil.copy(SHIPPED / name, folder / "compact")
    return folder


def names(*folders: Path) -> list[str]:
    return [given.name for given in weight_sets("compact", folders[0], folders[1:])]


def test_the_model_by_its_name():
    (given,) = weight_sets("compact", None, [])
    assert given.name == "compact" and given.sha256["warping_module.safetensors"] == sha256_of(
        SHIPPED / "warping_module.safetensors"
    )
    assert sorted(given.shipped) == ALL


@pytest.mark.parametrize("inner", ["", "compact"])
def test_a_folder_at_either_level(tmp_path, inner):
    folder = weights_folder(tmp_path / "new")
    (given,) = weight_sets("compact", folder / inner, [])
    assert (given.name, given.model.folder, given.shipped) == ("new", folder, [])
    assert {path.parent for path in given.model.files.values()} == {folder / "compact"}


def test_folders_are_told_apart(tmp_path):
    folders = [weights_folder(tmp_path / name / "export") for name in ("a", "b")]
    assert names(*folders) == ["a/export", "b/export"]
    assert [given.name for given in weight_sets("compact", None, folders[:1])] == ["compact", "export"]
    assert [given.name for given in weight_sets("compact", None, [SHIPPED])] == ["compact", SHIPPED.parent.name]
    assert len(set(names(folders[0], folders[0] / "compact"))) == 2
    assert names(weights_folder(tmp_path / "runs/compact"), SHIPPED) == ["runs/compact", SHIPPED.parent.name]


@pytest.mark.parametrize("taken", ["copy", "tps", "compact", "base", "weights"])
def test_no_folder_is_named_like_another_row_or_like_all_of_them(tmp_path, taken):
    assert names(weights_folder(tmp_path / "run" / taken)) == [f"run/{taken}"]
    assert names(tmp_path / "run" / taken / "compact") == [f"run/{taken}"]


def test_a_folder_is_named_by_where_it_leads(tmp_path, monkeypatch):
    folder = weights_folder(tmp_path / "new")
    monkeypatch.chdir(folder)
    assert names(Path(), Path("../new/../new/.")) == [f"{folder.as_posix()} (1)", f"{folder.as_posix()} (2)"]
    assert names(Path("../new/.")) == ["new"]
    monkeypatch.chdir("compact")
    assert names(Path()) == ["new"]


def test_another_model_has_no_folder():
    with pytest.raises(InputError, match=r"--weights names a folder of the compact model.*--model base"):
        weight_sets("base", SHIPPED, [])


def test_a_network_that_a_folder_lacks_is_the_shipped_one_and_that_is_said(tmp_path, caplog):
    """Stage 1 of a training writes no stitching."""
    folder = weights_folder(tmp_path / "new", *(name for name in ALL if "stitching" not in name))
    with caplog.at_level(logging.INFO):
        (given,) = weight_sets("compact", folder, [])
    assert given.shipped == ["stitching_retargeting.safetensors"] and sorted(given.sha256) == ALL
    assert given.model.files["stitching_retargeting_module"].parent == SHIPPED
    (line,) = [line for line in caplog.messages if "so what ships is used" in line]
    assert str(folder) in line and line.endswith(": stitching_retargeting.safetensors")


@pytest.mark.parametrize("level", ["", "new"])
def test_a_folder_that_holds_none_is_refused(tmp_path, level):
    """What ships would be measured under its name."""
    shutil.copytree(SHIPPED, tmp_path / "new")  # not `compact`
    with pytest.raises(MissingFileError, match=r"holds none of .*compact/spade_generator\.safetensors"):
        weight_sets("compact", tmp_path / level, [])
