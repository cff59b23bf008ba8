"""`benchmark.py modules`, `clip`, `parity`, `peak` and `all`, and `speed.py`: tables, records, exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from src.benchmark import clip, everything, footprint, inputs, machine, modules, parity, variants
from src.benchmark.clip import ClipFigure
from src.benchmark.distances import Distances
from src.benchmark.everything import Part
from src.benchmark.footprint import FootprintFigure
from src.benchmark.modules import ModuleFigure
from src.benchmark.parity import ParityFigure
from src.benchmark.timing import Timing
from src.cli import speed
from src.cli.benchmark import main
from src.engine import precision
from src.errors import InputError
from src.weights.resolve import ResolvedModel

ROOT = Path(__file__).parents[2]
CPU = torch.device("cpu")
TIMING = Timing(0.02, 0.019, 0.0215, 0.021, 0.001, 10)


def figure(module: str, variant: str, ratio: float, **other) -> ModuleFigure:
    values = {"batch_size": 1, "ratio_single": ratio, "gmac": 1.05, "memory_mib": 12.3, **other}
    return ModuleFigure(module=module, variant=variant, timing=TIMING, ratio=ratio, **values)


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Exit code, the cells of the printed table row by row, all of stdout, and stderr."""
    monkeypatch.chdir(tmp_path)

    def command(*words, main=main):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        lines = [line for line in out.splitlines() if "│" in line]
        return code, [[cell.strip() for cell in line.strip("│").split("│")] for line in lines], out, err

    return command


@pytest.fixture
def measured(monkeypatch) -> list[tuple]:
    """What the measurements were asked for; none is made."""
    calls: list[tuple] = []

    def modules_of(model, device, ways, sizes, **named):
        calls.append(("modules", model.name, device, [str(way) for way in ways], tuple(sizes), named))
        yield figure("W+G", "eager float32", 1.0)
        yield figure("W+G", "fused float32", 1.5, batch_size=4, ratio_single=1.75, gmac=None)

    def footprints(model, device, ways, sizes):
        calls.append(("footprints",))
        yield FootprintFigure("eager float32", 1, 1234.5)

    def clips(model, device, ways, task, *, runs):
        calls.append(("clip", model.name, device, [str(way) for way in ways], task, runs))
        busy = {"decode": 1.0, "networks": 6.0}
        return [ClipFigure("eager float32", 100, 8.0, 12.5, 1.0, busy, 0.5, 1.8, 0.75, 2.0, 0.25, [12.5])]

    class Compared:
        def __init__(self, model, device, inputs):
            pass

        def compare(self, way):
            calls.append(("parity", str(way)))
            if way.engine == "onnx":
                raise InputError("no ONNX Runtime")
            good = way.precision == "float32"
            far = Distances(1.5e-4, 0.9e-4, 1.4e-4)
            limit = "max <= 0.0001"
            return ParityFigure(
                str(way), 1.5e-4, 120.0, 1, 0.0, None if good else 0.1, far if good else None, None, limit, good
            )

    monkeypatch.setattr(modules, "measure_modules", modules_of)
    monkeypatch.setattr(footprint, "measure_footprints", footprints)
    monkeypatch.setattr(clip, "measure_clip", clips)
    monkeypatch.setattr(parity, "Parity", Compared)
    return calls


@pytest.fixture
def bfloat16(monkeypatch) -> None:
    """A processor that has it."""
    monkeypatch.setattr(precision, "_cpu_multiplies_bfloat16", lambda: True)


@pytest.fixture
def no_weights(monkeypatch) -> None:
    """Random weights that nobody will read."""
    from src.config.model_config import load_model_config

    def written(name, folder):
        return ResolvedModel(name, folder, {}, load_model_config("base" if name == "animals" else name))

    monkeypatch.setattr(variants, "write_random_model", written)


