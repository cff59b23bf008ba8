"""Fetching results, whole and in parts."""

import pytest

from .fake import CONTENT

SIZE = len(CONTENT)


@pytest.fixture
def url(shared) -> str:
    return shared.post().json()["video_url"]


def test_whole(shared, url):
    response = shared.client.get(url)
    assert response.content == CONTENT and response.headers["accept-ranges"] == "bytes"
    assert response.headers["content-type"] == "video/mp4" and response.headers["x-content-type-options"] == "nosniff"
    head = shared.client.head(url)
    assert head.status_code == 200 and head.content == b"" and head.headers["content-length"] == str(SIZE)


@pytest.mark.parametrize(
    ("asked", "part", "told"),
    [
        ("bytes=0-99", CONTENT[:100], f"bytes 0-99/{SIZE}"),
        ("bytes=100-", CONTENT[100:], f"bytes 100-{SIZE - 1}/{SIZE}"),
        ("bytes=-10", CONTENT[-10:], f"bytes {SIZE - 10}-{SIZE - 1}/{SIZE}"),
        ("bytes=5-999999", CONTENT[5:], f"bytes 5-{SIZE - 1}/{SIZE}"),
        (f"bytes={SIZE - 1}-", CONTENT[-1:], f"bytes {SIZE - 1}-{SIZE - 1}/{SIZE}"),
    ],
)
def test_a_part(shared, url, asked, part, told):
    response = shared.client.get(url, headers={"Range": asked})
    assert response.status_code == 206 and response.content == part and response.headers["content-range"] == told


def test_two_parts(shared, url):
    response = shared.client.get(url, headers={"Range": "bytes=0-1, 10-11"})
    assert response.status_code == 206 and response.headers["content-type"].startswith("multipart/byteranges")
    assert CONTENT[10:12] in response.content


@pytest.mark.parametrize(
    "asked",
    [
        f"bytes={SIZE}-",
        "bytes=-0",
        "bytes=-",
        "bytes=9-3",
        "bytes=a-b",
        "bytes=",
        "bytes=1_0-2_0",
        "bytes=--5",
        "bytes=0-1,99999999-",
        f"bytes={'9' * 5000}-",
        "pages=1-2",
        "bytes",
    ],
)
def test_no_such_part(shared, url, asked):
    response = shared.client.get(url, headers={"Range": asked})
    assert response.status_code == 416 and response.json()["error"]["code"] == "range_not_satisfiable"
    assert response.headers["content-range"] == f"bytes */{SIZE}"


def test_a_file_that_somebody_removed(shared, url):
    (shared.service.workspace.results / url.rpartition("/")[2]).unlink()
    assert shared.client.get(url).status_code == 404


def test_only_what_jobs_made_is_served(shared, url):
    (shared.service.workspace.results / "other.mp4").write_bytes(b"secret")
    assert shared.client.get("/results/other.mp4").status_code == 404


def test_models(shared):
    models = {one["name"]: one for one in shared.client.get("/models").json()["models"]}
    assert set(models) == {"base", "animals", "compact"}
    assert models["compact"]["available"] and models["compact"]["licence"] == "CC BY-NC-SA 4.0"
    assert 5_000_000 < models["compact"]["size_bytes"] < 6_000_000 and not models["compact"]["running"]
