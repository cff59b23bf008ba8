"""How bodies and forms are read, piece by piece."""

import asyncio
import contextlib
from types import SimpleNamespace
from typing import Any

import pytest

from src.service.body import Body
from src.service.multipart import receive_form
from src.service.problem import Problem

from .hostile import EDGE, form, part

KIND = f"multipart/form-data; boundary={EDGE}"


def body_of(chunks: list[bytes], limit: int = 1000, headers: dict | None = None, **times: float) -> Body:
    """A body that arrives in such pieces; after the last of them nothing comes, if that is b"..."."""
    left = list(chunks)

    async def receive() -> dict[str, Any]:
        if left and left[0] == b"...":
            await asyncio.sleep(60)
        if not left:
            return {"type": "http.disconnect"}
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    request: Any = SimpleNamespace(headers=headers or {}, receive=receive)
    return Body(request, limit, **times)


def read(body: Body) -> bytes:
    async def whole() -> bytes:
        return b"".join([piece async for piece in body.pieces()])

    return asyncio.run(whole())


def test_all_of_it_arrives():
    chunks = [bytes([n]) * 40_000 for n in range(20)]
    assert read(body_of(chunks, limit=800_000)) == b"".join(chunks)
    assert read(body_of([b""])) == b""


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (body_of([b"x" * 600, b"x" * 401]), 413),
        (body_of([b"x" * 2000]), 413),
        (body_of([b"x"], headers={"content-length": "1001"}), 413),
        (body_of([b"x"], headers={"content-length": "9" * 10_000}), 413),
        (body_of([b"x", b"..."], stall=0.05), 408),
        (body_of([b"x", b"..."], stall=60, whole=0.05), 408),
    ],
)
def test_too_much_or_too_slow(body, status):
    with pytest.raises(Problem) as caught:
        read(body)
    assert caught.value.status == status and caught.value.headers == {"Connection": "close"}


def test_broken_off():
    request: Any = SimpleNamespace(headers={}, receive=body_of([])._request.receive)
    with pytest.raises(Problem) as caught:
        read(Body(request, 10))
    assert caught.value.status == 400


def receive(chunks: list[bytes], folder, files=("source", "driving")):
    return asyncio.run(receive_form(body_of(chunks, limit=10**7), KIND, folder, files))


@pytest.mark.parametrize("step", [1, 2, 7, 61, 10_000])
def test_however_a_form_is_cut(tmp_path, step):
    """Content that looks like a boundary, too."""
    source = bytes(range(256)) + f"\r\n--{EDGE[:-1]}\r\n--".encode() + b"\r" * 5
    whole = form(part("source", source, '; filename="../x"'), part("crf", b"20"), part("driving", b""))
    pieces = [whole[at : at + step] for at in range(0, len(whole), step)]
    received = receive(pieces, tmp_path)
    assert received.files == {"source": tmp_path / "source", "driving": tmp_path / "driving"}
    assert (tmp_path / "source").read_bytes() == source and (tmp_path / "driving").read_bytes() == b""
    assert received.fields == {"crf": "20"} and len(list(tmp_path.iterdir())) == 2


def test_files_are_closed_when_a_form_breaks_off(tmp_path, recwarn):
    with contextlib.suppress(Problem):
        receive([form(part("source", b"x" * 10), end=False)], tmp_path)
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def full(self, piece):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("python_multipart.multipart.MultipartParser.write", full)
    with pytest.raises(Problem) as caught:
        receive([form(part("source", b"x"))], tmp_path)
    assert (caught.value.status, caught.value.code) == (503, "no_room")
