"""Portraits that visitors drive with their cameras."""

import base64
import io
import re
import struct
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from src.apps.live_sessions import LiveSessions

KEPT = 16


class Session:
    """Gives every frame back in negative, and remembers what was asked of it."""

    def __init__(self):
        self.asked = []

    def reset(self):
        self.asked.append("reset")

    def drive(self, frames):
        self.asked += [frame.size for frame in frames]
        return [255 - np.asarray(frame) for frame in frames]


def picture(width=64, height=48):
    """Red on the left, blue on the right."""
    rgb = np.zeros((height, width, 3), np.uint8)
    rgb[:, : width // 2, 0], rgb[:, width // 2 :, 2] = 200, 200
    return Image.fromarray(rgb)


def encoded(image, kind="JPEG"):
    data = io.BytesIO()
    image.save(data, kind)
    return data.getvalue()


def text(data):
    return base64.b64encode(data).decode()


JPEG = encoded(picture())
FRAME = text(JPEG)


def header(width, height):
    """A JPEG that says that it is so large."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


def shown(answer):
    image = Image.open(io.BytesIO(base64.b64decode(answer["picture"], validate=True)))
    assert image.format == "JPEG"
    return np.asarray(image).astype(int)


def near(actual, wanted):
    """Up to what two JPEGs lose."""
    assert actual.shape == np.shape(wanted) and np.abs(actual - np.asarray(wanted).astype(int)).mean() < 4


@pytest.fixture
def sessions():
    return LiveSessions()


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def drive(sessions, session):
    name = sessions.add(session, "anna")
    return lambda frame=FRAME, **request: sessions.drive({"name": name, "frame": frame, **request})


def test_a_frame_moves_the_portrait(drive, session):
    answer = drive()
    assert set(answer) == {"picture", "ms"} and 0 <= answer["ms"] < 5000
    near(shown(answer), 255 - np.asarray(picture()))
    assert session.asked == [(64, 48)]


def test_mirrored(drive):
    near(shown(drive(mirror=True)), 255 - np.asarray(picture())[:, ::-1])
    near(shown(drive(mirror=False)), 255 - np.asarray(picture()))


def test_reset_comes_before_the_frame(drive, session):
    drive(reset=False)
    drive(reset=True)
    assert session.asked == [(64, 48), "reset", (64, 48)]


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colours_become_rgb(drive, mode):
    near(shown(drive(text(encoded(picture().convert(mode))))), 255 - np.asarray(picture().convert(mode).convert("RGB")))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (None, "must be a JPEG of less than a megabyte"),
        (JPEG, "must be a JPEG of less than a megabyte"),
        (["a"], "must be a JPEG of less than a megabyte"),
        ("A" * (2**20 + 4), "must be a JPEG of less than a megabyte"),
        ("", "cannot be read: it must be a JPEG"),
        ("no base64!", "cannot be read: it must be a JPEG"),
        ("äöü", "cannot be read: it must be a JPEG"),
        ("data:image/jpeg;base64," + FRAME, "cannot be read: it must be a JPEG"),
        (FRAME[:-1], "cannot be read: it must be a JPEG"),
        (text(b"hello"), "cannot be read: it must be a JPEG"),
        (text(encoded(picture(), "PNG")), "cannot be read: it must be a JPEG"),
        (text(JPEG[: len(JPEG) // 2]), "cannot be read: it must be a JPEG"),
        (text(JPEG[:30]), "cannot be read: it must be a JPEG"),
        (text(header(0, 0)), "cannot be read: it must be a JPEG"),
        (text(header(2049, 10)), r"may have 2048 pixels a side, got \(2049, 10\)"),
        (text(header(10, 2049)), r"may have 2048 pixels a side, got \(10, 2049\)"),
        (text(header(12000, 12000)), "camera's frame"),  # Pillow warns
        (text(header(65500, 65500)), "camera's frame"),  # Pillow refuses
    ],
    ids=range(18),
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_frames_that_are_refused(drive, session, frame, message):
    answer = drive(frame)
    assert set(answer) == {"error"}
    assert re.search(message, answer["error"])
    assert session.asked == []
    assert "picture" in drive()  # the next one is as good as ever


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_costs_nothing(drive):
    frames = [text(header(side, side)) for side in (2049, 12000, 65500)]
    begin = time.process_time()
    tracemalloc.start()
    assert all("error" in drive(frame) for frame in frames)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**20 and time.process_time() - begin < 0.5


@settings(deadline=None, max_examples=150)
@given(st.integers(2, len(JPEG) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_frames_are_shown_or_refused(at, junk):
    sessions = LiveSessions()
    answer = sessions.drive(
        {"name": sessions.add(Session(), "anna"), "frame": text(JPEG[:at] + junk + JPEG[at + len(junk) :])}
    )
    assert set(answer) in ({"picture", "ms"}, {"error"})


@pytest.mark.parametrize("request_", [None, "frame", 3, ["name"], b"{}"])
def test_what_is_no_request(sessions, request_):
    assert sessions.drive(request_) == {"error": "This is no request of the live page"}


@pytest.mark.parametrize("name", ["nobody", "", None, 3, ["name"], {}])
def test_unknown_names(sessions, name):
    sessions.add(Session(), "anna")
    assert "no portrait to drive" in sessions.drive({"name": name, "frame": FRAME})["error"]
    assert "no portrait to drive" in sessions.drive({})["error"]


def added(sessions, count):
    """The names of so many visitors' portraits."""
    return [sessions.add(Session(), f"visitor {number}") for number in range(count)]


def test_names_are_secret_and_differ(sessions):
    names = set(added(sessions, 50))
    assert len(names) == 50 and all(len(name) >= 20 for name in names)


def is_kept(sessions, name):
    return "picture" in sessions.drive({"name": name, "frame": FRAME})


def test_who_leaves_has_no_portrait(sessions):
    name, other = added(sessions, 2)
    for visitor in ("visitor 0", "visitor 0", "nobody"):
        sessions.leave(visitor)
    assert not is_kept(sessions, name) and is_kept(sessions, other)


def test_a_visitor_has_one_portrait(sessions):
    first, second = sessions.add(Session(), "anna"), sessions.add(Session(), "anna")
    assert not is_kept(sessions, first) and is_kept(sessions, second)


def test_the_oldest_portrait_goes_first(sessions):
    names = added(sessions, KEPT + 3)
    assert [is_kept(sessions, name) for name in names] == [False] * 3 + [True] * KEPT


def test_what_was_driven_lately_stays(sessions):
    names = added(sessions, KEPT)
    assert is_kept(sessions, names[0])  # drives it
    newest = sessions.add(Session(), "anna")
    assert not is_kept(sessions, names[1])
    assert is_kept(sessions, names[0]) and is_kept(sessions, names[2]) and is_kept(sessions, newest)


def test_frames_do_not_queue(sessions):
    """However many come while one is being worked on, they are dropped."""
    begun, goes_on = threading.Event(), threading.Event()

    class Slow(Session):
        def drive(self, frames):
            begun.set()
            assert goes_on.wait(10)
            return super().drive(frames)

    slow = Slow()
    request = {"name": sessions.add(slow, "anna"), "frame": FRAME}
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(sessions.drive, request)
        assert begun.wait(10)
        assert [sessions.drive(request) for _ in range(20)] == [{"busy": True}] * 20
        goes_on.set()
        assert "picture" in first.result(10)
    assert len(slow.asked) == 1
    assert "picture" in sessions.drive(request)


def test_what_fails_inside_is_logged_and_said(sessions, caplog):
    class Broken(Session):
        def drive(self, frames):
            raise ZeroDivisionError

    answer = sessions.drive({"name": sessions.add(Broken(), "anna"), "frame": FRAME})
    assert "failed inside the program" in answer["error"]
    assert "ZeroDivisionError" in caplog.text
