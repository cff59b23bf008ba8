"""`GraphFolder`: the graphs of one model, opened when first used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ...errors import MissingFileError
from ...weights.onnx_session import open_session
from ...weights.resolve import ResolvedModel
from .record import check_record, default_folder, export_command

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class GraphFolder:
    """Runs the graphs that `export_graphs` wrote.

    Args:
        model: whose weights they have.
        device: where to run; tensors come from there and go there.
        folder: where they lie; None for the default place.

    Attributes:
        names: the graphs that are there.

    Raises:
        MissingFileError: there are none.
        WeightsError: they are of other weights.
    """

    def __init__(self, model: ResolvedModel, device: torch.device, folder: Path | None = None) -> None:
        self.folder = folder or default_folder(model)
        self.names = check_record(self.folder, model)
        self._device, self._command = device, export_command(model, self.folder)
        self._sessions: dict[str, InferenceSession] = {}

    def file(self, name: str) -> Path:
        """Where a graph lies."""
        return self.folder / f"{name}.onnx"

    def run(self, name: str, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run a graph on inputs by name, each with the batch first; outputs by name.

        Raises:
            MissingFileError: the graph's file is missing.
            WeightsError: onnxruntime is not installed, or the file is damaged.
        """
        session = self._session(name)
        feed = {key: value.detach().cpu().contiguous().numpy() for key, value in inputs.items()}
        names = [output.name for output in session.get_outputs()]
        outputs = zip(names, session.run(names, feed), strict=True)
        return {key: torch.from_numpy(value).to(self._device) for key, value in outputs}

    def _session(self, name: str) -> InferenceSession:
        if name not in self._sessions:
            file = self.file(name)
            if not file.is_file():
                raise MissingFileError(f"'{file}' is not there: make the graphs again with: {self._command}")
            self._sessions[name] = open_session(file, str(self._device), torch.get_num_threads())
        return self._sessions[name]
