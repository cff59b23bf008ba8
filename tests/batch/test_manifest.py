import json
from pathlib import Path

import pytest

from src.batch.manifest import read_manifest
from src.errors import InputError, MissingFileError


@pytest.fixture
def read(tmp_path):
    """Reads a manifest of this name and content that lies in tmp_path."""

    def read(name, content, output_dir=None):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_manifest(str(path), str(tmp_path), output_dir)

    return read


def test_csv(read, tmp_path):
    first, second = read(
        "m.csv",
        "﻿source,driving,output,scale,audio\n"
        "in/x.png,by/a.mp4,out/1.mp4,2.0,\n"
        '"/y,z.png",s3://bucket/b.mp4,gs://bucket/2.mp4,,no\n',
    )
    assert (first.number, first.source, first.drivings) == (1, f"{tmp_path}/in/x.png", (f"{tmp_path}/by/a.mp4",))
    assert first.output == f"{tmp_path}/out/1.mp4" and first.options == {"scale": "2.0"}
    assert (second.number, second.source, second.drivings) == (2, "/y,z.png", ("s3://bucket/b.mp4",))
    assert second.output == "gs://bucket/2.mp4" and second.options == {"audio": "no"}


def test_jsonl(read, tmp_path):
    rows = [
        {"source": "x.png", "driving": ["a.mp4", "b.mp4"], "output": "o.mp4", "faces": "0,1", "crf": None},
        {"source_image": "x.png", "driving_video": "a.mp4", "output": "p.mp4", "flag_relative": False},
    ]
    first, second = read("m.jsonl", "\n\n".join(map(json.dumps, rows)) + "\n")
    assert first.drivings == (f"{tmp_path}/a.mp4", f"{tmp_path}/b.mp4") and first.options == {"faces": "0,1"}
    assert second.source == f"{tmp_path}/x.png" and second.options == {"flag_relative_motion": False}


def test_parquet(read, tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    cells = {"source": ["x.png", "y.png"], "driving": ["a.mp4"] * 2, "output": ["1.mp4", "2.mp4"], "crf": [None, 30.0]}
    parquet.write_table(arrow.table(cells), tmp_path / "t.parquet")
    first, second = read("m.parquet", (tmp_path / "t.parquet").read_bytes())
    assert first.options == {} and second.options == {"crf": 30.0}


def test_names_of_outputs_in_a_folder(read, tmp_path):
    given, named = read("m.csv", "source,driving,output\nx.png,a.mp4,q/1.mp4\ns/x.png,a.mp4,\n", str(tmp_path / "out"))
    assert given.output == f"{tmp_path}/out/q/1.mp4" and named.output == f"{tmp_path}/out/x--a.mp4"


def test_home_folder(read):
    (row,) = read("m.csv", "source,driving,output\n~/x.png,a.mp4,o.mp4\n")
    assert row.source == str(Path.home() / "x.png")


HEAD = "source,driving,output"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.csv", "", "holds no rows"),
        ("m.csv", f"{HEAD}\n", "holds no rows"),
        ("m.csv", f"{HEAD}\nx.png,a.mp4,1.mp4,more\n", "row 1 has more cells"),
        ("m.csv", f"{HEAD}\nx.png,a.mp4,1.mp4\n,a.mp4,2.mp4\n", "row 2: the column 'source' is empty"),
        ("m.csv", f"{HEAD}\nx.png,a.mp4,\n", "row 1: the column 'output' is empty or missing: name the result there"),
        ("m.csv", "source;driving;output\nx.png;a.mp4;1.mp4\n", "must be separated by commas, not by ';'"),
        ("m.csv", f'{HEAD}\n"x.png,a.mp4,1.mp4\n', "is no CSV at line 2"),
        ("m.csv", f"{HEAD}\nx\0.png,a.mp4,1.mp4\n", "row 1: 'x\\x00.png' cannot be used"),
        ("m.csv", b"\xff\xfe", "no text in UTF-8"),
        ("m.csv", f"{HEAD},scal\nx,a,1,\nx,a,2,3\nx,a,3,4\n", "of a row: did you mean 'scale'? (in rows 2 and 3)"),
        ("m.csv", f"{HEAD},device\nx,a,1,cpu\n", "'device' cannot differ from row to row: give --device (in row 1)"),
        ("m.csv", f"{HEAD},report\nx,a,1,r.json\n", "'report' is no option of a row"),
        ("m.csv", f"{HEAD},server_port\nx,a,1,80\n", "'server_port' is no option of a row"),
        ("m.csv", f"{HEAD},motion_template\nx,a,1,t\n", "name the template in the column 'driving'"),
        ("m.csv", f"{HEAD},source_image\nx,a,1,y\n", "row 1 gives 'source' twice, as 'source_image' too"),
        ("m.jsonl", '{"source": "x"}\n{"source"\n', "row 2 is no JSON"),
        ("m.jsonl", "[" * 200_000, "row 1 is no JSON"),
        ("m.jsonl", '{"source": "x", "crf": 1, "crf": 2}\n', "row 1 has the column 'crf' twice"),
        ("m.csv", f"{HEAD},crf,crf\nx,a,o,30,20\n", "m.csv' has the column 'crf' twice"),
        ("m.jsonl", "[1, 2]\n", "row 1 is no object of columns but [1, 2]"),
        ("m.jsonl", '{"source": 5, "driving": "a", "output": "o"}\n', "the column 'source' must hold a path, got 5"),
        ("m.jsonl", '{"source": "x", "driving": [], "output": "o"}\n', "'driving' must hold a path, got []"),
        ("m.txt", "x", "must be one of .csv, .jsonl, .parquet"),
    ],
)  # fmt: skip
def test_refused(read, name, content, said):
    with pytest.raises(InputError) as error:
        read(name, content)
    assert said in str(error.value)


def test_no_parquet(read):
    pytest.importorskip("pyarrow")
    with pytest.raises(InputError, match="is no Parquet"):
        read("m.parquet", "source,driving,output\n")


def test_a_doubled_column_of_parquet(read, tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table([["x"], ["y"]], names=["source", "source"]), tmp_path / "t.parquet")
    with pytest.raises(InputError, match="has the column 'source' twice"):
        read("m.parquet", (tmp_path / "t.parquet").read_bytes())


def test_no_manifest(tmp_path):
    with pytest.raises(MissingFileError, match=r"there is no manifest '.*'"):
        read_manifest(str(tmp_path / "m.csv"), str(tmp_path), None)
