"""Where weights and example files lie, in a checkout and in an installed package.

* Checkout: ``<root>/src`` is the package; ``<root>/pretrained_weights`` holds what ships and what is fetched.
* Installed: ``<site-packages>/liveportrait`` is the package; what ships lies inside it, what is fetched goes to the
  user's cache folder, since site-packages may be read-only and is wiped by an upgrade.
"""

from contextlib import suppress
from pathlib import Path

import platformdirs

PACKAGE_DIR = Path(__file__).resolve().parents[1]
_WEIGHTS = "pretrained_weights"
_ASSETS = "assets"


def is_installed(package: Path = PACKAGE_DIR) -> bool:
    """Tell an installed package (its weights lie inside it) from a checkout."""
    return (package / _WEIGHTS).is_dir()


def shipped_weights_dir(package: Path = PACKAGE_DIR) -> Path:
    """Return the folder with the weights that ship with the project (``compact/``, ``mediapipe/`` and others)."""
    return (package if is_installed(package) else package.parent) / _WEIGHTS


def default_weights_dir(package: Path = PACKAGE_DIR) -> Path:
    """Return the folder where official weights are looked for and fetched to when the user names none."""
    if is_installed(package):
        return platformdirs.user_cache_path("liveportrait", appauthor=False) / _WEIGHTS
    return package.parent / _WEIGHTS


def assets_dir(package: Path = PACKAGE_DIR) -> Path:
    """Return the folder with the example pictures, clips and templates."""
    return (package if is_installed(package) else package.parent) / _ASSETS


def is_there(path: Path) -> bool:
    """Tell whether something lies at a path; False also below a folder that may not be entered.

    ``Path.exists`` raises there before Python 3.12.
    """
    with suppress(OSError):
        return path.exists()
    return False
