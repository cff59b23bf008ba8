from collections.abc import Iterator
from pathlib import Path

import pytest

from src.config.service_options import ServiceOptions
from tests.service.running import Running
from tests.service.sharing import CommonPlaces

pytest.importorskip("ray.serve")

from .serving import cluster, served


@pytest.fixture(scope="package")
def port() -> Iterator[int]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        with cluster() as port:
            yield port


@pytest.fixture(scope="module")
def places() -> CommonPlaces:
    return CommonPlaces()


@pytest.fixture(scope="module")
def compact(port: int, tmp_path_factory) -> Iterator[Running]:
    """Two replicas with the shipped model."""
    common: Path = tmp_path_factory.mktemp("common")
    options = ServiceOptions(model="compact", max_upload_mib=4, max_pixels=3_000_000, max_seconds=4)
    with served(options, common, port) as run:
        yield run
