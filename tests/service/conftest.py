import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from src.config.service_options import ServiceOptions

from .fake import FakeAnimator
from .running import Running, files_in, running


@dataclass
class Whereabouts:
    """Folders that a module's service might write to: the working directory, and the one for temporary files."""

    cwd: Path
    temp: Path

    def outside(self, run: Running) -> list[str]:
        """All that lies there and is not in the service's folder, or the lock beside that."""
        ours = run.service.workspace.folder
        places = [path for folder in (self.cwd, self.temp) for path in folder.rglob("*")]
        return [str(path) for path in places if not path.is_relative_to(ours) and path.name != f"{ours.name}.lock"]

    def inside(self, run: Running) -> list[str]:
        """All files in the service's folder."""
        return files_in(run.service.workspace.folder)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whereabouts]:
    """Empty folders to work in, so that everything that is written elsewhere shows."""
    here = Whereabouts(tmp_path_factory.mktemp("cwd"), tmp_path_factory.mktemp("temp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(here.cwd)
        patch.setattr(tempfile, "tempdir", str(here.temp))
        patch.setenv("TMPDIR", str(here.temp))
        yield here


@pytest.fixture(scope="module")
def compact(places: Whereabouts) -> Iterator[Running]:
    """The service with the shipped model."""
    options = ServiceOptions(model="compact", max_upload_mib=4, max_pixels=3_000_000, max_seconds=4)
    with running(options) as run:
        yield run
    assert not run.service.workspace.folder.exists()


@pytest.fixture
def fake() -> FakeAnimator:
    return FakeAnimator()


@pytest.fixture
def quick(fake: FakeAnimator, tmp_path: Path) -> Iterator[Running]:
    """The service with a model that only pretends."""
    with running(ServiceOptions(max_queue=2, max_upload_mib=2, folder=tmp_path / "service"), fake) as run:
        yield run
        fake.go.set()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The same, for tests that only look."""
    with running(ServiceOptions(folder=tmp_path_factory.mktemp("service")), FakeAnimator()) as run:
        yield run
