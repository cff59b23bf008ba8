"""Sources and drivers that are no paths; what is made of them stays the caller's."""

import io
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from src.errors import InputError
from src.media.sound import has_audio
from src.media.video_reader import open_video

from .conftest import LEVELS
from .scenes import grey, middles

pytestmark = pytest.mark.usefixtures("here")

FRAMES = np.stack([grey(level) for level in LEVELS])


@pytest.fixture
def temporary(tmp_path_factory, monkeypatch):
    """An empty folder for temporary files."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def shown(run, written):
    def rendered(driving, source, **options):
        result = run(driving, source, output="r.mp4", **options)
        assert result.n_frames == len(LEVELS)
        return [middles(rgb, 1)[0] for rgb in written.pop("r.mp4").frames]

    return rendered


EXPECTED = [127 + level - LEVELS[0] for level in LEVELS]
DRIVERS = {
    "array": lambda path: FRAMES,
    "list of arrays": lambda path: list(FRAMES),
    "list of images": lambda path: [Image.fromarray(rgb) for rgb in FRAMES],
    "bytes": lambda path: path.read_bytes(),
    "memoryview": lambda path: memoryview(path.read_bytes()),
    "buffer": lambda path: io.BytesIO(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
    "upload": lambda path: SimpleNamespace(filename="../d 1.mp4", file=io.BytesIO(path.read_bytes())),
    "path": lambda path: path,
    "text": str,
    "list of one": lambda path: [str(path)],
    "template": lambda path: path.with_name("d.safetensors").read_bytes(),
}
SOURCES = {
    "array": lambda path: grey(100, 200, 160),
    "grey array": lambda path: grey(100, 200, 160)[..., 0],
    "image": lambda path: Image.fromarray(grey(100, 200, 160)),
    "bytes": lambda path: path.read_bytes(),
    "buffer": lambda path: io.BytesIO(path.read_bytes()),
    "open file": lambda path: path.open("rb"),
}


@pytest.mark.parametrize("kind", DRIVERS)
def test_drivers(shown, media, temporary, kind):
    assert shown(DRIVERS[kind](media / "d.mp4"), "s.png") == pytest.approx(EXPECTED, abs=4)
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("kind", SOURCES)
def test_sources(shown, media, temporary, kind):
    assert shown("d.mp4", SOURCES[kind](media / "s.png")) == pytest.approx(EXPECTED, abs=4)
    assert list(temporary.iterdir()) == []


def test_videos_as_sources(run, written, media, temporary):
    for source in (FRAMES, list(FRAMES), (media / "d.mp4").read_bytes()):
        result = run("d.png", source, output="r.mp4", flag_relative_motion=False)
        shown = [middles(rgb, 1)[0] for rgb in written.pop("r.mp4").frames]
        assert result.n_frames == 10 and shown == pytest.approx([127.5 + 150 - level for level in LEVELS], abs=4)
    assert list(temporary.iterdir()) == []


def test_arrays_are_only_looked_at(run, written):
    source, driving = grey(100, 201, 161), FRAMES.copy()
    before = source.copy(), driving.copy()
    for array in (source, driving):
        array.flags.writeable = False
    run(driving, source, output="r.mp4", match_color=True, flag_normalize_lip=True)
    run(driving, np.stack([source] * 10), output="v.mp4", flag_crop_driving_video=True)
    np.testing.assert_array_equal(source, before[0])
    np.testing.assert_array_equal(driving, before[1])


def test_an_open_file_stays_open_and_may_be_given_again(shown, media):
    with (media / "d.mp4").open("rb") as file:
        file.seek(100)
        assert shown(file, "s.png") == shown(file, "s.png") and not file.closed


def test_the_sound_of_bytes_is_heard(run, media, temporary):
    result = run((media / "d.mp4").read_bytes(), output="r.mp4", concat=False)
    assert open_video(result).n_frames == 10 and list(temporary.iterdir()) == []
    assert has_audio(result)


def test_names_of_results(run, written, media):
    assert run(FRAMES, grey(100)) == "animations/source--driving.mp4"
    upload = SimpleNamespace(filename="../my clip.mp4", file=io.BytesIO((media / "d.mp4").read_bytes()))
    assert run(upload, "s.png") == "animations/s--my clip.mp4"


def test_a_mistake_leaves_nothing_behind(run, media, temporary):
    data = (media / "d.mp4").read_bytes()
    for driving in (data[:600], b"abc", [data, data], np.zeros((3, 8, 8, 3), np.float32), 7, []):
        with pytest.raises(InputError):
            run(driving, output="r.mp4")
    assert list(temporary.iterdir()) == [] == list(Path().iterdir())
