from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError, MissingFileError
from src.training.data.index import COLUMNS, INDEX, IndexRow, read_index, write_index

ROW = IndexRow(
    name="a_0",
    kind="clip",
    identity="someone",
    split="train",
    frames=12,
    size=288,
    fps=Fraction(30000, 1001),
    source="folder/a.mp4",
    shot=0,
    licence="MIT License",
    origin="somewhere/else",
    face_px=120.5,
    sharpness=80.25,
    yaw_range=12.5,
    lip_range=0.25,
)
TEXTS = st.text(st.characters(exclude_characters="\0\r"), max_size=20)


@settings(deadline=None)
@given(identity=TEXTS, licence=TEXTS, source=TEXTS, fps=st.none() | st.fractions(min_value=Fraction(1, 100)))
def test_what_is_written_is_read(tmp_path_factory, identity, licence, source, fps):
    folder = tmp_path_factory.mktemp("data")
    rows = [replace(ROW, name=name, identity=identity, licence=licence, source=source, fps=fps) for name in "ba"]
    write_index(folder, rows)
    assert read_index(folder) == rows[::-1]
    assert [path.name for path in folder.iterdir()] == [INDEX]


def test_the_columns_are_plain_to_read(tmp_path):
    write_index(tmp_path, [ROW, replace(ROW, name="b_0", kind="still", fps=None, split="held_out")])
    head, first, second = (tmp_path / INDEX).read_text().splitlines()
    assert (
        head
        == "name,kind,identity,split,frames,size,fps,source,shot,licence,origin,face_px,sharpness,yaw_range,lip_range"
    )
    assert (
        first
        == "a_0,clip,someone,train,12,288,30000/1001,folder/a.mp4,0,MIT License,somewhere/else,120.5,80.25,12.5,0.25"
    )
    assert second.startswith("b_0,still,someone,held_out,12,288,,")


@pytest.mark.parametrize("name", [b"caf\xe9.mp4".decode(errors="surrogateescape"), "\ud800"])
def test_names_that_are_no_text(tmp_path, name):
    write_index(tmp_path, [replace(ROW, source=name)])
    assert read_index(tmp_path)[0].source == name


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / INDEX).write_bytes(b"name,caf\xe9\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_index(tmp_path)


def test_a_column_more_does_no_harm_and_one_less_does(tmp_path):
    write_index(tmp_path, [ROW])
    path = tmp_path / INDEX
    head, line = path.read_text().splitlines()
    path.write_text(f"{head},mine\n{line},7\n")
    assert read_index(tmp_path) == [ROW]
    path.write_text(f"{head.replace(',split', ',part')}\n{line}\n")
    with pytest.raises(InputError, match="no column split"):
        read_index(tmp_path)


@pytest.mark.parametrize(
    ("good", "bad"), [(",12,", ",many,"), (",train,", ",test,"), ("/1001", "/0"), (",clip,", ",,")]
)
def test_a_damaged_line_is_named(tmp_path, good, bad):
    write_index(tmp_path, [ROW])
    path = tmp_path / INDEX
    path.write_text(path.read_text().replace(good, bad, 1))
    with pytest.raises(InputError, match=r"index\.csv', line 2 is damaged"):
        read_index(tmp_path)


def test_a_line_that_ends_early(tmp_path):
    (tmp_path / INDEX).write_text(",".join(COLUMNS) + "\na_0,clip,someone\n")
    with pytest.raises(InputError, match="line 2 is damaged"):
        read_index(tmp_path)


def test_no_index(tmp_path):
    with pytest.raises(MissingFileError, match=r"prepare_data\.py"):
        read_index(tmp_path)
