from pathlib import Path

import pytest

from src.weights.catalogue import MODELS
from src.weights.folder import existing_file, files_within, holds_weights, is_in_use, weights_root
from src.weights.ledger import Ledger

COMPACT = MODELS["compact"]
W = "compact/warping_module.safetensors"


def made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("file", "named", "meant"),
    [
        (W, "w", "w"),
        (W, "w/compact", "w"),
        (W, "w/compact/../compact", "w"),
        ("compact/warping_module.pth", "w/compact", "w"),
        ("warping_module.safetensors", "w", "w"),  # a name that is not the model's
        ("compact/readme", "w/compact", "w/compact"),  # no network in it
        ("compact/compact/warping_module.safetensors", "w/compact", "w/compact"),  # a folder that is called so
        ("compact/compact/warping_module.safetensors", "w/compact/compact", "w/compact"),
        (W, "nowhere/compact", "nowhere/compact"),
    ],
)
def test_the_folder_that_is_meant(tmp_path, file, named, meant):
    made(tmp_path / "w" / file)
    assert weights_root(tmp_path / named, [COMPACT]).resolve() == (tmp_path / meant).resolve()


def test_where_both_levels_hold_networks_the_one_that_was_named_counts(tmp_path):
    made(tmp_path / W)
    made(tmp_path / "compact" / W)
    assert weights_root(tmp_path / "compact", [COMPACT]) == tmp_path / "compact"


def test_a_relative_path(tmp_path, monkeypatch):
    made(tmp_path / W)
    monkeypatch.chdir(tmp_path / "compact")
    assert weights_root(Path(), [COMPACT]) == tmp_path.resolve()
    assert weights_root(Path("../compact"), [COMPACT]) == Path("..")


def test_an_inner_folder_that_is_a_link(tmp_path):
    made(tmp_path / "elsewhere/x/warping_module.safetensors")
    (tmp_path / "w").mkdir()
    (tmp_path / "w/compact").symlink_to(tmp_path / "elsewhere/x", target_is_directory=True)
    assert weights_root(tmp_path / "w/compact", [COMPACT]) == tmp_path / "w"


def test_official_weights_lie_two_folders_deep(tmp_path):
    made(tmp_path / "liveportrait/base_models/warping_module.pth")
    for named in ("liveportrait/base_models", "liveportrait", ""):
        assert weights_root(tmp_path / named, [MODELS["base"]]) == tmp_path
    assert weights_root(tmp_path / "liveportrait", [COMPACT]) == tmp_path / "liveportrait"


def test_converted_files_come_first(tmp_path):
    pickled = made(tmp_path / "a.pth")
    assert existing_file(tmp_path / "a.safetensors") == existing_file(pickled) == pickled
    converted = made(tmp_path / "a.safetensors")
    assert existing_file(pickled) == converted
    assert existing_file(tmp_path / "a.onnx") is None


def test_what_lies_in_a_folder(tmp_path):
    assert not is_in_use(tmp_path) and files_within(COMPACT, tmp_path) == {}
    made(tmp_path / W)
    assert is_in_use(tmp_path) and files_within(COMPACT, tmp_path) == {"warping_module": tmp_path / W}


def test_an_attempt_that_failed_puts_no_folder_to_use(tmp_path):
    Ledger(tmp_path).remember_failure("https://example.org")
    assert (tmp_path / ".liveportrait/ledger.json").is_file() and not is_in_use(tmp_path)
    Ledger(tmp_path).pin("liveportrait_animals/xpose.pth", "0" * 64)
    assert is_in_use(tmp_path)


@pytest.mark.parametrize(
    ("file", "found"),
    [("a.pth", True), ("x/a.safetensors", True), ("x/y/a.pth", True), ("x/y/z/a.pth", False), ("a.txt", False)],
)
def test_weights_of_whatever_model(tmp_path, file, found):
    assert not holds_weights(tmp_path) and not holds_weights(tmp_path / "nowhere")
    made(tmp_path / file)
    assert holds_weights(tmp_path) is found
