import pytest

from src.batch.product import product
from src.errors import InputError, MissingFileError


@pytest.fixture
def folders(tmp_path):
    for name in (
        "in/p10.png",
        "in/p2.jpg",
        "in/.hidden.png",
        "in/notes.txt",
        "by/a.mp4",
        "by/b.safetensors",
        "by/c.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (tmp_path / "in/folder.png").mkdir()
    return tmp_path


def test_every_source_with_every_driver(folders, caplog):
    caplog.set_level("INFO")
    rows = product(f"{folders}/in", f"{folders}/by", f"{folders}/out")
    assert [row.number for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.output.removeprefix(f"{folders}/out/") for row in rows] == [
        *("p2--a.mp4", "p2--b.mp4", "p2--c.jpg", "p10--a.mp4", "p10--b.mp4", "p10--c.jpg")
    ]
    assert rows[0].source == f"{folders}/in/p2.jpg" and rows[0].drivings == (f"{folders}/by/a.mp4",)
    assert "1 other files" in caplog.text


def test_refused(folders):
    with pytest.raises(MissingFileError, match="--sources: there is no folder"):
        product(f"{folders}/nowhere", f"{folders}/by", f"{folders}/out")
    with pytest.raises(InputError, match=r"a\.mp4' cannot be reached: Not a directory"):
        product(f"{folders}/in", f"{folders}/by/a.mp4", f"{folders}/out")
    with pytest.raises(InputError, match="would take results for inputs"):
        product(f"{folders}/in", f"{folders}/by", f"{folders}/in/../in")
    (folders / "in/p2.png").touch()
    with pytest.raises(InputError, match=r"'p2.jpg' and 'p2.png' in --sources would have the same name: rename"):
        product(f"{folders}/in", f"{folders}/by", f"{folders}/out")
    (folders / "empty").mkdir()
    with pytest.raises(InputError, match=r"--sources '.*' holds no file that ends in .*png"):
        product(f"{folders}/empty", f"{folders}/by", f"{folders}/out")
