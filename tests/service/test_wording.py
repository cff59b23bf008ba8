"""Messages without places on the server."""

import time
from pathlib import Path

import pytest

from src.service.wording import for_callers

FOLDER = Path("/srv/app/uploads/0123")


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("no face in the source '/srv/app/uploads/0123/source.jpg': give one", "no face in the source: give one"),
        ("'/srv/app/uploads/0123/driving.mp4' is damaged", "the driving is damaged"),
        ("/srv/app/uploads/0123/driving.pkl: the pickle is damaged", "the driving: the pickle is damaged"),
        ("'/srv/app/results/ab.mp4' cannot be written", "a file of the service cannot be written"),
        ("look at /usr/lib/python3/site-packages/x.py, line 3", "look at a file of the service, line 3"),
        (r"'C:\secret\x.bin' is gone", "a file of the service is gone"),
        ("--crf must lie between 0 and 51", "crf must lie between 0 and 51"),
        ("--no_flag_relative_motion has no effect", "flag_relative_motion=false has no effect"),
        ("--source_points is for animals: use inference_animals.py", "source_points is for animals: use kind=animal"),
        ("rates of 30000/1001 and w/h stay", "rates of 30000/1001 and w/h stay"),
        ("'/srv/a b/" + "c" * 5000 + "/d e' is gone", "a file of the service"),  # cut amid the name
        ("two\nlines\x1b[31m", "two lines [31m"),
    ],
)
def test_what_callers_read(message, told):
    assert for_callers(message, FOLDER) == told


@pytest.mark.parametrize("word", ["x", "--", "'/", "/a", "\x00"])
def test_long_messages_are_cut(word):
    begin = time.monotonic()
    assert len(for_callers(word * 10_000_000, FOLDER)) <= 500
    assert time.monotonic() - begin < 1
