import os
import pickle
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from safetensors.numpy import save

from src.errors import InputError, MissingFileError
from src.media.sniff import MediaKind, sniff

from .clips import make_clip

RGB = np.zeros((8, 8, 3), np.uint8)


def gif(frames: int) -> bytes:
    pictures = [Image.fromarray(np.full((8, 8), 60 * i, np.uint8)) for i in range(frames)]
    file = BytesIO()
    pictures[0].save(file, "GIF", save_all=True, append_images=pictures[1:])
    return file.getvalue()


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".tif", ".webp"])
def test_pictures_are_known_whatever_their_name(tmp_path, suffix):
    path = tmp_path / "holiday.mp4"
    path.write_bytes(cv2.imencode(suffix, RGB)[1].tobytes())
    assert sniff(path) is MediaKind.PICTURE
    assert sniff(path.read_bytes()) is MediaKind.PICTURE


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".avi", ".ts", ".flv"])
def test_videos_are_known_whatever_their_name(tmp_path, suffix):
    clip = tmp_path / f"clip{suffix}"
    make_clip(clip, [0])
    assert sniff(clip.rename(tmp_path / "clip.jpg")) is MediaKind.VIDEO


def test_gifs_are_still_or_animated():
    assert sniff(gif(1)) is MediaKind.PICTURE
    assert sniff(gif(3)) is MediaKind.ANIMATION


def test_the_frames_of_a_gif_are_not_counted(monkeypatch):
    """Counting reads the whole file: millions of tiny frames would take many seconds."""
    monkeypatch.setattr(GifImageFile, "n_frames", property(lambda self: pytest.fail("counted")))
    assert sniff(gif(3)) is MediaKind.ANIMATION and sniff(gif(1)) is MediaKind.PICTURE


def test_templates_and_folders(tmp_path):
    assert sniff(pickle.dumps({"n_frames": 1}, protocol=4)) is MediaKind.TEMPLATE
    assert sniff(save({"R": RGB})) is MediaKind.TEMPLATE
    assert sniff(tmp_path) is MediaKind.FOLDER


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello, I am no picture\n", "text file"),
        ("Grüße".encode() * 200, "text file"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        (bytes(range(256)) * 4, "neither"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, content, said):
    path = tmp_path / "portrait.jpg"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"portrait.jpg.*{said}"):
        sniff(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    with pytest.raises(InputError, match=r"pipe\.mp4' is neither a file nor a folder"):
        sniff(tmp_path / "pipe.mp4")


def test_a_missing_file(tmp_path):
    with pytest.raises(MissingFileError, match="missing"):
        sniff(tmp_path / "missing.jpg")
