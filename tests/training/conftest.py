import pytest

from .toy_faces import write_toy_data


@pytest.fixture(scope="session")
def toy_data(tmp_path_factory):
    return write_toy_data(tmp_path_factory.mktemp("toy") / "data")
