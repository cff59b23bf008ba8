import json

import pytest

from src.errors import InputError, MissingFileError
from src.training.prepare.labels import Label, Labels, identity_of
from src.training.prepare.options import LabelOptions

ROWS = [
    {"file": "a/1.mp4", "identity": "id1", "licence": "MIT", "repo": "someone/something", "face_px": 99.5, "fps": 25},
    {"file": "./a/2.mp4", "identity": 7, "license": "CC0", "origin": "here", "face_px": None},
    {"file": "b\\3.mp4"},
]
CSV = (
    'file,identity,licence,origin,face_px\na/1.mp4,id1,MIT,someone/something,99.5\na/2.mp4,7,CC0,here,\n"b/3.mp4",,,,\n'
)


@pytest.mark.parametrize("text", [json.dumps(ROWS), CSV, "\ufeff" + CSV])
def test_a_table(tmp_path, text):
    path = tmp_path / "labels"
    path.write_text(text, encoding="utf-8")
    labels = Labels(LabelOptions(labels=str(path), licence="mine"))
    assert labels.of("a/1.mp4") == Label("id1", "MIT", "someone/something", 99.5)
    assert labels.of("a/2.mp4") == Label("7", "CC0", "here", None)
    assert labels.of("b/3.mp4") == Label("b/3", "mine")
    assert labels.of("c/4.mp4") == Label("c/4", "mine")
    assert "b/3.mp4" in labels and "c/4.mp4" not in labels


def test_without_a_table():
    assert Labels(LabelOptions()).of("a/1.mp4") == Label("a/1", "unknown")


@pytest.mark.parametrize(
    ("name", "rule", "identity"),
    [
        ("a/b/1.x.mp4", "file", "a/b/1.x"),
        ("1.mp4", "file", "1"),
        ("a/b/1.mp4", "folder", "a/b"),
        ("1.mp4", "folder", "1"),
    ],
)
def test_who_a_file_shows(name, rule, identity):
    assert identity_of(name, rule) == identity


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"file": "a"}', "must be a JSON list"),
        ("[1, 2]", "must be a JSON list"),
        ("[{", "cannot be read"),
        ('[{"identity": "id1"}]', "entry 1 of the labels .* names no file"),
        ('[{"file": "a"}, {"file": "b", "face_px": "wide"}]', "entry 2 .* face_px 'wide'"),
        ("name,identity\na,b\n", "entry 1 .* names no file"),
        ("file,face_px\na,nan\n", "entry 1 .* face_px 'nan'"),
        ("file,face_px\na,-3\n", "entry 1 .* face_px '-3'"),
        ("file,face_px\na,inf\n", "entry 1 .* face_px 'inf'"),
        ("file,identity\na/b,ann\nc,bob\n./a/b,bob\n", "entry 3 .* says something else of 'a/b' than entry 1"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, message):
    path = tmp_path / "labels"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        Labels(LabelOptions(labels=str(path)))


def test_the_same_twice_does_no_harm(tmp_path):
    (tmp_path / "labels").write_text("file,identity\na/b,ann\na/b,ann\n")
    assert Labels(LabelOptions(labels=str(tmp_path / "labels"))).of("a/b").identity == "ann"


def test_who_is_known(tmp_path):
    (tmp_path / "labels").write_text("file,identity,licence\na,ann,\nb,,MIT\n")
    labels = Labels(LabelOptions(labels=str(tmp_path / "labels")))
    assert [labels.names(name) for name in "abc"] == [True, False, False]


def test_no_table_there(tmp_path):
    with pytest.raises(MissingFileError, match="do not exist"):
        Labels(LabelOptions(labels=str(tmp_path / "none.csv")))
