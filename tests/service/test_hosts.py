"""Web pages of other places can neither drive the service nor read from it."""

import pytest

from src.config.service_options import ServiceOptions
from src.service.hosts import Hosts

from .fake import FakeAnimator
from .running import Running, running


@pytest.mark.parametrize(
    ("server_name", "allowed", "ours", "foreign"),
    [
        (
            "127.0.0.1",
            (),
            ["localhost", "LOCALHOST:7862", "a.localhost", "127.0.0.1:1", "[::1]:7862", "127.9.9.9", "localhost."],
            ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.5", "0.0.0.0:7862", "", ":80"],
        ),
        ("localhost", ("cats.example",), ["cats.example", "Cats.Example:443"], ["evil-cats.example", "x.cats.example"]),
        ("0.0.0.0", (), ["10.0.0.5:7862", "[2001:db8::1]", "localhost"], ["evil.example", "10.0.0.5.nip.example"]),
        (
            "box.example",
            (),
            ["box.example:7862", "10.0.0.5"],
            ["evil.example", "box.example@evil.example", "a/b", "a b"],
        ),
    ],
)
def test_names(server_name, allowed, ours, foreign):
    hosts = Hosts(server_name, allowed)
    assert [name for name in ours if not hosts.is_ours(name)] == []
    assert [name for name in foreign if hosts.is_ours(name)] == []


@pytest.mark.parametrize(
    ("origin", "host", "is_ours"),
    [
        ("http://localhost:7862", "localhost:7862", True),
        ("http://[::1]:7862", "[::1]:7862", True),
        ("https://cats.example", "cats.example:443", True),
        ("https://cats.example", "127.0.0.1:7862", True),  # a proxy that names us by our address
        ("http://localhost:3000", "localhost:7862", False),
        ("http://127.0.0.1:7862", "localhost:7862", False),
        ("https://evil.example", "localhost:7862", False),
        ("https://cats.example.evil.example", "cats.example", False),
        ("null", "localhost:7862", False),
        ("", "localhost:7862", False),
        ("file://", "localhost:7862", False),
    ],
)
def test_pages(origin, host, is_ours):
    assert Hosts("localhost", ("cats.example",)).is_our_page(origin, host) == is_ours


def check_refused(response) -> None:
    assert response.status_code == 403 and response.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/jobs/x", "/results/x", "/nowhere", "/"])
def test_a_foreign_name_reads_nothing(shared, path):
    check_refused(shared.client.get(path, headers={"Host": "evil.example"}))


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    ids=lambda headers: "-".join(headers.values()),
)
def test_a_foreign_page_changes_nothing(shared: Running, headers):
    number = shared.post().json()["id"]
    known = set(shared.service.jobs._jobs)
    shared.client.headers.update(headers)
    try:
        check_refused(shared.post())
        check_refused(shared.client.delete(f"/jobs/{number}"))
    finally:
        for name in headers:
            del shared.client.headers[name]
    assert set(shared.service.jobs._jobs) == known and shared.state(number) == "done"


def test_our_own_page_may_ask(shared):
    shared.client.headers["Origin"] = f"http://127.0.0.1:{shared.port}"
    try:
        assert shared.post().status_code == 200
    finally:
        del shared.client.headers["Origin"]


def test_names_that_are_allowed(tmp_path):
    options = ServiceOptions(folder=tmp_path, allowed_hosts=("cats.example",))
    with running(options, FakeAnimator()) as run:
        assert run.client.get("/health", headers={"Host": "cats.example"}).status_code == 200
        assert run.client.get("/health", headers={"Host": "dogs.example"}).status_code == 403


def test_no_redirect_to_whatever_was_named(shared):
    assert shared.client.get("/health/").status_code == 404
