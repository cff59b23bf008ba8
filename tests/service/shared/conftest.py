from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config.service_options import ServiceOptions
from tests.service.fake import FakeAnimator
from tests.service.running import Running
from tests.service.sharing import sharing


@pytest.fixture
def common(tmp_path: Path) -> Path:
    """The folder that is shared."""
    return tmp_path / "common"


@pytest.fixture
def fakes() -> list[FakeAnimator]:
    return [FakeAnimator(), FakeAnimator()]


@pytest.fixture
def pair(fakes: list[FakeAnimator], common: Path) -> Iterator[list[Running]]:
    """Two services with models that only pretend."""
    with sharing(ServiceOptions(max_queue=2), fakes, common) as runs:
        yield runs
        for fake in fakes:
            fake.go.set()
