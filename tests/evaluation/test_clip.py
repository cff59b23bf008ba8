from types import SimpleNamespace

import numpy as np
import pytest

from src.errors import InputError, MissingFileError
from src.evaluation.clip import nominal_crop
from src.evaluation.data_index import rows_of
from src.evaluation.people import longest_clips, pairs_of, sitters_of
from src.training.data.index import write_index
from tests.training.index_rows import index_row

from .made_shots import SHIFTS


def test_the_middle_is_the_nominal_crop():
    picture = np.random.default_rng(0).integers(0, 256, (288, 288, 3), dtype=np.uint8)
    np.testing.assert_array_equal(nominal_crop(picture), picture[16:272, 16:272])
    assert nominal_crop(picture[:144, :144]).shape == nominal_crop(np.tile(picture, (2, 2, 1))).shape == (256, 256, 3)


def test_meshes_follow_the_crop(clips):
    """A frame that moved by pixels of the stored picture moved by as many of the crop."""
    clip = clips["one_0"]
    moved = (clip.meshes[2] - clip.meshes[0]) * 128
    np.testing.assert_allclose(moved, np.broadcast_to([*SHIFTS[2], 0], moved.shape), atol=1e-4)
    first, second = clip.pictures([0, 2]).astype(int)
    x, y = SHIFTS[2]
    assert np.abs(second[20 + y : 200 + y, 20 + x : 200 + x] - first[20:200, 20:200]).mean() < 4  # JPEG


def test_only_the_split_that_was_asked_for(data):
    assert [row.name for row in rows_of(data, "held_out")] == ["one_0", "three_0", "two_0"]


def test_no_data(tmp_path):
    with pytest.raises(MissingFileError, match=r"index\.csv"):
        rows_of(tmp_path, "held_out")
    write_index(tmp_path, [index_row("a_0", 5), index_row("b_0", 1, split="held_out")])
    with pytest.raises(InputError, match="no clip of the split 'held_out' to measure; it lists 1 of train, 1 of held"):
        rows_of(tmp_path, "held_out")


def test_who_is_driven_by_whom(clips):
    moving = [clips["one_0"], clips["two_0"]]
    assert longest_clips(moving[::-1]) == moving
    sitters = sitters_of(moving, [clips["three_0"]])
    assert [sitter.clip.name for sitter in sitters] == ["one_0", "two_0", "three_0"]
    pairs = pairs_of(sitters, moving, 2)
    assert [(pair.sitter.clip.name, pair.driver.name) for pair in pairs] == [
        ("one_0", "two_0"),
        ("two_0", "one_0"),
        ("three_0", "one_0"),
        ("three_0", "two_0"),
    ]
    assert all(len(pair.frames) == 2 and pair.first not in pair.frames for pair in pairs)


def test_three_stills_of_a_person_are_enough():
    def still(name):
        return SimpleNamespace(name=name, identity=name[0])

    stills = [still(name) for name in ("a5", "a1", "b9", "a3", "a2")]
    assert [sitter.clip.name for sitter in sitters_of([], stills)] == ["a1", "a2", "a3", "b9"]
