import logging
from collections.abc import Iterator

import pytest

from src.cli.console import PACKAGE


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command line sets up logging for its whole process; take that back after each test."""
    root, package = logging.getLogger(), logging.getLogger(PACKAGE)
    handlers, levels = root.handlers[:], (root.level, package.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    package.setLevel(levels[1])
