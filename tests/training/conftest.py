import pytest

from src.training.data.index import read_index
from src.training.data.tracks import read_tracks

from .toy_faces import write_toy_data


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory):
    return write_toy_data(tmp_path_factory.mktemp("toy") / "data")


@pytest.fixture(scope="session")
def tracks(toy_data):
    return read_tracks([row.path(toy_data) for row in read_index(toy_data)])
