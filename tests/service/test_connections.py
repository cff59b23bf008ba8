"""Clients that are slow, silent, or do not listen: they hold no place, and others do not notice them."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from src.service.body import Body

from .hostile import EDGE, form, part
from .running import Running, eventually, polled

HEAD = f"POST /animate HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary={EDGE}\r\n"


def connected(run: Running, *pieces: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", run.port), timeout=10)
    for piece in pieces:
        connection.sendall(piece)
    return connection


def all_of(connection: socket.socket) -> bytes:
    """What is sent until the other side closes."""
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    connection.close()
    return answer


def test_a_trickle_holds_no_place(quick, monkeypatch):
    monkeypatch.setattr("src.service.intake.Body", lambda *args: Body(*args, grace=0.3))
    slow = [connected(quick, f"{HEAD}Content-Length: 90000\r\n\r\n".encode(), b"--") for _ in range(3)]
    with polled(quick):
        eventually(lambda: len(quick.service.jobs._arriving) == 3)
        begin = time.monotonic()
        for _ in range(3):
            time.sleep(0.05)
            for connection in slow:
                connection.sendall(b"x")
        for connection in slow:
            assert b" 408 " in all_of(connection)
    assert time.monotonic() - begin < 4
    assert len(quick.service.jobs._arriving) == 0 and quick.post().status_code == 200


def test_a_connection_without_a_request_is_closed(quick, monkeypatch):
    monkeypatch.setattr("src.service.protocol.HEAD_SECONDS", 0.4)
    request = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    silent, half = connected(quick), connected(quick, request[:20])
    second = connected(quick, request)
    with polled(quick):
        assert second.recv(65536).startswith(b"HTTP/1.1 200")
        second.sendall(request[:20])
        begin = time.monotonic()
        assert [all_of(one) for one in (silent, half)] == [b"", b""]
        assert b"HTTP" not in all_of(second)  # no more than the end of the first answer
        assert 0.1 < time.monotonic() - begin < 4


def test_a_request_that_takes_its_time_is_not_closed(quick, fake, monkeypatch):
    monkeypatch.setattr("src.service.protocol.HEAD_SECONDS", 0.2)
    fake.go.clear()
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(quick.post)
        time.sleep(1)
        fake.go.set()
        assert answer.result(10).status_code == 200


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("POST /nowhere HTTP/1.1\r\nHost: localhost\r\n", 404),
        ("PUT /animate HTTP/1.1\r\nHost: localhost\r\n", 405),
        ("POST /animate HTTP/1.1\r\nHost: localhost\r\n", 415),
        ("POST /animate HTTP/1.1\r\nHost: evil.example\r\n", 403),
        (HEAD.replace("/animate", "/animate?wait=perhaps"), 422),
    ],
)
def test_what_is_refused_unread_is_closed(quick, head, status):
    begin = time.monotonic()
    connection = connected(quick, f"{head}Content-Length: 99999999\r\n\r\n".encode(), bytes(5000))
    answer = all_of(connection).decode()
    assert f" {status} " in answer.partition("\r\n")[0] and "connection: close" in answer.lower()
    assert time.monotonic() - begin < 5


def test_a_large_upload_hears_that_the_queue_is_full(quick, fake):
    """Though it listens only when it has sent all."""
    fake.go.clear()
    for _ in range(3):
        quick.job()
    response = quick.post(source=bytes(30 << 20))
    assert response.status_code == 429 and response.headers["connection"] == "close"


def test_a_refusal_after_the_whole_request_keeps_the_connection(quick):
    response = quick.post(colour="red")
    assert response.status_code == 422 and "connection" not in response.headers


def test_a_part_that_is_no_form_data(quick):
    bad = form(part("crf", b"20")).replace(b"form-data;", b"attachment;")
    response = quick.client.post(
        "/animate", content=bad, headers={"Content-Type": f"multipart/form-data; boundary={EDGE}"}
    )
    assert response.status_code == 400


def test_a_path_forges_no_lines_of_the_log(quick, monkeypatch, caplog):
    def fail(name):
        raise RuntimeError("a bug")

    monkeypatch.setattr(quick.service.jobs, "file", fail)
    assert quick.client.get("/results/x%0aERROR forged").status_code == 500
    (record,) = [one for one in caplog.records if one.levelname == "ERROR" and "failed" in one.getMessage()]
    assert "\n" not in record.getMessage()


def test_no_sockets_of_another_kind(quick):
    head = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    connection = connected(
        quick, head, b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    connection.close()
