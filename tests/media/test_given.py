import io
import os
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from src.errors import InputError, MissingFileError
from src.media.given import Inbox
from src.media.picture import read_picture
from src.media.sniff import MediaKind
from src.media.video_reader import open_video

from .clips import make_clip, stamp_of, stamped

RGB = stamped(77)


class Upload:
    """Stands for the upload of a web framework: its own read() is asynchronous."""

    def __init__(self, content: bytes, filename: str | None):
        self.file = tempfile.SpooledTemporaryFile(max_size=100)  # noqa: SIM115
        self.file.write(content)
        self.filename = filename

    async def read(self) -> bytes:
        raise AssertionError("only .file can be read here")


@pytest.fixture(autouse=True)
def temp(tmp_path, monkeypatch) -> Path:
    """Temporary files go here; all are gone after the test."""
    folder = tmp_path / "temp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def inbox():
    with Inbox() as opened:
        yield opened


@pytest.fixture(scope="module")
def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(RGB).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def mp4(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(path, [0])
    return path


class TestPaths:
    @pytest.mark.parametrize("make", [str, Path, lambda path: os.fspath(path)])
    def test_are_taken_as_they_are(self, inbox, mp4, make, temp):
        media = inbox.take(make(mp4), "driving")
        assert (media.name, media.kind, media.path, media.frames) == ("clip", MediaKind.VIDEO, mp4, None)
        assert media.label == f"'{mp4}'"
        assert list(temp.iterdir()) == []

    def test_folders_have_names_too(self, inbox, tmp_path, monkeypatch):
        (tmp_path / "shots.v2").mkdir()
        monkeypatch.chdir(tmp_path / "shots.v2")
        assert inbox.take("../shots.v2", "driving").name == "shots"
        assert inbox.take(".", "driving").name == "shots"
        assert inbox.take("..", "driving").name == tmp_path.name

    def test_must_lead_somewhere(self, inbox, tmp_path):
        with pytest.raises(MissingFileError, match=r"nowhere\.jpg' does not exist"):
            inbox.take(tmp_path / "nowhere.jpg", "source")


class TestContent:
    @pytest.mark.parametrize("make", [bytes, bytearray, memoryview])
    def test_bytes_become_a_file(self, inbox, png, make):
        media = inbox.take(make(png), "source")
        assert (media.name, media.kind, media.frames) == ("source", MediaKind.PICTURE, None)
        assert (media.path.name, media.label) == ("source.png", "given as data")
        assert np.array_equal(read_picture(media.path), RGB)

    def test_the_suffix_tells_the_content(self, inbox, mp4):
        assert inbox.take(mp4.read_bytes(), "driving").path.name == "driving.mp4"
        template = inbox.take(pickle.dumps({"n_frames": 1}), "driving")
        assert (template.kind, template.path.name) == (MediaKind.TEMPLATE, "driving.pkl")

    def test_several_of_one_role_are_kept_apart(self, inbox, png, mp4):
        first, second = inbox.take(png, "driving"), inbox.take(png, "driving")
        assert first.path != second.path
        assert first.path.exists() and second.path.exists()

    def test_open_files(self, inbox, mp4):
        with mp4.open("rb") as file:
            file.read(10)  # somebody looked at the head
            media = inbox.take(file, "driving")
            assert not file.closed
        assert (media.name, media.kind, media.label) == ("clip", MediaKind.VIDEO, "'clip'")
        assert media.path.read_bytes() == mp4.read_bytes()

    @pytest.mark.parametrize(
        "make",
        [
            io.BytesIO,
            lambda content: Upload(content, None),
            lambda content: Upload(content, ""),
            lambda content: Upload(content, "..."),
            lambda content: io.BufferedReader(io.BytesIO(content)),
        ],
    )
    def test_files_without_a_name(self, inbox, png, make):
        media = inbox.take(make(png), "source")
        assert (media.name, media.path.read_bytes()) == ("source", png)

    def test_spooled_files_whether_in_memory_or_not(self, inbox, png):
        for max_size in (10, 1 << 20):
            with tempfile.SpooledTemporaryFile(max_size=max_size) as file:
                file.write(png)
                media = inbox.take(file, "source")
                assert not file.closed
            assert (media.name, media.path.read_bytes()) == ("source", png)

    def test_a_pipe_cannot_be_wound_back(self, inbox, png):
        reading, writing = os.pipe()
        with open(reading, "rb") as source, open(writing, "wb") as target:  # noqa: PTH123
            target.write(png)
            target.close()
            assert inbox.take(source, "source").path.read_bytes() == png

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            ("portrait.jpg", "portrait"),
            ("/home/me/my portrait.v2.jpg", "my portrait.v2"),
            ("..\\..\\evil.png", "evil"),
            ("../../etc/passwd", "passwd"),
            ("C:\\x\\Grüße 猫.jpg", "Grüße 猫"),
            ('a"b\n$(c);d.jpg', "a_b__(c)_d"),
            ("..", "source"),
            ("é" * 300 + ".jpg", "é" * 40),
        ],
    )
    def test_names_of_uploads_are_made_safe(self, inbox, png, temp, given, name):
        media = inbox.take(Upload(png, given), "source")
        assert media.name == name
        assert media.path.name == "source.png"
        assert temp in media.path.parents

    def test_a_limit(self, temp, png):
        with Inbox(limit_bytes=len(png)) as inbox:
            assert inbox.take(png, "source").path.read_bytes() == png
            with pytest.raises(InputError, match=f"^the driving holds more than {len(png)} bytes: pass the path"):
                inbox.take(io.BytesIO(png + b"0"), "driving")

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (lambda _: b"", "the source is empty"),
            (lambda _: b"no picture at all", "the source is a text file"),
            (lambda _: io.BytesIO(bytes(range(256))), "the source is neither a picture"),
            (lambda path: path.open(encoding="latin-1"), "the source is a file open for text: .*'rb'"),
            (lambda path: closed(path.open("rb")), "the source is a file that is closed"),
            (lambda _: TextGiver(), "the source is a file that gives str"),
            (lambda _: Failing(), "the source cannot be copied to '.*': line lost"),
            (lambda path: path.open("ab"), "the source cannot be copied to '.*': read"),
        ],
    )
    def test_what_cannot_be_used(self, inbox, mp4, make, said):
        with pytest.raises(InputError, match=f"^{said}"):
            inbox.take(make(mp4), "source")


