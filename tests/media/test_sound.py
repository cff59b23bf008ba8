import pytest

from src.media.picture import write_picture
from src.media.sound import choose_donor, has_audio

from .clips import join, make_clip, make_tone, stamped


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("donors")
    make_clip(folder / "silent.mp4", [0])
    make_tone(folder / "sound.m4a", 0.2)
    for name in ("source", "first", "second"):
        join(folder / "silent.mp4", folder / "sound.m4a", folder / f"{name}.mp4")
    write_picture(folder / "picture.png", stamped(0))
    (folder / "notes.txt").write_text("no media")
    (folder / "template.pkl").write_bytes(b"\x80\x04N.")
    return {file.stem: file for file in folder.iterdir()} | {"folder": folder, "none": folder / "none.mp4"}


def test_what_has_sound(files):
    heard = {name for name, path in files.items() if has_audio(path)}
    assert heard == {"source", "first", "second", "sound"}


@pytest.mark.parametrize(
    ("source", "drivings", "by_driving", "by_source"),
    [
        ("source", ["first"], "first", "source"),
        ("source", ["silent"], "source", "source"),
        ("silent", ["first"], "first", "first"),
        ("picture", ["first"], "first", "first"),
        (None, ["first"], "first", "first"),
        ("source", [], "source", "source"),
        ("source", ["template"], "source", "source"),
        ("picture", ["silent"], None, None),
        (None, [], None, None),
        (None, ["folder", "notes"], None, None),
        ("source", ["silent", "first", "second"], "first", "source"),
        ("silent", ["second", "first"], "second", "second"),
    ],
)
def test_whose_sound_a_result_gets(files, source, drivings, by_driving, by_source):
    for priority, expected in (("driving", by_driving), ("source", by_source)):
        chosen = choose_donor(source and files[source], [files[name] for name in drivings], priority)
        assert chosen == (files[expected] if expected else None)
