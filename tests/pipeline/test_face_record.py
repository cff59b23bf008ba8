import numpy as np
import pytest

from src.face.ratios import eye_ratios, lip_ratio
from src.pipeline.face_record import FaceRecord

from .fakes import MeshDetector, face_in
from .scenes import grey


def place(face):
    return np.array([*face.box[:2], face.area, 0.5])


@pytest.fixture
def meshes(engine):
    engine.reads_meshes = True
    return FaceRecord(engine, place)


def mesh_in(rgb):
    return MeshDetector().find(rgb)[0]


def test_empty(engine):
    record = FaceRecord(engine, place)
    assert len(record) == 0 and record.meshes is None
    assert (record.frames.shape, record.places.shape, record.ratios.shape) == ((0,), (0, 4), (0, 3))


def test_what_is_kept(engine):
    record = FaceRecord(engine, place)
    faces = [face_in(grey(level)) for level in (40, 90, 200)]
    for index, face in zip((0, 3, 4), faces, strict=True):
        record.add(index, face)
    assert len(record) == 3 and record.frames.tolist() == [0, 3, 4]
    np.testing.assert_allclose(record.places, [place(face) for face in faces])
    for ratios, face in zip(record.ratios, faces, strict=True):
        np.testing.assert_allclose(ratios[:2], eye_ratios(face.landmarks, face.scheme)[0], rtol=1e-6)
        np.testing.assert_allclose(ratios[2:], lip_ratio(face.landmarks, face.scheme)[0], rtol=1e-6)
    assert (record.frames.dtype, record.ratios.dtype) == (np.int64, np.float32)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 130])
def test_meshes_go_to_the_engine_in_batches(engine, meshes, n):
    for index in range(n):
        meshes.add(index, mesh_in(grey(100, 100 + index)))
    recorded = meshes.meshes
    assert (
        len(recorded.shown) == n and meshes.meshes is recorded and len(recorded.shown) == n
    )  # asked twice, given once
    assert max(size for what, size in engine.events if what == "meshes") <= 64
    for index in (0, n - 1):
        np.testing.assert_array_equal(recorded.meshes[index], mesh_in(grey(100, 100 + index)).landmarks)


def test_other_points_are_no_meshes(engine, meshes):
    meshes.add(0, mesh_in(grey(100)))
    meshes.add(1, face_in(grey(100)))
    assert meshes.meshes is None and len(meshes) == 2


def test_meshes_are_kept_for_engines_that_read_them(engine):
    record = FaceRecord(engine, place)
    record.add(0, mesh_in(grey(100)))
    assert record.meshes is None and len(record) == 1 and not engine.events
