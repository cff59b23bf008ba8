"""What means no good is refused with a reason; the service stays well, and nothing is written where it must not be."""

import socket
import time
from collections.abc import Iterator

import pytest

from . import media
from .hostile import EDGE, HOSTILE, request_of
from .running import Running, eventually, polled


@pytest.fixture(scope="module")
def good() -> dict[str, bytes]:
    return {"source": media.portrait(), "driving": media.template()}


@pytest.fixture(scope="module", autouse=True)
def well_all_the_time(compact) -> Iterator[None]:
    """Not only afterwards: the health is asked for while all of it goes on, on machines that have others to serve."""
    with polled(compact, within=3):
        yield


def check_well(run: Running) -> None:
    begin = time.monotonic()
    assert run.client.get("/health").json()["status"] == "ok"
    assert time.monotonic() - begin < 1


def check_reason(body: dict, run: Running) -> str:
    """The one form of all errors; the reason, which names no place on the server."""
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    code, message = body["error"]["code"], body["error"]["message"]
    assert code.replace("_", "").isalpha() and message and message.isprintable() and "inference" not in message
    folder = run.service.workspace.folder
    assert not any(str(place) in message for place in (folder, folder.parent)) and "--" not in message
    return message


def test_there_are_plenty():
    assert len(HOSTILE) > 100


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused(compact, places, good, name):
    bad = HOSTILE[name]
    response = compact.client.request(**request_of(bad, good))
    assert response.status_code in bad.statuses, response.text
    assert bad.says in check_reason(response.json(), compact)
    check_well(compact)
    assert places.outside(compact) == []
    eventually(lambda: places.inside(compact) == [])


def raw(run: Running, head: str, body: bytes = b"") -> bytes:
    """Send bytes as they are; the whole answer."""
    with socket.create_connection(("127.0.0.1", run.port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
        answer = b""
        while b"\r\n\r\n" not in answer or (b"}}" not in answer and b"text/plain" not in answer):
            if not (piece := connection.recv(65536)):
                break
            answer += piece
    return answer


HEAD = f"POST /animate HTTP/1.1\nHost: localhost\nContent-Type: multipart/form-data; boundary={EDGE}\n"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ("Content-Length: 99999999999\n", b"", b"413"),
        ("Content-Length: 99999999999\nExpect: 100-continue\n", b"", b"413"),
        ("Content-Length: -1\n", b"", b"400"),
        ("Content-Length: many\n", b"", b"400"),
        ("Content-Length: 3\n", b"abc", b"400"),
        ("Content-Length: 3\nTransfer-Encoding: chunked\n", b"3\r\nabc\r\n0\r\n\r\n", b"400"),
        ("Transfer-Encoding: chunked\n", b"zz\r\nabc\r\n0\r\n\r\n", b"400"),
    ],
)
def test_headers_that_lie(compact, places, headers, body, status):
    assert raw(compact, HEAD + headers, body).split()[1] == status
    check_well(compact)
    assert places.inside(compact) == [] and places.outside(compact) == []


def test_a_body_without_a_length_is_cut_off(compact, places):
    """What never says how long it is, and never ends, fills no disk."""
    begin = f'--{EDGE}\r\nContent-Disposition: form-data; name="source"\r\n\r\n'.encode()
    largest = sent = 0
    with socket.create_connection(("127.0.0.1", compact.port), timeout=10) as connection:
        connection.sendall(HEAD.replace("\n", "\r\n").encode() + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            for piece in (begin, *[bytes(1 << 20)] * 300):
                connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                sent += len(piece)
                held = compact.service.workspace.folder.rglob("*")
                largest = max(largest, sum(path.stat().st_size for path in held if path.is_file()))
        except OSError:  # cut off, as it should be
            pass
    assert sent < 200 << 20 and 0 < largest <= 4 << 20
    eventually(lambda: places.inside(compact) == [])
    check_well(compact)


def test_a_client_that_goes_away_while_it_sends(compact, places):
    with socket.create_connection(("127.0.0.1", compact.port), timeout=10) as connection:
        connection.sendall((HEAD + "Content-Length: 100000\n\n").replace("\n", "\r\n").encode() + b"--half")
    eventually(lambda: len(compact.service.jobs._arriving) == 0)
    assert places.inside(compact) == []
    check_well(compact)


@pytest.mark.parametrize(
    "numbers",
    [
        {"scale": "0.5", "vx_ratio": "2", "vy_ratio": "-2"},
        {"scale": "10", "vx_ratio": "-2", "vy_ratio": "2", "source_division": "64"},
        {"driving_multiplier": "-10", "eyes_retargeting_ratio": "10", "flag_eye_retargeting": "true"},
        {"driving_multiplier": "10", "flag_stitching": "false", "feather": "128", "match_color": "true"},
        {"source_max_dim": "64", "output_size": "64", "crf": "51"},
        {"flag_do_crop": "false", "output_size": "64"},
    ],
    ids=lambda numbers: "-".join(numbers),
)
def test_the_ends_of_all_ranges_are_survived(compact, good, numbers):
    response = compact.post(**good, concat="false", **numbers)
    assert response.status_code in (200, 422), response.text
    check_well(compact)
    if response.status_code == 200:
        compact.client.delete(f"/jobs/{response.json()['id']}")


def test_motion_beyond_all_measure_is_survived(compact):
    """Numbers that are finite, and no more than that."""
    whole = media.load_template(media.TEMPLATE).motion[:2]
    wild = media.template(motion=media.replace(whole, scale=whole.scale * 1e30, t=whole.t + 1e30, exp=whole.exp * 1e30))
    response = compact.post(source=media.portrait(), driving=wild, concat="false")
    assert response.status_code in (200, 422), response.text
    check_well(compact)
