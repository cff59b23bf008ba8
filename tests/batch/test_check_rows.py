import pytest

from src.batch.check_rows import check_reach, check_rows
from src.batch.row import Row, numbers
from src.config.argument_config import ArgumentConfig
from src.errors import InputError

OPTIONS = ArgumentConfig(concat=False, gif=False)


def row(number, output, source="/x.png", driving="/a.mp4", **options):
    return Row(number, source, (driving,), output, options)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(1, "/o.mp4"), row(2, "/p.mp4"), row(3, "/q/../o.mp4")], "rows 1 and 3 have the same output '/o.mp4'"),
        ([row(1, "s3://b/o.mp4"), row(2, "s3://b/./o.mp4")], "rows 1 and 2 have the same output"),
        ([row(1, "/o.mp4", concat="true"), row(2, "/o_concat.mp4")], "rows 1 and 2 have the same output"),
        ([row(1, "/o.mp4"), row(2, "/o.mp4"), row(3, "/p.mp4"), row(4, "/p.mp4")], "1 more outputs"),
        ([row(1, "/o.mp4"), row(2, "/p.mp4", driving="/o.mp4")], "row 1 would overwrite '/o.mp4', an input of row 2"),
        ([row(1, "/x.png")], "output of row 1 would overwrite '/x.png', an input of row 1"),
        (
            [row(1, "/o.mp4", driving="/frames"), row(2, "/frames/9.jpg")],
            "the output of row 2 would lie in the folder '/frames', an input of row 1",
        ),
        ([row(1, "/m.csv")], "output of row 1 would overwrite '/m.csv'"),
    ],
)  # fmt: skip
def test_refused(rows, said):
    with pytest.raises(InputError) as error:
        check_rows(rows, OPTIONS, "/t.jsonl", "/m.csv")
    assert said in str(error.value)


def test_links_are_followed(tmp_path):
    (tmp_path / "o.mp4").touch()
    (tmp_path / "link.mp4").symlink_to(tmp_path / "o.mp4")
    with pytest.raises(InputError, match="rows 1 and 2"):
        check_rows([row(1, f"{tmp_path}/o.mp4"), row(2, f"{tmp_path}/link.mp4")], OPTIONS, "/t.jsonl", None)


def test_what_differs_is_accepted():
    rows = [row(1, "/o.mp4"), row(2, "/p.mp4"), row(3, "/o_concat.mp4"), row(4, "s3://b/o.mp4")]
    check_rows(rows, OPTIONS, "/x/t.jsonl", None)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("/q/../m.parquet", "the table '/q/../m.parquet' is the manifest"),
        ("/x.png", "the table '/x.png' is an input of rows 1 and 2"),
        (
            "s3://b/frames/t.jsonl",
            "the table 's3://b/frames/t.jsonl' would lie in the folder 's3://b/frames'",
        ),
    ],
)
def test_a_table_that_is_something_else(table, said):
    with pytest.raises(InputError) as error:
        check_rows([row(1, "/o.mp4"), row(2, "/p.mp4", driving="s3://b/frames")], OPTIONS, table, "/m.parquet")
    assert said in str(error.value)


def test_numbers():
    assert numbers([3]) == "row 3" and numbers([3, 4, 9]) == "rows 3, 4 and 9"
    assert numbers(list(range(1, 6))) == "rows 1, 2, 3, 4 and 5"
    assert numbers(list(range(1, 18))) == "rows 1, 2, 3, 4, 5 and 12 more"


@pytest.mark.parametrize("place", ["source", "output", "table"])
def test_workers_do_not_find_what_is_in_memory(place):
    places = {"source": "/x.png", "output": "/o.mp4", "table": "/t.jsonl", place: "memory://b/x"}
    with pytest.raises(InputError, match="'memory://b/x' is in the memory of one process"):
        check_reach([row(1, places["output"], places["source"])], places["table"])
    check_reach([row(1, "s3://b/o.mp4")], "/t.jsonl")
