"""`graphs.json`: which weights the graphs in a folder were made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ...errors import MissingFileError, WeightsError
from ...weights.ledger import Ledger, sha256_of
from ...weights.paths import default_weights_dir
from ...weights.resolve import ResolvedModel

RECORD = "graphs.json"
OPSET = 20


def default_folder(model: ResolvedModel) -> Path:
    """Where the graphs of a model are written and looked for: onnx/<model> in the weights folder."""
    return model.folder / "onnx" / model.name


def write_record(folder: Path, model: ResolvedModel, graphs: Sequence[str]) -> None:
    """Note what the graphs in a folder are."""
    content = {"model": model.name, "opset": OPSET, "graphs": list(graphs), "checkpoints": _hashes(model)}
    (folder / RECORD).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def check_record(folder: Path, model: ResolvedModel) -> list[str]:
    """The names of the graphs in a folder, if they are of a model's weights.

    Raises:
        MissingFileError: there are no graphs.
        WeightsError: they are of other weights, or the record cannot be read.
    """
    file, command = folder / RECORD, export_command(model)
    if not file.is_file():
        raise MissingFileError(f"there are no ONNX graphs of {model.name!r} in '{folder}': make them with: {command}")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        name, hashes, graphs = content["model"], content["checkpoints"], [str(graph) for graph in content["graphs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"'{file}' is damaged: make the graphs again with: {command}") from error
    own = _hashes(model)
    others = sorted({role for role in {*own, *hashes} if own.get(role) != hashes.get(role)})
    if name != model.name or others:
        what = f"of model {name!r}" if name != model.name else f"of other weights ({', '.join(others)})"
        raise WeightsError(f"the ONNX graphs in '{folder}' are {what}: make them again with: {command}")
    return graphs


def export_command(model: ResolvedModel) -> str:
    """What makes the graphs of a model."""
    place = "" if model.folder == default_weights_dir() else f" --weights_dir '{model.folder}'"
    return f"python export_onnx.py --model {model.name}{place}"


def _hashes(model: ResolvedModel) -> dict[str, str]:
    ledger = Ledger(model.folder)
    return {
        role: ledger.sha256(file.relative_to(model.folder).as_posix())
        if file.is_relative_to(model.folder)
        else sha256_of(file)
        for role, file in sorted(model.files.items())
    }