def closed(file):
    file.close()
    return file


class TextGiver:
    def read(self, size: int) -> str:
        return "text"


class Failing:
    def read(self, size: int) -> bytes:
        raise OSError("line lost")


class TestInMemory:
    @pytest.mark.parametrize("make", [lambda rgb: rgb, Image.fromarray])
    def test_a_picture(self, inbox, make, temp):
        media = inbox.take(make(RGB), "source")
        assert (media.name, media.kind, media.path) == ("source", MediaKind.PICTURE, None)
        assert np.array_equal(media.frames, RGB[None])
        assert media.label == "given as a picture"
        assert list(temp.iterdir()) == []

    @pytest.mark.parametrize("make", [np.stack, list, tuple, lambda frames: [Image.fromarray(f) for f in frames]])
    def test_frames(self, inbox, make):
        media = inbox.take(make([stamped(i) for i in range(3)]), "driving")
        assert (media.name, media.kind, media.path) == ("driving", MediaKind.VIDEO, None)
        assert [stamp_of(frame) for frame in media.frames] == [0, 1, 2]
        assert media.label == "given as frames"

    def test_an_image_that_was_opened_and_not_read(self, inbox, png):
        assert np.array_equal(inbox.take(Image.open(io.BytesIO(png)), "source").frames[0], RGB)
        with pytest.raises(InputError, match=r"^the source cannot be used: .*truncated"):
            inbox.take(Image.open(io.BytesIO(png[: len(png) - 40])), "source")

    @pytest.mark.parametrize(
        ("value", "said"),
        [
            (RGB / 255, r"the source is an array of float64 of shape \(48, 64, 3\) .*values from 0 to 1"),
            ([], "the source is an empty list: give a path"),
            (["a.jpg", "b.jpg"], "the source is a list of str"),
            (None, "the source is None"),
            (7, "the source is 7: give a path"),
            (object(), "the source is a object"),
        ],
    )
    def test_what_is_neither(self, inbox, value, said):
        with pytest.raises(InputError, match=f"^{said}"):
            inbox.take(value, "source")


class TestInbox:
    @pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
    def test_nothing_is_left(self, png, temp, error):
        def use():
            with Inbox() as inbox:
                inbox.take(png, "source")
                assert len(list(temp.iterdir())) == 1
                if error:
                    raise error

        if error:
            with pytest.raises(error):
                use()
        else:
            use()
        assert list(temp.iterdir()) == []

    def test_a_refused_file_leaves_nothing_either(self, temp):
        with pytest.raises(InputError), Inbox() as inbox:
            inbox.take(b"nonsense", "source")

    def test_the_files_are_read_like_others(self, inbox, mp4):
        media = inbox.take(mp4.read_bytes(), "driving")
        assert [stamp_of(frame.rgb) for frame in open_video(media.path)] == [0]