def test_modules(run, measured, no_weights):
    code, rows, out, _ = run(
        "modules", "--batch_size", "1", "4", "--weights_dir", ".", "--runs", "7", "--json", "r.json"
    )
    assert code == 0
    eager = ["W+G", "1", "eager float32", "20.00", "19.00 - 21.50", "1.00", "1.00", "1.05", "105", "12 MiB"]
    fused = ["W+G", "4", "fused float32", "5.00", "4.75 - 5.38", "1.50", "1.75", "-", "-", "12 MiB"]
    assert rows == [eager, fused, ["eager float32", "1", "1234 MiB"]]
    assert "random weights" in out and f"torch {torch.__version__}" in out
    (_, call) = measured
    assert call == ("modules", "base", CPU, ["eager float32", "fused float32"], (1, 4), {"runs": 7, "warmup": 2})
    record = json.loads(Path("r.json").read_text())
    assert record["machine"]["torch"] == torch.__version__ and "random weights" in record["weights"]
    assert record["options"]["batch_size"] == [1, 4]
    assert [entry["ms_per_picture"] for entry in record["figures"]] == [20.0, 5.0]
    assert record["footprints"] == [{"variant": "eager float32", "batch_size": 1, "memory_mib": 1234.5}]


def test_modules_of_other_engines(run, measured):
    run("modules", "--model", "compact", "--engine", "onnx", "fused", "--no_footprint", "--compile", "--device", "cpu")
    ((_, name, _, ways, sizes, _),) = measured
    assert (name, sizes) == ("compact", (1,))
    assert ways == ["eager float32", "onnx float32 compiled", "fused float32"]


def test_clip(run, measured):
    code, rows, out, _ = run("clip", "--frames", "100", "--size", "512", "--json", "r.json")
    assert code == 0 and "100 frames" in out
    stages = ["10.00", "60.00"]
    assert rows == [["eager float32", "12.5", "1.00", "80.00", *stages, "5.00", "75%", "1.8", "2.0 s", "0.25 s"]]
    ((_, name, device, ways, task, runs),) = measured
    assert (name, device, ways, runs) == ("compact", "cpu", ["eager float32", "fused float32"], 1)
    assert task.source.samefile(ROOT / "assets/examples/source/s1.jpg")
    assert task.driving.samefile(ROOT / "assets/examples/driving/d0.mp4")
    assert (task.n_frames, task.size, task.driving_size, task.concat) == (100, 512, None, False)
    assert json.loads(Path("r.json").read_text())["figures"][0]["busy"] == {"decode": 1.0, "networks": 6.0}


def test_parity(run, measured):
    """Of all engines, those that cannot run are named; it is no failure."""
    code, rows, out, _ = run("parity", "--model", "compact")
    assert code == 0
    assert rows == [["fused float32", "1.5e-04", "120.0 dB", "1", "0.0e+00", "-", "max <= 0.0001", "passes"]]
    assert "fused float32: 9.0e-05 from float64, eager float32 itself 1.4e-04" in out
    assert "onnx float32 cannot run here: no ONNX Runtime" in out
    assert measured == [("parity", "fused float32"), ("parity", "onnx float32")]


def test_an_engine_that_was_asked_for_must_run(run, measured):
    code, rows, _, err = run("parity", "--model", "compact", "--engine", "onnx")
    assert (code, rows) == (1, []) and err.splitlines()[-1] == "error: no ONNX Runtime"


@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_nothing_to_compare(run, measured, precision):
    code, rows, _, err = run("parity", "--model", "compact", "--engine", "eager", "--precision", precision)
    assert (code, rows) == (1, []) and "there is nothing to compare" in err.splitlines()[-1]


def test_other_pictures_end_with_code_1(run, measured, bfloat16, no_weights, monkeypatch):
    monkeypatch.setattr(inputs, "random_inputs", lambda engine, n: None)
    words = ("--model", "base", "--weights_dir", ".", "--engine", "fused", "--precision", "float32", "bfloat16")
    code, rows, _, err = run("parity", *words)
    assert code == 1 and [row[-1] for row in rows] == ["passes", "FAILS"]
    assert err.splitlines()[-1] == "error: pictures differ from eager float32: fused bfloat16"


def test_the_baseline_of_a_gpu_is_not_compared_unless_asked_for(run, measured, no_weights, monkeypatch):
    monkeypatch.setattr(inputs, "random_inputs", lambda engine, n: None)
    monkeypatch.setattr(variants.Variant, "create", lambda *words: None)
    monkeypatch.setattr(machine, "prepare", lambda device, threads: torch.device("cuda"))
    monkeypatch.setattr(machine, "machine_facts", lambda device: {"device": "GPU", "threads": 1, "torch": "2"})
    words = ("parity", "--model", "base", "--weights_dir", ".", "--engine")
    assert run(*words, "fused", "--precision", "float32")[0] == 0
    run(*words, "eager", "fused")
    asked = [name for _, name in measured]
    assert asked == ["fused float32", "eager float16", "fused float16"]


