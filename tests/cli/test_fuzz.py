"""The option space at random, through the real parser and pipeline: a whole result, or one line that says why."""

import contextlib
import gc
import io
import shutil
import tempfile
import threading
from collections import Counter
from dataclasses import fields
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings

import src.live_portrait_wrapper as wrapper_module
from src.cli import inference
from src.config.argument_config import ArgumentConfig
from src.media.containers import VIDEO_SUFFIXES
from src.pipeline import inputs
from tests.pipeline.fakes import AnimalsDetector, FakeDetector, FakeEngine, MeshDetector

from .fuzz_space import FILES, PYTHON_ONLY, VALUES, Command, animal_commands, commands, write_media
from .whole import check_whole, error_of, snapshot


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file of every kind; every run works on a copy."""
    folder = tmp_path_factory.mktemp("media")
    write_media(folder)
    return folder


def run(command: Command, patch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    patch.setattr(
        wrapper_module, "create_detector", lambda *_, **__: (MeshDetector if command.reads_meshes else FakeDetector)()
    )
    patch.setattr(wrapper_module, "create_animal_detector", lambda *_, **__: AnimalsDetector())
    patch.setattr(wrapper_module, "create_engine", lambda model, *_, **__: _engine(model.name, command))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = (inference.main_animals if command.animals else inference.main)(command.words())
        except SystemExit as stop:
            code = stop.code
    return code, out.getvalue(), err.getvalue()


def _engine(name: str, command: Command) -> FakeEngine:
    engine = FakeEngine(name, always_crops_driving=command.crops_driving)
    engine.reads_meshes = command.reads_meshes
    return engine


def check_success(command: Command, out: str, new: list[Path], here: Path) -> None:
    """The promised files and no others, all of them whole."""
    options = dict(command.options)
    result = here / out.removesuffix("\n")
    frames = {path: check_whole(path) for path in new}
    assert result in new
    expected = {result}
    if "save_motion_template" in options:
        expected |= {path for path in new if path.suffix in (".safetensors", ".pkl")}
        assert len(expected) == (1 if command.source is None else 2)
    elif options.get("auto_template"):
        expected |= {path for path in new if path.suffix == ".safetensors"}
    if options.get("report"):
        expected.add(here / str(options["report"]))
    if options.get("concat", True) and result.suffix not in (".safetensors", ".pkl"):
        concat = [path for path in new if path.name == f"{result.stem}_concat{result.suffix}"]
        assert len(concat) == 1 and frames[concat[0]] == frames[result]
        expected |= set(concat)
    if command.animals and result.suffix.lower() in VIDEO_SUFFIXES - {".gif"}:
        expected.add(result.with_suffix(".gif"))
    assert set(new) == expected


def working() -> list[object]:
    """Processes and threads that belong to a run."""
    threads = [thread for thread in threading.enumerate() if thread.name in ("ahead", "behind")]
    return [*psutil.Process().children(), *threads]


def check(command: Command, media: Path) -> int:
    """Run a command in a folder of its own and look at what it leaves; gives the exit code."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        here = Path(folder).resolve() / "here"
        shutil.copytree(media, here / "in")
        (here / "taken.mp4").mkdir()
        (here / "taken.json").mkdir()
        (here / "file").touch()
        (scratch := Path(folder) / "scratch").mkdir()
        patch.chdir(here)
        patch.setattr(tempfile, "tempdir", str(scratch))
        patch.setattr(inputs, "assets_dir", lambda: here / "in")
        before, others = snapshot(here), working()
        code, out, err = run(command, patch)
        after = snapshot(here)
        assert "Traceback" not in err
        new = [path for path in after if after[path] != before.get(path)]
        assert before.keys() <= after.keys()
        assert not [path for path in new if command.reads(str(path.relative_to(here)))], "an input was changed"
        if code == 0:
            check_success(command, out, new, here)
        else:
            assert code in (1, 2) and out == ""
            assert all(path.suffix in (".safetensors", ".pkl") and check_whole(path) for path in new)
            if code == 1:
                error_of(err)
        gc.collect()
        assert list(scratch.iterdir()) == []
        assert not [at_work for at_work in working() if at_work not in others]
    return code


def test_every_option_is_drawn():
    assert VALUES.keys() | FILES.keys() | PYTHON_ONLY == {field.name for field in fields(ArgumentConfig)}


@pytest.mark.parametrize(
    ("drawn", "n"),
    [
        (commands, 30),
        (animal_commands, 12),
        pytest.param(commands, 75, marks=pytest.mark.slow),
        pytest.param(animal_commands, 30, marks=pytest.mark.slow),
    ],
)
def test_whatever_is_asked_for(media, drawn, n):
    codes: Counter[int] = Counter()

    @settings(max_examples=n, deadline=None, derandomize=True, database=None)
    @given(drawn())
    def fuzz(command: Command) -> None:
        codes[check(command, media)] += 1

    fuzz()
    assert codes[0] > n / 3 and codes[1] > n / 10, codes
