import shutil
from pathlib import Path

import pytest

from src.errors import InputError, MissingFileError
from src.evaluation.weight_sets import weight_sets
from src.weights.ledger import sha256_of
from src.weights.paths import shipped_weights_dir

SHIPPED = shipped_weights_dir() / "compact"


def test_the_model_by_its_name():
    (given,) = weight_sets("compact", None, [])
    assert given.name == "compact" and given.sha256["warping_module.safetensors"] == sha256_of(
        SHIPPED / "warping_module.safetensors"
    )


def test_folders_are_told_apart(tmp_path):
    folders = [tmp_path / name / "export" for name in ("a", "b")]
    for folder in folders:
        shutil.copytree(SHIPPED, folder)
    assert [given.name for given in weight_sets("compact", folders[0], folders[1:])] == ["a/export", "b/export"]
    assert [given.name for given in weight_sets("compact", None, folders[:1])] == ["compact", "export"]
    assert [given.name for given in weight_sets("compact", None, [SHIPPED])] == [
        "compact",
        f"{SHIPPED.parent.name}/compact",
    ]
    twice = [given.name for given in weight_sets("compact", folders[0], folders[:1])]
    assert len(set(twice)) == 2


@pytest.mark.parametrize("taken", ["copy", "tps"])
def test_a_folder_named_like_a_baseline_is_told_apart(tmp_path, taken):
    shutil.copytree(SHIPPED, tmp_path / taken)
    (given,) = weight_sets("compact", tmp_path / taken, [])
    assert given.name == f"{tmp_path.name}/{taken}"


def test_a_folder_is_named_by_where_it_leads(tmp_path, monkeypatch):
    shutil.copytree(SHIPPED, tmp_path / "new")
    monkeypatch.chdir(tmp_path / "new")
    names = [given.name for given in weight_sets("compact", Path(), [Path("../new/../new/.")])]
    assert names == [f"{(tmp_path / 'new').as_posix()} (1)", f"{(tmp_path / 'new').as_posix()} (2)"]
    (given,) = weight_sets("compact", Path("../new/."), [])
    assert given.name == "new"


def test_another_model_has_no_folder(tmp_path):
    with pytest.raises(InputError, match=r"--weights names a folder of the compact model.*--model base"):
        weight_sets("base", SHIPPED, [])


def test_a_folder_that_lacks_a_file(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "less")
    (tmp_path / "less" / "spade_generator.safetensors").unlink()
    with pytest.raises(MissingFileError, match=r"it has no spade_generator\.safetensors"):
        weight_sets("compact", tmp_path / "less", [])
