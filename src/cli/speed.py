"""`speed.py`: the original's table of parameters and times (spec: pipeline, section 17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import tyro
from rich.console import Console

from ..config.options import Precision
from ..errors import InputError
from .benchmark_options import Folder, JsonFile
from .console import run_command
from .sheets import Sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..benchmark.modules import ModuleFigure

HELP = """Parameters and time of every network, one picture at a time, random inputs.

On GPU 0 in float16, W and G compiled, as officially; without a GPU on the processor, in float32 and uncompiled.
`python benchmark.py modules` measures other batch sizes, engines and models."""
ORDER = ("F", "M", "G", "W", "S+R")
_WORDS = {
    "F": "Appearance Feature Extractor (F)",
    "M": "Motion Extractor (M)",
    "G": "SPADE Generator (G)",
    "W": "Warping Module (W)",
    "S+R": "Stitching and Retargeting (S+R)",
}


@dataclass
class Speed:
    """What is measured."""

    device: str = "auto"
    """auto = GPU 0 if there is one, cpu, cuda, cuda:1, mps."""
    precision: Precision = "auto"
    """auto = float16 on CUDA, else float32."""
    compile: Literal["auto", "yes", "no"] = "auto"
    """Send W and G through torch.compile, which takes minutes at first; auto = on CUDA."""
    model: Literal["base", "animals"] = "base"
    """Model to measure; random weights take the place of official ones that are not there."""
    weights_dir: Folder = None
    """Folder with official weights."""
    warmup: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 10; on cpu 1)")] = None
    """Runs that do not count."""
    runs: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: 100; on cpu 5)")] = None
    """Runs that do."""
    json: JsonFile = None
    """Also write all figures and facts about the machine as JSON."""


def parse(argv: Sequence[str] | None = None) -> Speed:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(Speed, description=HELP, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, measure, print the table; returns the exit code."""
    return run_command(parse, _measure, argv)


def _measure(command: Speed, console: Console) -> None:
    from ..benchmark.costs import parameter_counts
    from ..benchmark.machine import machine_facts, one_line, prepare
    from ..benchmark.modules import measure_modules
    from ..benchmark.record import as_dicts, check_record, write_record
    from ..benchmark.variants import Variant, opened_model, variants_of
    from ..engine.backend import resolve_backend

    check_record(command.json)
    device = prepare(command.device, None)
    slow = device.type == "cpu"
    runs = (5 if slow else 100) if command.runs is None else command.runs
    warmup = (1 if slow else 10) if command.warmup is None else command.warmup
    if runs < 1:
        raise InputError(f"--runs {runs} is too few: give 1 or more")
    if warmup < 0:
        raise InputError(f"--warmup {warmup} is too few: give 0 or more")
    compiled = device.type == "cuda" if command.compile == "auto" else command.compile == "yes"
    precision = variants_of(["eager"], [command.precision], device)[-1].precision
    plain = Variant("eager", precision, compiled)
    ours = Variant(resolve_backend("auto", command.model, device), precision)
    facts, figures = machine_facts(device), list["ModuleFigure"]()
    with opened_model(command.model, command.weights_dir) as model:
        try:
            for variant, modules in ((plain, ORDER), (ours, ("W+G",))):
                figures.extend(
                    measure_modules(model.files, device, [variant], [1], modules=modules, runs=runs, warmup=warmup)
                )
        finally:  # what was measured before a failure is shown
            how = f"{precision}{', W and G compiled' if compiled else ''}, batch size 1, mean and std of {runs} runs"
            sheet = _sheet(command.model, figures, parameter_counts(model.files.config), ours.engine)
            sheet.notes += [how, model.note, one_line(facts)]
            if figures:
                sheet.show()
                write_record(command.json, {"machine": facts, "weights": model.note, "figures": as_dicts(figures)})


def _sheet(model: str, figures: Sequence[ModuleFigure], counts: Mapping[str, int], ours: str) -> Sheet:
    """One row a network; W+G is that of the engine `ours`."""
    words = {**_WORDS, "W+G": f"W and G, our {ours} engine, to uint8"}
    rows = [
        [
            words[figure.module],
            f"{counts.get(figure.module, counts['W'] + counts['G']) / 1e6:.2f}",
            f"{figure.timing.mean * 1e3:.2f}",
            f"{figure.timing.std * 1e3:.2f}",
        ]
        for figure in figures
    ]
    return Sheet(f"speed, {model}", ["network", "parameters (M)", "time (ms)", "std (ms)"], rows)
