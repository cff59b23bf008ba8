"""`LocalFolder`: a shared folder that is a path, such as that of a disk which several machines mount."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PARTS = ".parts"  # what is being written
_OLD = 24 * 3600.0  # seconds after which whoever wrote a part is gone
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class LocalFolder:
    """Files by name, each of them there as a whole or not at all.

    Args:
        root: of the folder; made with the first file.
    """

    def __init__(self, root: Path) -> None:
        self.place, self._root = str(root), root
        self._sweep()

    def names(self, folder: str) -> list[str]:
        """Names of all files in a folder, in order; none if it is missing."""
        try:
            return sorted(path.name for path in (self._root / folder).iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []

    def read(self, name: str) -> bytes | None:
        """What a file holds; None if it is missing."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Write a file, in the place of one that may be there."""
        with self._part() as part:
            part.write_bytes(content)
            part.replace(self._made(name))

    def create(self, name: str, content: bytes) -> bool:
        """Write a file that is not there yet: of all who try one succeeds, others get False."""
        target = self._made(name)
        with self._part() as part:
            part.write_bytes(content)
            try:
                os.link(part, target)
            except FileExistsError:
                return False
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                return _created(target, content)
        return True

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        (self._root / name).unlink(missing_ok=True)

    def remove_folder(self, folder: str) -> None:
        """Remove a folder with all that it holds, if it is there."""
        shutil.rmtree(self._root / folder, onerror=_unless_missing)

    def put(self, path: Path, name: str) -> None:
        """Copy a file of this machine into the folder."""
        with self._part() as part:
            shutil.copyfile(path, part)
            part.replace(self._made(name))

    def get(self, name: str, path: Path) -> bool:
        """Copy a file to this machine; False if it is missing."""
        try:
            shutil.copyfile(self._root / name, path)
        except FileNotFoundError:
            if not path.parent.is_dir():
                raise
            return False
        return True

    def path(self, name: str) -> Path | None:
        """Where a file can be opened without being copied."""
        return self._root / name

    def _made(self, name: str) -> Path:
        """Where a file goes, in a folder that is there."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        return target

    @contextmanager
    def _part(self) -> Iterator[Path]:
        """A name to write to, gone afterwards."""
        part = self._made(f"{_PARTS}/{secrets.token_hex(8)}")
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what killed processes have left half."""
        with suppress(OSError):  # no folder, or others sweep, too
            for part in (self._root / _PARTS).iterdir():
                if time.time() - part.stat().st_mtime > _OLD:
                    part.unlink(missing_ok=True)


def _unless_missing(step: object, path: object, error: tuple[object, BaseException, object]) -> None:
    """Others may remove the same folder."""
    if not isinstance(error[1], FileNotFoundError):
        raise error[1]


def _created(target: Path, content: bytes) -> bool:
    """The same where the file system knows no links; for a moment the file is there without its content."""
    try:
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return False
    return True
