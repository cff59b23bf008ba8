"""`graphs.json`: which weights the graphs in a folder were made of, and in which form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import MissingFileError, WeightsError
from ...weights.ledger import Ledger, sha256_of
from ...weights.paths import default_weights_dir
from ...weights.resolve import ResolvedModel

RECORD = "graphs.json"
OPSET = 20
FORM = 1  # of the graphs: count it up when what they compute changes, or how; older graphs are not used then


@dataclass(frozen=True)
class _Record:
    """What the graphs in a folder are.

    Attributes:
        model: whose weights they have.
        form: `FORM` when they were made; 0 of those that were made before it was noted.
        graphs: their names.
        checkpoints: SHA-256 of the model's files by their role.
    """

    model: str
    form: int
    graphs: list[str]
    checkpoints: dict[str, str]

    @classmethod
    def read(cls, file: Path) -> _Record:
        """Read what `write_record` wrote.

        Raises:
            ValueError: it is something else.
        """
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
        model, form, graphs, hashes = (content.get(name) for name in ("model", "form", "graphs", "checkpoints"))
        if not (isinstance(model, str) and isinstance(graphs, list) and isinstance(hashes, dict)):
            raise ValueError("entries are missing")
        if not all(isinstance(text, str) for text in (*graphs, *hashes.values())):
            raise ValueError("entries are no text")
        return cls(model, form or 0, graphs, hashes)


def default_folder(model: ResolvedModel) -> Path:
    """Where the graphs of a model are written and looked for: onnx/<model> in the weights folder."""
    return model.folder / "onnx" / model.name


def write_record(folder: Path, model: ResolvedModel, graphs: Sequence[str]) -> None:
    """Note what the graphs in a folder are."""
    content = {
        "model": model.name,
        "form": FORM,
        "opset": OPSET,
        "graphs": list(graphs),
        "checkpoints": _hashes(model),
    }
    (folder / RECORD).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def check_record(folder: Path, model: ResolvedModel) -> list[str]:
    """The names of the graphs in a folder, if they are of a model's weights.

    Raises:
        MissingFileError: there are no graphs.
        WeightsError: they are of other weights or of another form, or the record cannot be read.
    """
    file, command = folder / RECORD, export_command(model, folder)
    if not file.is_file():
        raise MissingFileError(f"there are no ONNX graphs of {model.name!r} in '{folder}': make them with: {command}")
    try:
        record = _Record.read(file)
    except (ValueError, OSError) as error:
        raise WeightsError(f"'{file}' is damaged: make the graphs again with: {command}") from error
    if fault := _fault(record, model):
        raise WeightsError(f"the ONNX graphs in '{folder}' are {fault}: make them again with: {command}")
    return record.graphs


def _fault(record: _Record, model: ResolvedModel) -> str | None:
    """Why graphs are not those of a model, in words; None if they are."""
    if record.model != model.name:
        return f"of model {record.model!r}"
    if record.form != FORM:
        return f"of another version of this program (form {record.form}, not {FORM})"
    own, theirs = _hashes(model), record.checkpoints
    others = sorted(role for role in {*own, *theirs} if own.get(role) != theirs.get(role))
    return f"of other weights ({', '.join(others)})" if others else None


def export_command(model: ResolvedModel, folder: Path) -> str:
    """What makes the graphs of a model in a folder."""
    place = "" if model.folder == default_weights_dir() else f" --weights_dir '{model.folder}'"
    output = "" if folder == default_folder(model) else f" --output '{folder}'"
    return f"python export_onnx.py --model {model.name}{place}{output}"


def _hashes(model: ResolvedModel) -> dict[str, str]:
    ledger = Ledger(model.folder)
    return {
        role: ledger.sha256(file.relative_to(model.folder).as_posix())
        if file.is_relative_to(model.folder)
        else sha256_of(file)
        for role, file in sorted(model.files.items())
    }
