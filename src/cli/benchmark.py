"""`benchmark.py`: times of networks and whole runs, parity of engines, memory, steadiness."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tyro
from rich.console import Console

from ..errors import InputError, LivePortraitError
from .benchmark_options import All, Clip, Jitter, Memory, Modules, Parity, Peak, Rewrites
from .console import run_command
from .sheets import Sheet, clip_sheet, footprint_sheet, modules_sheet, parity_sheet, peak_sheet, rewrites_sheet

if TYPE_CHECKING:  # torch takes seconds to import: not for --help
    import torch

    from ..benchmark.everything import Part
    from ..benchmark.parity import ParityFigure
    from ..benchmark.record import Figure

_SHEETS: dict[str, Callable[[str, Any], Sheet]] = {
    "peak": peak_sheet,
    "parity": parity_sheet,
    "footprint": footprint_sheet,
    "modules": modules_sheet,
    "clip": clip_sheet,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse, measure, print a table; returns the exit code."""
    actions: dict[type, Callable[[Any], None]] = {
        Modules: _modules,
        Clip: _clip,
        Parity: _parity,
        Peak: _peak,
        Rewrites: _rewrites,
        All: _all,
        Memory: _memory,
        Jitter: _jitter,
    }

    def parse(argv: Sequence[str] | None) -> Any:
        return tyro.extras.subcommand_cli_from_dict(
            {kind.__name__.lower(): kind for kind in actions},
            description="Measure networks and whole runs; every time beside that of the plain engine in the same run.",
            args=argv,
            use_underscores=True,
        )

    def measure(command: Any, console: Console) -> None:
        actions[type(command)](command)

    return run_command(parse, measure, argv)


def _modules(command: Modules) -> None:
    from ..benchmark.footprint import measure_footprints
    from ..benchmark.modules import measure_modules
    from ..benchmark.variants import opened_model, variants_of

    device = _prepared(command, *command.batch_size, command.runs)
    if command.warmup < 0:
        raise InputError(f"--warmup {command.warmup} is too few: give 0 or more")
    variants = variants_of(command.engine, command.precision, device, compiled=command.compile, model=command.model)
    with opened_model(command.model, command.weights_dir) as model:
        footprints = list(
            measure_footprints(model.files, device, variants, command.batch_size) if command.footprint else ()
        )
        figures = list(
            measure_modules(model.files, device, variants, command.batch_size, runs=command.runs, warmup=command.warmup)
        )
    sheet = modules_sheet(f"networks, {command.model}", figures)
    sheet.notes += ["GMAC a picture and GFLOP/s count the plain networks' work; memory above what was held before"]
    _show(sheet, command, device, model.note, figures, footprints=footprints)
    if footprints:
        footprint_sheet(f"memory of the engines by themselves, {command.model}", footprints).show()


def _clip(command: Clip) -> None:
    from ..benchmark.clip import ClipTask, measure_clip
    from ..benchmark.variants import opened_model, variants_of

    device = _prepared(command, command.frames, command.runs)
    variants = variants_of(command.engine, command.precision, device, compiled=command.compile, model=command.model)
    task = ClipTask(
        source=command.source or _example("source/s1.jpg"),
        driving=command.driving or _example("driving/d0.mp4"),
        n_frames=command.frames,
        size=command.size,
        driving_size=command.driving_size,
        concat=command.concat,
        batch_size=command.batch_size,
    )
    with opened_model(command.model, command.weights_dir) as model:
        figures = measure_clip(model.files, str(device), variants, task, runs=command.runs)
    _show(clip_sheet(f"whole runs, {command.model}", figures), command, device, model.note, figures)


def _parity(command: Parity) -> None:
    from ..benchmark.inputs import random_inputs
    from ..benchmark.parity import REFERENCE, Parity
    from ..benchmark.recorded import recorded_inputs
    from ..benchmark.variants import asked_variants, opened_model

    device = _prepared(command)
    figures, missing = list["ParityFigure"](), list[str]()
    with opened_model(command.model, command.weights_dir) as model:
        if model.is_random or command.model == "animals":
            if command.source or command.driving:
                why = "for animals" if command.model == "animals" else "with random weights"
                raise InputError(
                    f"--source and --driving are not used {why}, which get random pictures: leave them out"
                )
            inputs = random_inputs(REFERENCE.create(model.files, device), 1)
        else:
            source, driving = command.source or _example("source/s9.jpg"), command.driving or _example("driving/d0.mp4")
            inputs = recorded_inputs(model.files, str(device), source, driving)
        engines = command.engine or ("eager", "fused", "onnx")
        variants = asked_variants(engines, command.precision, device, model=command.model)
        parity = Parity(model.files, device, inputs)
        for variant in variants:
            if variant == REFERENCE:
                continue
            try:
                figures.append(parity.compare(variant))
            except LivePortraitError as error:
                if command.engine:
                    raise
                missing.append(f"{variant} cannot run here: {error}")
    if not figures:
        asked = "; ".join(missing) or f"{REFERENCE} is what all others are compared with"
        raise InputError(f"there is nothing to compare, name another --engine or --precision: {asked}")
    sheet = parity_sheet(f"parity with {REFERENCE}, {command.model}", figures)
    sheet.notes += missing
    _show(sheet, command, device, model.note, figures)
    beyond = [row[0] for row in sheet.rows if row[-1] != "passes"]
    if beyond:
        raise LivePortraitError(f"pictures differ from {REFERENCE}: {', '.join(beyond)}")


