"""`export_onnx.py`: the networks of a model as ONNX graphs, compared with PyTorch and timed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console

from ..errors import InputError, LivePortraitError, WeightsError
from .benchmark_options import Folder
from .console import run_command
from .sheets import Sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..benchmark.inputs import Inputs
    from ..benchmark.onnx_graphs import GraphDifference, GraphTime
    from ..weights.resolve import ResolvedModel

HELP = """Write every network as an ONNX graph (opset 20, float32 but for some positions, batches of any size), see that
all of them compute what PyTorch does, and time them.

W and G are one graph, from feature volume and keypoints to the picture. Needs onnx, onnxscript and onnxruntime; running
the graphs (--engine onnx) needs onnxruntime alone. Exit code 1 if an output is more than 1e-4 from what the plain
networks give both in float32 and in float64 (a minute a picture for base, where the former is missed)."""


@dataclass
class ExportOnnx:
    """What is written, and where."""

    model: Literal["base", "animals", "compact"] = "base"
    """Model to export."""
    weights_dir: Folder = None
    """Folder with official weights."""
    output: Annotated[
        Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: <weights folder>/onnx/<model>)")
    ] = None
    """Folder for the graphs, to hand them on to other programs; --engine onnx reads the default one."""
    validate_only: bool = False
    """Write nothing: compare and time what is there."""
    runs: Annotated[int, tyro.conf.arg(metavar="N")] = 3
    """Runs of each network for the table of times; 0 = no table."""


def parse(argv: Sequence[str] | None = None) -> ExportOnnx:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(ExportOnnx, description=HELP, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, write, compare, time; returns the exit code."""
    return run_command(parse, _export, argv)


def _export(command: ExportOnnx, console: Console) -> str:
    from ..benchmark.onnx_graphs import check_runtime
    from ..engine.onnx.export import check_exporter, export_graphs
    from ..engine.onnx.record import default_folder
    from ..weights.resolve import resolve_model

    if command.runs < 0:
        raise InputError(f"--runs {command.runs} is too few: give 0 or more")
    check_runtime()  # before weights are fetched
    if not command.validate_only:
        check_exporter()
    model = resolve_model(command.model, command.weights_dir)
    folder = command.output or default_folder(model)
    if not command.validate_only:
        with _writing_to(folder):
            for name in export_graphs(model, folder):
                console.print(f"written: {name}", highlight=False)
    console.print("comparing with PyTorch, then timing", highlight=False)
    _validate(model, folder, command.runs)
    return str(folder)


@contextmanager
def _writing_to(folder: Path) -> Iterator[None]:
    """Say where graphs cannot be written."""
    try:
        yield
    except LivePortraitError:  # one kind of which is an OSError, too
        raise
    except (FileExistsError, NotADirectoryError) as error:
        raise InputError(f"the graphs cannot be written to '{folder}': a file is there, give a folder") from error
    except OSError as error:
        raise InputError(f"the graphs cannot be written to '{folder}': {error.strerror or error}") from error


def _validate(model: ResolvedModel, folder: Path, runs: int) -> None:
    """Show how far all graphs are from PyTorch, and their times.

    Raises:
        WeightsError: too far.
    """
    from ..benchmark.distances import TOLERANCE
    from ..benchmark.onnx_graphs import compare_graphs, time_graphs

    cases = _cases(model)
    differences = list(compare_graphs(model, folder, cases))
    times = list(time_graphs(model, folder, cases["random"], runs)) if runs else []
    _sheet(model.name, differences, times).show()
    beyond = [f"{_case(d)} by {d.distances.eager:.1e}" for d in differences if not d.distances.passes]
    if beyond:
        raise WeightsError(f"graphs differ from PyTorch by more than {TOLERANCE:g}: {'; '.join(beyond)}")


def _case(difference: GraphDifference) -> str:
    return f"{difference.graph} ({difference.inputs}, batch {difference.batch_size})"


def _cases(model: ResolvedModel) -> dict[str, Inputs]:
    """Random inputs, and for people's models those of the shipped portrait and driver."""
    import torch

    from ..benchmark.inputs import random_inputs
    from ..benchmark.parity import REFERENCE
    from ..benchmark.recorded import recorded_inputs
    from ..weights.paths import assets_dir

    cases = {"random": random_inputs(REFERENCE.create(model, torch.device("cpu")), 3)}
    if model.name != "animals":
        examples = assets_dir() / "examples"
        cases["real"] = recorded_inputs(
            model, "cpu", examples / "source/s9.jpg", examples / "driving/d0.mp4", n_frames=3
        )
    return cases


def _sheet(model: str, differences: Sequence[GraphDifference], times: Sequence[GraphTime]) -> Sheet:
    from ..benchmark.distances import largest

    graphs = dict.fromkeys(difference.graph for difference in differences)
    apart = {graph: largest(d.distances.eager for d in differences if d.graph == graph) for graph in graphs}
    if times:
        columns = ["graph", "MB", "batch", "onnx (ms)", "fused (ms)", "eager (ms)", "largest difference"]
        rows = [
            [
                time.graph,
                f"{time.size / 1e6:.1f}",
                str(time.batch_size),
                *(f"{time.ms[way]:.2f}" if way in time.ms else "as eager" for way in ("onnx", "fused", "eager")),
                f"{apart[time.graph]:.1e}",
            ]
            for time in times
        ]
    else:
        columns, rows = ["graph", "largest difference"], [[graph, f"{value:.1e}"] for graph, value in apart.items()]
    sheet = Sheet(f"ONNX graphs, {model}", columns, rows)
    sheet.notes.append("differences from eager float32, of outputs beyond 1 as a share of their largest value")
    sheet.notes += [
        f"{_case(difference)}: {difference.distances.words}" for difference in differences if difference.distances.words
    ]
    return sheet
