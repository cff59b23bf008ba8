import shutil

import pytest

from src.media.picture import write_picture
from src.training.data.index import read_index
from src.training.prepare import prepare as module
from src.training.prepare.options import LabelOptions, PrepareOptions, ShotOptions
from src.training.prepare.prepare import prepare
from tests.training.prepare.footage import frame, wall, write_video
from tests.training.prepare.in_process import prepare_here

DEFAULT = ShotOptions()


@pytest.fixture(scope="module")
def footage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("footage")
    write_picture(folder / "ann/1.png", frame())
    write_picture(folder / "ann/2.png", frame(turn=8))
    write_picture(folder / "bob/wall.png", wall())
    (folder / "bob/broken.jpg").write_bytes(b"\xff\xd8\xff" + bytes(100))
    write_video(folder / "bob/clip.mp4", [frame(240 + n) for n in range(9)], fps=30)
    (folder / "notes.txt").write_text("notes")
    return folder


@pytest.fixture
def run(footage, tmp_path, monkeypatch):
    """Prepares a copy of the footage in this process."""
    shutil.copytree(footage, tmp_path / "in")
    monkeypatch.setattr(module, "prepare_files", prepare_here)

    def run(shots: ShotOptions = DEFAULT, overwrite: bool = False, retry: bool = False, source: str = "in", **about):
        options = PrepareOptions(
            str(tmp_path / source), str(tmp_path / "data"), 1, overwrite, retry, shots, LabelOptions(**about)
        )
        return prepare(options), read_index(tmp_path / "data")

    return run
