"""Whether what a command left behind is whole: every file can be read to its end."""

import json
from collections.abc import Iterable
from pathlib import Path

from src.media.containers import VIDEO_SUFFIXES
from src.media.picture import PICTURE_SUFFIXES, read_picture
from src.media.sniff import MediaKind, sniff
from src.media.video_reader import open_video
from src.motion.template import load_template


def check_whole(path: Path) -> int:
    """Read a result to its end; gives its number of frames, 1 for what has none."""
    assert not path.name.startswith("."), f"{path} is a temporary file"
    suffix = path.suffix.lower()
    if suffix in VIDEO_SUFFIXES and sniff(path) is not MediaKind.PICTURE:  # a GIF of one frame
        video = open_video(path)
        width, height = video.size
        shapes = [frame.rgb.shape for frame in video]
        assert shapes and shapes == [(height, width, 3)] * video.n_frames, f"{path} is cut off"
        return len(shapes)
    if suffix in PICTURE_SUFFIXES | {".gif"}:
        assert read_picture(path).size, f"{path} is empty"
    elif suffix == ".json":
        assert json.loads(path.read_text())["n_frames"] >= 1
    else:
        assert suffix in (".safetensors", ".pkl"), f"nobody asked for {path}"
        return load_template(path).n_frames
    return 1


def snapshot(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder with its content."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def error_of(stderr: str) -> str:
    """The one error of a failed command, which is the last line on stderr."""
    assert "Traceback" not in stderr, stderr
    *others, last = stderr.splitlines()
    assert last.startswith("error: ") and not any(line.startswith("error:") for line in others), stderr
    return last.removeprefix("error: ")


def in_words(options: Iterable[tuple[str, object]]) -> list[str]:
    """Options as the words of a command line; True and False are switches."""
    words = []
    for name, value in options:
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no_{name}")
        elif str(value).startswith("-"):  # it would be taken for an option
            words.append(f"--{name}={value}")
        else:
            words += [f"--{name}", str(value)]
    return words
