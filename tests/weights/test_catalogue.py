from pathlib import PurePosixPath

import pytest

from src.weights.catalogue import FACE_MODELS, MODELS
from src.weights.ledger import sha256_of
from src.weights.paths import shipped_weights_dir

ENTRIES = {**MODELS, **FACE_MODELS}
FILES = [file for entry in ENTRIES.values() for file in entry.files.values()]


@pytest.mark.parametrize("file", [file for file in FILES if file.repo is None], ids=lambda file: file.path)
def test_shipped_files_are_the_catalogues(file):
    path = shipped_weights_dir() / file.path
    assert path.stat().st_size == file.size
    assert sha256_of(path) == file.sha256


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.path)
def test_entries_are_well_formed(file):
    path = PurePosixPath(file.path)
    assert not path.is_absolute() and ".." not in path.parts and file.licence
    assert file.sha256 is None or len(file.sha256) == 64
    assert (file.sha256 is None) == (file.size is None)


def test_models_have_the_same_roles():
    base = set(MODELS["base"].files)
    assert set(MODELS["animals"].files) == base
    assert set(MODELS["compact"].files) == base - {"motion_extractor"}  # its motion comes from the mesh
    assert 500e6 < MODELS["base"].size < 550e6