def _peak(command: Peak) -> None:
    from ..benchmark.peak import measure_peak

    device = _prepared(command, command.runs)
    figures = list(measure_peak(device, command.precision, runs=command.runs, warmup=3))
    _show(peak_sheet("peak", figures), command, device, "", figures)


def _rewrites(command: Rewrites) -> None:
    from ..benchmark.machine import prepare
    from ..benchmark.record import check_record
    from ..benchmark.rewrites import measure_rewrites

    if command.runs < 1:
        raise InputError(f"numbers of runs are 1 or more, got {command.runs}")
    check_record(command.json)
    device = prepare("cpu", command.threads)
    figures = list(measure_rewrites(runs=command.runs))
    _show(rewrites_sheet("rewrites", figures), command, device, "", figures)


def _all(command: All) -> None:
    from ..benchmark.everything import Scope, measure_everything
    from ..benchmark.machine import machine_facts, one_line
    from ..benchmark.record import check_record, write_record

    device = _prepared(command, *command.batch_size, command.runs, command.frames)
    check_record(command.json)
    compiled = command.compile and device.type == "cuda" and not command.quick
    scope = Scope(
        models=command.model,
        batch_sizes=command.batch_size,
        runs=command.runs,
        warmup=3,
        frames=command.frames,
        clip_runs=3,
        compiled=compiled,
        weights_dir=command.weights_dir,
    )
    if command.quick:
        scope = replace(scope, batch_sizes=(1,), runs=1, warmup=1, frames=1, clip_runs=1, peak_side=512)
    facts, parts = machine_facts(device), list["Part"]()
    sys.stdout.write(f"## {one_line(facts)}\n\n")
    source, driving = command.source or _example("source/s1.jpg"), command.driving or _example("driving/d0.mp4")
    for part in measure_everything(device, scope, source, driving):
        parts.append(part)
        sheet = _SHEETS[part.kind](f"{part.name} ({part.seconds:.0f} s)", part.figures)
        sheet.notes += [f"failed: {error}" for error in part.errors]
        sys.stdout.write(f"{sheet.markdown()}\n\n")
        sys.stdout.flush()
        write_record(command.json, {"machine": facts, "parts": [part.as_dict() for part in parts]})


def _memory(command: Memory) -> None:
    from ..benchmark.memory import measure_memory

    rows, first = list[Sequence[str]](), None
    driving = command.driving or _example("driving/d0.mp4")
    for use in measure_memory(driving, command.seconds, ["--model", command.model]):
        first = use.peak_mib if first is None else first
        more = f"{use.peak_mib - first:+.0f} MiB"
        rows.append(
            [f"{use.clip_seconds:g} s", str(use.n_frames), f"{use.seconds:.1f}", f"{use.peak_mib:.0f} MiB", more]
        )
    columns = ["clip", "frames", "seconds", "peak memory", "more than the first"]
    Sheet(f"memory, {command.model}", columns, rows).show()


def _jitter(command: Jitter) -> None:
    from ..benchmark.steadiness import measure_steadying

    source, driving = command.source or _example("source/s0.jpg"), command.driving or _example("driving/d0.mp4")
    found = measure_steadying(source, driving, command.model)
    plain = found["plain"]
    rows: list[Sequence[str]] = [
        [
            name,
            f"{row.jitter:.3f} %",
            _share(row.jitter, plain.jitter),
            f"{row.mouth_range:.3f}",
            _share(row.mouth_range, plain.mouth_range),
            f"{row.lag(plain):+d} frames",
        ]
        for name, row in found.items()
    ]
    columns = ["clip", "jitter", "of plain", "mouth range", "of plain", "mouth lag"]
    Sheet(f"jitter, {command.model}", columns, rows).show()


def _prepared(command: Modules | Clip | Parity | Peak | All, *counts: int) -> torch.device:
    """The device of a command, after what is wrong with its options was said and its threads were set."""
    from ..benchmark.machine import prepare
    from ..benchmark.record import check_record

    if counts and min(counts) < 1:
        raise InputError(f"numbers of runs, frames and pictures (--batch_size) are 1 or more, got {min(counts)}")
    check_record(command.json)
    return prepare(command.device, command.threads)


def _show(
    sheet: Sheet,
    command: Any,
    device: torch.device,
    note: str,
    figures: Sequence[Figure],
    **more: Sequence[Figure],
) -> None:
    """Print a table with the machine below it, and write the record."""
    from ..benchmark.machine import machine_facts, one_line
    from ..benchmark.record import as_dicts, write_record

    facts = machine_facts(device)
    sheet.notes += [line for line in (note, one_line(facts)) if line]
    sheet.show()
    content = {"machine": facts, "weights": note, "options": asdict(command), "figures": as_dicts(figures)}
    write_record(command.json, content | {name: as_dicts(values) for name, values in more.items()})


def _share(value: float, of: float) -> str:
    return f"{value / of:.0%}" if of else "-"


def _example(name: str) -> Path:
    from ..weights.paths import assets_dir

    return assets_dir() / "examples" / name
