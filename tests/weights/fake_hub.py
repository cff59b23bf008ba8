"""A model hub on loopback: the two requests a download needs, and the ways they go wrong."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from src.weights.catalogue import ModelEntry, WeightFile

REPO = "maker/model"


class FakeHub:
    """Serves ``contents`` (path -> bytes) and notes every request as (method, path, Range header).

    Attributes:
        cuts: For the next downloads, after how many bytes of the answer to hang up (first in, first out).
        etags: Path -> entity tag, where it is not the SHA-256 of the content.
    """

    def __init__(self, contents: dict[str, bytes]) -> None:
        self.contents = contents
        self.cuts: list[int] = []
        self.etags: dict[str, str] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        self.endpoint = ""

    def downloads(self) -> list[tuple[str, str | None]]:
        return [(path, span) for method, path, span in self.requests if method == "GET"]


def weight_file(path: str, content: bytes, known: bool = True) -> WeightFile:
    sha256 = hashlib.sha256(content).hexdigest()
    return WeightFile(path, len(content) if known else None, sha256 if known else None, "MIT", REPO)


def entry(name: str, config: str, contents: dict[str, bytes]) -> ModelEntry:
    files = {f"role{i}": weight_file(path, content) for i, (path, content) in enumerate(contents.items())}
    return ModelEntry(name, files, "MIT", "nobody", config, "a test")


@contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def log_message(self, *args: object) -> None:
            pass

        def _answer(self, with_body: bool) -> None:
            path = self.path.removeprefix(f"/{REPO}/resolve/main/")
            span = self.headers.get("Range")
            hub.requests.append((self.command, path, span))
            content = hub.contents.get(path)
            if content is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
            body = content[start:]
            self.send_response(206 if span else 200)
            if span:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("ETag", f'"{hub.etags.get(path, hashlib.sha256(content).hexdigest())}"')
            self.end_headers()
            if with_body:
                if hub.cuts:
                    body = body[: hub.cuts.pop(0)]
                    self.close_connection = True
                self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