@pytest.mark.parametrize(
    ("model", "option", "why"),
    [("base", "--source", "with random weights"), ("animals", "--driving", "for animals")],
)
def test_files_that_parity_would_not_use(run, measured, no_weights, model, option, why):
    code, rows, _, err = run("parity", "--model", model, "--weights_dir", ".", option, "mine.jpg")
    assert (code, rows, measured) == (1, [], [])
    assert f"error: --source and --driving are not used {why}" in err.splitlines()[-1]


def test_peak(run):
    code, rows, _, _ = run("peak", "--precision", "float32", "--runs", "1")
    assert code == 0 and [row[:2] for row in rows] == [["gemm", "float32"], ["conv", "float32"]]
    assert all(float(row[3]) > 0 for row in rows)


def test_all(run, monkeypatch):
    asked = []

    def parts(device, scope, source, driving):
        asked.append((device, scope))
        yield Part("peak", "peak", [], 2.0, ["RuntimeError: no"])
        assert json.loads(Path("r.json").read_text())["parts"][0]["errors"] == ["RuntimeError: no"]
        yield Part("networks, base", "modules", [figure("F", "eager float32", 1.0)], 3.0)

    monkeypatch.setattr(everything, "measure_everything", parts)
    code, _, out, _ = run("all", "--quick", "--json", "r.json", "--model", "base", "--weights_dir", "w")
    assert code == 0
    assert "failed: RuntimeError: no" in out and "### networks, base (3 s)" in out
    assert "| F | 1 | eager float32 | 20.00 | 19.00 - 21.50 | 1.00 | 1.05 | 105 | 12 MiB |" in out
    ((device, scope),) = asked
    assert (
        device == CPU and not scope.compiled and (scope.models, scope.batch_sizes, scope.frames) == (("base",), (1,), 1)
    )
    assert scope.weights_dir == Path("w")
    assert [part["name"] for part in json.loads(Path("r.json").read_text())["parts"]] == ["peak", "networks, base"]


def test_speed(run, monkeypatch, no_weights):
    asked = []

    def modules_of(model, device, ways, sizes, **named):
        asked.append(([str(way) for way in ways], tuple(sizes), named["runs"], named["warmup"]))
        return [figure(name, str(ways[0]), 1.0) for name in named["modules"]]

    monkeypatch.setattr(modules, "measure_modules", modules_of)
    code, rows, out, _ = run("--device", "cpu", "--weights_dir", ".", "--json", "r.json", main=speed.main)
    assert code == 0 and "float32, batch size 1, mean and std of 5 runs" in out
    assert [row[1:] for row in rows] == [
        [parameters, "21.00", "1.00"] for parameters in ("0.84", "28.12", "55.37", "45.53", "0.23", "100.90")
    ]
    assert asked == [(["eager float32"], (1,), 5, 1), (["fused float32"], (1,), 5, 1)]
    assert len(json.loads(Path("r.json").read_text())["figures"]) == 6
    assert rows[-1][0] == "W and G, our fused engine, to uint8"


def test_speed_of_the_engine_that_auto_stands_for(run, measured, no_weights, monkeypatch):
    """Apple's GPU has no fused form."""
    monkeypatch.setattr(machine, "prepare", lambda device, threads: torch.device("mps"))
    code, _, out, _ = run("--weights_dir", ".", "--precision", "float32", main=speed.main)
    assert code == 0 and [call[3] for call in measured] == [["eager float32"], ["eager float32"]]
    assert "W and G, our eager engine, to uint8" in out


