import tracemalloc

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from src.errors import InputError
from src.training.data import shot
from src.training.data.shot import Shot, ShotWriter
from tests.training.prepare.footage import frame, mesh_at

NUMBERS = [3, 4, 9]


def pictures() -> list[np.ndarray]:
    return [np.ascontiguousarray(frame(240 + n)[36:324, 100:388]) for n in NUMBERS]


@pytest.fixture
def path(tmp_path):
    writer = ShotWriter(tmp_path / "a.b_0.safetensors")
    for rgb, number in zip(pictures(), NUMBERS, strict=True):
        writer.add(rgb, mesh_at(0, 0, 1) + number, number)
    assert len(writer) == 3 and not list(tmp_path.iterdir())
    writer.close()
    return tmp_path / "a.b_0.safetensors"


def test_frames_come_back(path):
    with Shot(path) as read:
        assert len(read) == 3 and read.frames.tolist() == NUMBERS and read.frames.dtype == np.int64
        assert read.meshes.dtype == np.float32 and np.array_equal(read.meshes[2], mesh_at(0, 0, 1) + 9)
        picture = read.picture(1)
        assert picture.shape == (288, 288, 3) and picture.dtype == np.uint8
        assert np.array_equal(read.pictures([2, 1])[1], picture)
        for index, original in enumerate(pictures()):
            error = read.picture(index).astype(float) - original
            assert np.sqrt((error**2).mean()) < 3  # of 255: measured 2.1, on an old painting full of cracks


def test_nothing_but_the_file_is_left(path):
    assert list(path.parent.iterdir()) == [path]


def test_whoever_may_read_other_files_here_may_read_it(path):
    (path.parent / "other").touch()
    assert path.stat().st_mode == (path.parent / "other").stat().st_mode


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(tensors, file, metadata):
        file.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shot, "save_file", full)
    writer = ShotWriter(tmp_path / "a.safetensors")
    writer.add(pictures()[0], mesh_at(0, 0, 1), 0)
    with pytest.raises(InputError, match="No space left"):
        writer.close()
    assert not list(tmp_path.iterdir())


def test_other_files_are_refused(path, tmp_path):
    other = tmp_path / "other.safetensors"
    save_file({"meshes": np.zeros((1, 478, 3), np.float32)}, other)
    with pytest.raises(InputError, match="not a shot of the training format"):
        Shot(other)
    other.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="cannot be read as a shot"):
        Shot(other)
    with pytest.raises(InputError, match="cannot be read as a shot"):
        Shot(tmp_path / "none.safetensors")


def rewrite(path, **changed):
    with safe_open(path, framework="numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    tensors.update(changed)
    path.unlink()
    save_file({name: value for name, value in tensors.items() if value is not None}, path, metadata=metadata)


@pytest.mark.parametrize(
    ("offsets", "message"),
    [
        (lambda o: o[[0, 2, 1, 3]], "offsets"),
        (lambda o: o[[0, 1, 1, 3]], "offsets"),
        (lambda o: o + 1, "offsets"),
        (lambda o: o - 1, "offsets"),
        (lambda o: o[:-1], "3 offsets"),
        (lambda o: o[:, None], "offsets"),
        (lambda o: o.astype(np.float32), "offsets"),
        (lambda o: None, "cannot be read as a shot"),
    ],
)
def test_offsets_that_point_nowhere_are_refused(path, offsets, message):
    with safe_open(path, framework="numpy") as file:
        good = file.get_tensor("offsets")
    rewrite(path, offsets=offsets(good))
    with pytest.raises(InputError, match=message):
        Shot(path)


@pytest.mark.parametrize(
    "changed",
    [{"jpeg": None}, {"frames": None}, {"jpeg": np.zeros(3, np.uint8)}, {"frames": np.zeros(2, np.int64)}],
)
def test_tensors_that_do_not_fit_are_refused(path, changed):
    rewrite(path, **changed)
    with pytest.raises(InputError, match=r"a\.b_0\.safetensors"):
        Shot(path)


def test_a_file_is_written_without_a_second_copy_of_its_pictures(tmp_path, monkeypatch):
    writer = ShotWriter(tmp_path / "a.safetensors")
    for number in range(40):
        writer.add(pictures()[0], mesh_at(0, 0, 1), number)
    monkeypatch.setattr(shot, "save_file", lambda tensors, file, metadata: file.write_bytes(tensors["jpeg"][:10]))
    tracemalloc.start()
    writer.close()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * 25_000  # bytes of the pictures; the meshes are 40 * 5736


def test_a_damaged_picture_is_named(path):
    content = bytearray(path.read_bytes())
    start = content.index(b"\xff\xd8\xff")
    content[start : start + 4] = bytes(4)
    path.write_bytes(content)
    with Shot(path) as read, pytest.raises(InputError, match="frame 0 cannot be decoded"):
        read.picture(0)
