"""Fetching results, whole and in parts."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from src.service.fact_routes import _facts
from src.service.file_answer import open_file
from src.weights.catalogue import MODELS
from src.weights.paths import shipped_weights_dir

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


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "pages=1-2"},
        {"Range": "bytes=0-1, 10-11"},
        {"Range": f"bytes={','.join(['0-'] * 1000)}"},
        {"Range": "bytes=0-99", "If-Range": '"an older one"'},
        {"Range": f"bytes={SIZE}-", "If-Range": '"an older one"'},
        {"Range": "bytes=0-99", "If-Range": "Thu, 01 Jan 1970 00:00:00 GMT"},
    ],
)
def test_what_asks_for_no_part_gets_all(shared, url, headers):
    response = shared.client.get(url, headers=headers)
    assert response.status_code == 200 and response.content == CONTENT


@pytest.mark.parametrize("fact", ["etag", "last-modified"])
def test_a_part_of_what_has_not_changed(shared, url, fact):
    known = shared.client.head(url).headers[fact]
    response = shared.client.get(url, headers={"Range": "bytes=0-99", "If-Range": known})
    assert response.status_code == 206 and response.content == CONTENT[:100]


def test_pages_of_other_places_may_not_show_it(shared, url):
    assert shared.client.get(url).headers["cross-origin-resource-policy"] == "same-origin"


def test_a_file_is_sent_to_its_end_though_it_is_removed(tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(CONTENT)
    request: Any = SimpleNamespace(headers={}, method="GET")
    answer = open_file(path, request, "video/mp4")
    path.unlink()
    sent = []

    async def send(message):
        sent.append(message)

    async def wait():
        await asyncio.sleep(60)

    asyncio.run(answer({"type": "http", "asgi": {"spec_version": "2.3"}}, wait, send))
    assert sent[0]["status"] == 200 and b"".join(one["body"] for one in sent[1:]) == CONTENT
    assert answer._file.closed


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
        f"bytes={'9' * 5000}-",
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
    assert models["animals"]["size_bytes"] is None  # sizes of these files were never published
    files = shipped_weights_dir().glob("compact/*.safetensors")
    assert models["compact"]["size_bytes"] == sum(file.stat().st_size for file in files) > 1_000_000
    assert not models["compact"]["running"]


@pytest.mark.parametrize("inner", ["", "liveportrait", "liveportrait/base_models"])
def test_a_model_is_available_where_the_networks_would_be_found(tmp_path, inner):
    """An inner folder that was named, and files that were converted, were not seen."""
    for file in MODELS["base"].files.values():
        path = (tmp_path / file.path).with_suffix(".safetensors")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert _facts(MODELS["base"], tmp_path / inner, []).available
    assert _facts(MODELS["compact"], tmp_path / inner, []).available  # it ships
    assert not _facts(MODELS["animals"], tmp_path / inner, []).available
    path.unlink()
    assert not _facts(MODELS["base"], tmp_path / inner, []).available