def test_speed_keeps_what_was_measured_before_a_failure(run, monkeypatch, no_weights):
    def modules_of(model, device, ways, sizes, **named):
        yield figure("F", "eager float32", 1.0)
        raise InputError("no memory left")

    monkeypatch.setattr(modules, "measure_modules", modules_of)
    code, rows, _, err = run("--device", "cpu", "--weights_dir", ".", "--json", "r.json", main=speed.main)
    assert code == 1 and err.splitlines()[-1] == "error: no memory left"
    assert rows == [["Appearance Feature Extractor (F)", "0.84", "21.00", "1.00"]]
    assert len(json.loads(Path("r.json").read_text())["figures"]) == 1


def test_speed_with_other_options(run, measured, no_weights, bfloat16):
    words = ("--weights_dir", ".", "--compile", "yes", "--precision", "bfloat16", "--runs", "3", "--warmup", "0")
    assert run(*words, main=speed.main)[0] == 0
    assert [call[3] for call in measured] == [["eager bfloat16 compiled"], ["fused bfloat16"]]


MISTAKES = [
    (("modules", "--device", "cuda"), "device 'cuda:0' was asked for, but torch sees no CUDA device here: use"),
    (("peak", "--device", "tpu"), "device 'tpu' is unknown"),
    (("modules", "--runs", "0"), "numbers of runs, frames and pictures (--batch_size) are 1 or more, got 0"),
    (("modules", "--batch_size", "4", "-1"), "1 or more, got -1"),
    (("clip", "--frames", "0"), "1 or more, got 0"),
    (("modules", "--threads", "0"), "--threads 0 is too few"),
    (("modules", "--json", "none/r.json"), "cannot be written to 'none/r.json'"),
    (("modules", "--precision", "float16"), "--precision float16 is for GPUs"),
    (("clip", "--driving", "none.mp4"), "'none.mp4' does not exist"),
    (("clip", "--runs", "0"), "1 or more, got 0"),
    (("clip", "--size", "0"), "--size 0 is no side of a picture"),
    (("clip", "--driving_size", "255"), "--driving_size 255 is odd"),
    (("clip", "--batch_size", "0"), "--batch_size 0 is too few"),
    (("modules", "--warmup", "-1"), "--warmup -1 is too few: give 0 or more"),
]


@pytest.mark.parametrize(
    ("words", "message"), MISTAKES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_mistakes_are_one_line(run, monkeypatch, words, message):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    code, rows, _, err = run(*words)
    assert (code, rows) == (1, []) and message in err.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--device", "cuda"), "torch sees no CUDA device here"),
        (("--runs", "0"), "--runs 0 is too few"),
        (("--warmup", "-1"), "--warmup -1 is too few: give 0 or more"),
    ],
)
def test_mistakes_of_speed(run, monkeypatch, words, message):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    code, rows, _, err = run(*words, main=speed.main)
    assert (code, rows) == (1, []) and message in err.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [["modules", "--engine", "fast"], ["modules", "--model", "huge"], ["peak", "--precision", "int8"], ["clip", "--x"]],
    ids=" ".join,
)
def test_unknown_words_end_with_code_2(words, capsys):
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2 and "--help" in capsys.readouterr().err


HELP = {
    "modules": "device threads json weights_dir engine precision compile model batch_size runs warmup footprint",
    "clip": "device threads json weights_dir engine precision compile model source driving frames size driving_size "
    "concat batch_size runs",
    "parity": "device threads json model weights_dir engine precision source driving",
    "peak": "device threads json precision runs",
    "rewrites": "threads json runs",
    "all": "device threads json model weights_dir batch_size runs frames compile source driving quick",
}


@pytest.mark.parametrize("command", HELP)
def test_every_option_is_in_the_help(capsys, monkeypatch, command):
    monkeypatch.setenv("COLUMNS", "120")
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    out = capsys.readouterr().out
    assert caught.value.code == 0 and "None" not in out
    assert all(f"--{name}" in out for name in HELP[command].split())


@pytest.mark.parametrize(
    ("script", "words"),
    [("benchmark.py", "memory jitter modules clip all"), ("speed.py", "--runs"), ("export_onnx.py", "--output --runs")],
)
def test_scripts_and_their_help_do_not_wait_for_the_networks(script, words):
    code = (
        f"import runpy, sys\nsys.argv = ['{script}', '--help']\n"
        f"try: runpy.run_path('{script}', run_name='__main__')\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'cv2', 'onnxruntime', 'av', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in words.split()) and "None" not in done.stdout
