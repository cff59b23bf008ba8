import shutil

import pytest

from src.errors import MissingFileError
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


def test_a_folder_that_lacks_a_file(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "less")
    (tmp_path / "less" / "spade_generator.safetensors").unlink()
    with pytest.raises(MissingFileError, match=r"it has no spade_generator\.safetensors"):
        weight_sets("compact", tmp_path / "less", [])
