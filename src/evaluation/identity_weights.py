"""Where the weights of the face recognition network come from: a pinned file of the npm package @vladmandic/face-api.

They are MIT-licensed and do not ship with the project: they are fetched when asked for, once.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import tarfile
import urllib.request
import zlib
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

from ..errors import LivePortraitError, MissingFileError, WeightsError
from ..media.output_file import temporary_beside
from ..weights.load import load_strict
from ..weights.paths import default_weights_dir, is_there
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
LARGEST = 64_000_000  # bytes that are read; the package has 12.7 million, unpacked 23.8


def identity_folder() -> Path:
    """Where the weights are kept once they were fetched."""
    return default_weights_dir() / "face_recognition"


def how_to_get() -> str:
    """One clause that says where the weights come from."""
    return (
        f"python evaluate.py --fetch_identity gets them once (13 MB, MIT licence, npm package {_PACKAGE}); on a machine"
        f" without a network give that package, or the folder with its two files, as --identity_weights"
    )


def fetch_identity(folder: Path | None = None) -> Path:
    """Fetch the two files from the npm registry, unless they are there as they should be; returns their folder.

    The environment's NPM_CONFIG_REGISTRY names another registry.

    Raises:
        WeightsError: the registry cannot be reached, what it sends is another file, or that cannot be written.
        InputError: the folder cannot be made or written to.
    """
    folder = folder or identity_folder()
    with suppress(LivePortraitError):  # damaged files are fetched again
        _read_folder(folder)
        return folder
    registry = os.environ.get("NPM_CONFIG_REGISTRY", _REGISTRY).rstrip("/")
    url = f"{registry}/{_PACKAGE}"
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT) as answer:
            package = answer.read(LARGEST + 1)
    except (OSError, ValueError, HTTPException) as error:
        raise WeightsError(
            f"'{url}' cannot be fetched: {error}; fetch it elsewhere and name it as --identity_weights"
        ) from error
    files = _unpacked(package, url)
    for name, content in files.items():
        _write(folder / name, content)
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
    return _unpacked(_content(place), str(place)) if place.is_file() else _read_folder(place)


def _read_folder(folder: Path) -> dict[str, bytes]:
    missing = [name for name in SHA256 if not is_there(folder / name)]
    if missing:
        raise MissingFileError(f"'{folder}' has no {' and no '.join(missing)}: {how_to_get()}")
    return _checked({name: _content(folder / name) for name in SHA256}, str(folder))


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _not_too_large(file.read(LARGEST + 1), str(path))
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be read: {error.strerror or error}") from error


def _write(path: Path, content: bytes) -> None:
    part = temporary_beside(path)
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise WeightsError(f"'{path}' cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _unpacked(package: bytes, where: str) -> dict[str, bytes]:
    """The two files of a package, without writing anything."""
    _not_too_large(package, where)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(package)) as stream:
            content = _not_too_large(stream.read(LARGEST + 1), where)  # a small package may hold a lot of zeros
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            files = {name: _member(archive, f"{_WITHIN}/{name}") for name in SHA256}
    except (tarfile.TarError, zlib.error, KeyError, ValueError, OSError, EOFError) as error:
        raise WeightsError(f"'{where}' is not the npm package face-api 1.7.15: {error}") from error
    return _checked(files, where)


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.getmember(name)
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:  # a link may lead anywhere
        raise ValueError(f"{name} is no plain file")
    return file.read()


def _not_too_large(content: bytes, where: str) -> bytes:
    if len(content) > LARGEST:
        raise WeightsError(f"'{where}' holds more than {LARGEST / 1e6:g} MB: it is not what it should be")
    return content


def _checked(files: dict[str, bytes], where: str) -> dict[str, bytes]:
    for name, content in files.items():
        found = hashlib.sha256(content).hexdigest()
        if found != SHA256[name]:
            raise WeightsError(
                f"{name} of '{where}' is another file: SHA-256 {found}, expected {SHA256[name]};"
                " --fetch_identity fetches the right one"
            )
    return files
