"""What is known about the files of one weights folder: hashes, and the last failed attempt to fetch them."""

import contextlib
import hashlib
import json
import secrets
import time
from pathlib import Path
from typing import Any

STATE_DIR = ".liveportrait"
_DAY = 24 * 3600.0
_CHUNK = 1 << 20
_PATIENCE = 5.0  # seconds for another process to finish its entry


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


class Ledger:
    """A small JSON file in a weights folder.

    It saves time and remembers; nothing depends on it. In a folder that cannot be written to, every question is
    simply answered afresh.

    Args:
        folder: The weights folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / STATE_DIR / "ledger.json"

    def sha256(self, path: str) -> str:
        """Return the SHA-256 of a file in the folder.

        Half a gigabyte takes one to two seconds to hash, so the result is kept together with the size and the time
        of the last change, and is used again while both are the same.
        """
        file = self._folder / path
        stat = file.stat()
        stamp = [stat.st_size, stat.st_mtime_ns]
        known = self._read("seen").get(path)
        if isinstance(known, dict) and known.get("stamp") == stamp:
            return str(known["sha256"])
        sha256 = sha256_of(file)
        self._write("seen", path, {"stamp": stamp, "sha256": sha256})
        return sha256

    def pinned(self, path: str) -> str | None:
        """Return the hash that a file without a published one had when it was first downloaded."""
        return self._read("pinned").get(path)

    def pin(self, path: str, sha256: str) -> None:
        """Set that hash; later downloads and loads must match it."""
        self._write("pinned", path, sha256)

    def failed_today(self, endpoint: str) -> bool:
        """Tell whether fetching from this address failed within the last day.

        The address counts, so that a user who sets a mirror is not told to wait.
        """
        when = self._read("failed").get(endpoint)
        return isinstance(when, int | float) and 0 <= time.time() - when < _DAY

    def remember_failure(self, endpoint: str) -> None:
        """Note that fetching from this address failed just now."""
        self._write("failed", endpoint, time.time())

    def _read(self, section: str) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))[section]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return content if isinstance(content, dict) else {}

    def _write(self, section: str, key: str, value: Any) -> None:
        from huggingface_hub.utils import WeakFileLock  # here, since most runs write nothing

        temporary = self._file.with_name(f"{secrets.token_hex(6)}.tmp")
        with contextlib.suppress(OSError):  # the lock's timeout is one
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with WeakFileLock(self._file.with_suffix(".lock"), timeout=_PATIENCE):
                content = {name: self._read(name) for name in ("seen", "pinned", "failed")}
                content[section][key] = value
                try:
                    temporary.write_text(json.dumps(content, indent=1), encoding="utf-8")
                    temporary.replace(self._file)
                finally:
                    temporary.unlink(missing_ok=True)
