"""The page at /docs, and the document behind it."""

import re
from html.parser import HTMLParser

import pytest

from src.service.docs_page import docs_page


class Reader(HTMLParser):
    """Checks that tags are closed in order, and collects tags with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture
def document(shared) -> dict:
    return shared.client.get("/openapi.json").json()


def test_the_page_needs_nobody_else(shared):
    response = shared.client.get("/docs")
    assert response.status_code == 200 and "default-src 'none'" in response.headers["content-security-policy"]
    reader = Reader()
    reader.feed(response.text)
    assert reader.open == []
    assert not {tag for tag, _ in reader.tags} & {"script", "img", "iframe", "object", "embed"}
    links = [value for _, given in reader.tags for name, value in given.items() if name in ("href", "src", "action")]
    assert links and all(value.startswith(("#", "data:,", "/openapi.json")) for value in links)
    assert not re.search(r"url\(|@import", response.text)
    anchors = {given.get("id") for _, given in reader.tags}
    assert {value[1:] for value in links if value.startswith("#")} <= anchors


def test_the_page_names_everything(shared, document):
    page = shared.client.get("/docs").text
    for path, entry in document["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in entry.values():
            assert operation["summary"] in page
    form = document["paths"]["/animate"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert all(f"<code>{name}</code>" in page for name in form["properties"])


def test_words_cannot_become_tags(document):
    document["info"]["description"] = "<script>alert(1)</script>"
    document["paths"]["/animate"]["post"]["responses"]["400"]["description"] = "<img src=x>"
    page = docs_page(document)
    assert "<script" not in page and "<img" not in page and "&lt;script&gt;" in page


def test_the_start_leads_there(shared):
    response = shared.client.get("/", follow_redirects=False)
    assert response.status_code == 307 and response.headers["location"] == "/docs"


@pytest.mark.parametrize("path", ["/redoc", "/docs/oauth2-redirect"])
def test_pages_that_load_from_elsewhere_are_off(shared, path):
    assert shared.client.get(path).status_code == 404


def test_the_document_is_complete(document):
    operations = [(path, method) for path, entry in document["paths"].items() for method in entry]
    assert set(operations) == {
        ("/animate", "post"),
        ("/templates", "post"),
        ("/jobs/{id}", "get"),
        ("/jobs/{id}", "delete"),
        ("/results/{name}", "get"),
        ("/health", "get"),
        ("/models", "get"),
    }
    for path, method in operations:
        operation = document["paths"][path][method]
        assert operation["summary"] and operation["description"]
        for status, answer in operation["responses"].items():
            assert answer["description"] and answer["description"] != "Successful Response"
            if int(status) >= 400:
                assert answer["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for name in ("Results", "JobStatus", "Health", "Models", "ErrorBody"):
        assert document["components"]["schemas"][name]["example"]
    statuses = set(document["paths"]["/animate"]["post"]["responses"])
    assert statuses == {"200", "202", "400", "403", "408", "409", "413", "415", "422", "429", "500", "503"}
