"""What is refused before any work is done."""

import pytest

from src.errors import InputError, MissingFileError
from src.training.prepare.options import LabelOptions, PrepareOptions, ShotOptions
from src.training.prepare.prepare import prepare


@pytest.mark.parametrize(
    ("shots", "about", "workers", "message"),
    [
        ({"size": 32}, {}, 1, "--size must be 64 to 1024, got 32"),
        ({"faces": 0}, {}, 1, "--faces must be 1 or more"),
        ({"faces": 2, "cropped": True}, {}, 1, "--faces 2 needs full frames"),
        ({"max_frames": -1}, {}, 1, "--max_frames must be 0 or more"),
        ({"longest": 4}, {}, 1, "--longest 4 is less than --least_frames 8"),
        ({"least_flag": 0.2}, {}, 1, "--least_flag must be 0.5 to 1"),
        ({"least_sharpness": float("nan")}, {}, 1, "--least_sharpness must be 0 or more"),
        ({}, {"held_out_share": 1.5}, 1, "--held_out_share must be 0 to 1"),
        ({}, {}, 0, "--workers must be 1 or more"),
    ],
)
def test_options_that_are_refused(tmp_path, shots, about, workers, message):
    options = PrepareOptions(
        str(tmp_path), str(tmp_path / "data"), workers, shots=ShotOptions(**shots), about=LabelOptions(**about)
    )
    with pytest.raises(InputError, match=message):
        prepare(options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["", "../here", "link"])
def test_shots_among_the_footage_are_refused(tmp_path, name):
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "a.png").touch()
    (folder / "link").symlink_to(folder)
    with pytest.raises(InputError, match="is --input itself: give another folder"):
        prepare(PrepareOptions(str(folder), str(folder / name)))
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "link"]


def test_input_of_no_use(tmp_path):
    with pytest.raises(InputError, match="holds no video and no picture"):
        prepare(PrepareOptions(str(tmp_path), str(tmp_path / "data")))
    with pytest.raises(MissingFileError, match="does not exist"):
        prepare(PrepareOptions(str(tmp_path / "none"), str(tmp_path / "data")))
