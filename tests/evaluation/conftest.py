"""What several tests of the evaluation need."""

import pytest

from src.engine.create import create_engine
from src.engine.device import resolve_device
from src.evaluation.clip import Clip
from src.evaluation.data_index import rows_of
from src.evaluation.landmarks import MeshFinder
from src.evaluation.methods import Networks
from src.face.face_mesh import FaceMesh
from src.weights.resolve import resolve_model
from tests.face.pictures import MODELS

from .made_shots import write_data


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A small training folder; do not write to it."""
    return write_data(tmp_path_factory.mktemp("shots") / "data")


@pytest.fixture(scope="session")
def clips(data):
    """Its held-out shots by name."""
    return {row.name: Clip(row, data) for row in rows_of(data, "held_out")}


@pytest.fixture(scope="session")
def networks():
    """The weights that ship."""
    return Networks("compact", create_engine(resolve_model("compact"), resolve_device("cpu")))


@pytest.fixture(scope="session")
def finder():
    """Of meshes."""
    return MeshFinder(FaceMesh.open(MODELS))
