from pathlib import Path

from src.weights.paths import assets_dir, default_weights_dir, is_installed, shipped_weights_dir

ROOT = Path(__file__).resolve().parents[2]


def test_this_checkout():
    assert not is_installed()
    assert shipped_weights_dir() == default_weights_dir() == ROOT / "pretrained_weights"
    assert assets_dir() == ROOT / "assets"
    assert (shipped_weights_dir() / "compact").is_dir()


def test_a_checkout_elsewhere(tmp_path):
    package = tmp_path / "clone" / "src"
    (tmp_path / "clone" / "pretrained_weights").mkdir(parents=True)
    assert shipped_weights_dir(package) == default_weights_dir(package) == tmp_path / "clone" / "pretrained_weights"


def test_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "liveportrait"
    (package / "pretrained_weights").mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert is_installed(package)
    assert shipped_weights_dir(package) == package / "pretrained_weights"
    assert assets_dir(package) == package / "assets"
    fetched = default_weights_dir(package)
    assert fetched.name == "pretrained_weights" and "liveportrait" in fetched.parts
    assert package not in fetched.parents
