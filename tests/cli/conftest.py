import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from src.cli import inference
from src.cli.console import PACKAGE

from .odd_media import write_good, write_wrong
from .whole import in_words, snapshot


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command line sets up logging for its whole process; take that back after each test."""
    root, package = logging.getLogger(), logging.getLogger(PACKAGE)
    handlers, levels = root.handlers[:], (root.level, package.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    package.setLevel(levels[1])


@pytest.fixture(scope="session")
def odd_media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Odd inputs, good and bad; do not write to the folder."""
    folder = tmp_path_factory.mktemp("odd")
    write_good(folder)
    write_wrong(folder)
    return folder


@pytest.fixture
def run_odd(odd_media: Path, tmp_path: Path, monkeypatch, capsys) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in an empty folder; gives exit code, stdout and stderr.

    Names of odd media stand for their paths.
    """
    monkeypatch.chdir(tmp_path)
    before = snapshot(odd_media)

    def placed(value: object) -> str:
        return str(odd_media / value) if (odd_media / value).exists() else value

    def run(source: str, *drivers: str, **options: object) -> tuple[int, str, str]:
        given = [("source", placed(source)), *(("driving", placed(driver)) for driver in drivers), *options.items()]
        code = inference.main([*in_words(given), "--model", "compact"])
        out, err = capsys.readouterr()
        assert "Traceback" not in err and snapshot(odd_media) == before
        assert not list(tmp_path.rglob(".*"))  # temporary files are hidden
        return code, out, err

    return run
