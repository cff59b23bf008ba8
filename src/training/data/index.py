"""`index.csv` of a training folder: one row a shot, with all that is known of it but its pixels."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Literal

from ...errors import InputError, MissingFileError
from ...media.output_file import temporary_beside

INDEX, SHOTS, SUFFIX = "index.csv", "shots", ".safetensors"  # in a training folder: its index, its shots, their suffix

Kind = Literal["clip", "still"]
Split = Literal["train", "held_out"]


@dataclass(frozen=True)
class IndexRow:
    """One shot.

    Attributes:
        name: of its file, without suffix.
        kind: a clip, or a still of one frame.
        identity: label of the person, "label#1" for one of several in a file; those of one label are never in both
            splits.
        split: whether it is trained on.
        frames: number of frames.
        size: side of the stored pictures in pixels.
        fps: frames a second of the clip that it came from; None for a still.
        source: the file that it came from, relative to the input folder, with forward slashes.
        shot: number among the shots of that file.
        licence: of the file.
        origin: where the file came from; may be empty.
        face_px: median size of the face in pixels of the original, brow to chin or across, whichever is larger.
        sharpness: median variance of the Laplacian of the face, see `prepare.quality`.
        yaw_range: how far the head turns, degrees.
        lip_range: how far the lips open, in widths of the mouth: largest less smallest height.
    """

    name: str
    kind: Kind
    identity: str
    split: Split
    frames: int
    size: int
    fps: Fraction | None
    source: str
    shot: int
    licence: str
    origin: str
    face_px: float
    sharpness: float
    yaw_range: float
    lip_range: float

    def path(self, folder: Path) -> Path:
        """The file of the shot in a training folder."""
        return folder / SHOTS / f"{self.name}{SUFFIX}"


COLUMNS = [field.name for field in fields(IndexRow)]


def write_index(folder: Path, rows: Iterable[IndexRow]) -> None:
    """Write the index of a training folder, sorted by name; the file changes as a whole.

    Raises:
        InputError: it cannot be written.
    """
    path = Path(folder) / INDEX
    part = temporary_beside(path)
    try:
        # Names of files that are no UTF-8 hold half characters, which come back as they were.
        with part.open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_cells(row) for row in sorted(rows, key=lambda row: row.name))
        part.replace(path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # a full or broken disk; the error that counts is on its way
            part.unlink(missing_ok=True)


def read_index(folder: Path) -> list[IndexRow]:
    """Read the index of a training folder; columns that are not known are passed over.

    Raises:
        MissingFileError: the folder has none.
        InputError: it is no such index.
    """
    path = Path(folder) / INDEX
    if not path.is_file():
        raise MissingFileError(f"'{path}' does not exist: make the folder with prepare_data.py")
    try:
        with path.open(newline="", encoding="utf-8", errors="surrogatepass") as file:
            reader = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or [])]
            if missing:
                raise InputError(f"'{path}' has no column {', '.join(missing)}: make it with prepare_data.py")
            return [_row(cells, f"'{path}', line {reader.line_num}") for cells in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"'{path}' cannot be read: {error}") from error


def _cells(row: IndexRow) -> dict[str, object]:
    cells = asdict(row)
    for column, value in cells.items():
        if isinstance(value, float):
            cells[column] = f"{value:.6g}"
    return cells | {"fps": "" if row.fps is None else str(row.fps)}


def _row(cells: dict[str, str], where: str) -> IndexRow:
    try:
        kind, split, fps = cells["kind"], cells["split"], cells["fps"]
        if kind not in ("clip", "still") or split not in ("train", "held_out"):
            raise ValueError(f"kind '{kind}', split '{split}'")
        return IndexRow(
            name=cells["name"],
            kind=kind,  # type: ignore[arg-type]
            identity=cells["identity"],
            split=split,  # type: ignore[arg-type]
            frames=int(cells["frames"]),
            size=int(cells["size"]),
            fps=Fraction(fps) if fps else None,
            source=cells["source"],
            shot=int(cells["shot"]),
            licence=cells["licence"],
            origin=cells["origin"],
            face_px=float(cells["face_px"]),
            sharpness=float(cells["sharpness"]),
            yaw_range=float(cells["yaw_range"]),
            lip_range=float(cells["lip_range"]),
        )
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise InputError(f"{where} is damaged ({error}): make the index anew with prepare_data.py") from error
