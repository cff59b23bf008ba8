"""What a file is, judged by its first bytes and never by its name (spec: pipeline, section 4 and quirk Q6)."""

import re
from enum import StrEnum
from io import BytesIO
from pathlib import Path

from PIL import Image

from ..errors import InputError, MissingFileError

_HEAD_BYTES = 512


class MediaKind(StrEnum):
    """The kinds of input that the project can use."""

    PICTURE = "picture"
    ANIMATION = "GIF animation"
    VIDEO = "video"
    TEMPLATE = "motion template"
    FOLDER = "folder"


# kind, usual suffix, first bytes
_KNOWN = (
    (MediaKind.PICTURE, ".jpg", rb"\xff\xd8\xff"),
    (MediaKind.PICTURE, ".png", rb"\x89PNG\r\n\x1a\n"),
    (MediaKind.PICTURE, ".bmp", rb"BM.{4}\x00{4}"),
    (MediaKind.PICTURE, ".tif", rb"II\*\x00|MM\x00\*"),
    (MediaKind.PICTURE, ".webp", rb"RIFF.{4}WEBP"),
    (MediaKind.PICTURE, ".avif", rb".{4}ftypavif"),
    (MediaKind.ANIMATION, ".gif", rb"GIF8[79]a"),
    (MediaKind.VIDEO, ".mp4", rb".{4}(?:ftyp|moov|mdat|wide|free|skip)"),  # QuickTime too
    (MediaKind.VIDEO, ".mkv", rb"\x1aE\xdf\xa3"),  # WebM too
    (MediaKind.VIDEO, ".avi", rb"RIFF.{4}AVI "),
    (MediaKind.VIDEO, ".mpg", rb"\x00\x00\x01\xba"),
    (MediaKind.VIDEO, ".m2v", rb"\x00\x00\x01\xb3"),  # the same without a container
    (MediaKind.VIDEO, ".ts", rb"G.{187}G|.{4}G.{191}G"),  # M2TS too
    (MediaKind.VIDEO, ".flv", rb"FLV\x01"),
    (MediaKind.VIDEO, ".ogv", rb"OggS"),
    (MediaKind.VIDEO, ".wmv", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    (MediaKind.TEMPLATE, ".pkl", rb"\x80[\x02-\x05]"),
    (MediaKind.TEMPLATE, ".safetensors", rb".{4}\x00{4}\{"),
)
_DEMUXERS = {
    ".gif": "gif",
    ".mp4": "mov",
    ".mkv": "matroska",
    ".avi": "avi",
    ".mpg": "mpeg",
    ".m2v": "mpegvideo",
    ".ts": "mpegts",
    ".flv": "flv",
    ".ogv": "ogg",
    ".wmv": "asf",
}
_REFUSED = (
    (rb".{4}ftyp(?:hei[cfmsx]|hev[cx]|mif1|msf1)", "an HEIC picture, which cannot be read: save it as JPEG first"),
    (rb"PK\x03\x04", "a ZIP archive"),
    (rb"%PDF", "a PDF document"),
    (rb"version https://git-lfs", "a Git LFS pointer: fetch the file itself with 'git lfs pull'"),
    (rb"(?i)\s*<(?:!doctype html|html)", "a web page, not media: the download probably failed"),
)


def sniff(source: str | Path | bytes, called: str | None = None) -> MediaKind:
    """Tell what a file, a folder or a file's content is.

    A GIF with a single frame is a picture, one with more is an animation. A folder is reported as it is; whether it
    holds pictures is seen when it is read.

    Args:
        source: path, or the content itself.
        called: what messages call it, if not by its path.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: neither a file nor a folder, or the content is empty, text, or of no kind that can be used; the
            message says which.
    """
    name = called or name_of(source)
    if isinstance(source, bytes):
        head = source[:_HEAD_BYTES]
    else:
        path = Path(source)
        if path.is_dir():
            return MediaKind.FOLDER
        head = _read_head(path)
    if not head:
        raise InputError(f"{name} is empty: a picture, a video or a motion template is needed")
    for pattern, what in _REFUSED:
        if re.match(pattern, head, re.DOTALL):
            raise InputError(f"{name} is {what}")
    for kind, _, pattern in _KNOWN:
        if re.match(pattern, head, re.DOTALL):
            return _still_or_animated(source) if kind is MediaKind.ANIMATION else kind
    if _is_text(head):
        raise InputError(f"{name} is a text file, neither a picture nor a video")
    raise InputError(f"{name} is neither a picture, nor a video, nor a motion template (judged by its content)")


def suffix_of(path: Path) -> str:
    """Usual suffix for the content of a file; empty if ``sniff`` would not know it."""
    head = _read_head(path)
    return next((suffix for _, suffix, pattern in _KNOWN if re.match(pattern, head, re.DOTALL)), "")


def demuxer_of(path: Path) -> str | None:
    """What ffmpeg calls the format of a video, an animation or a sound in a video's container; None for all else.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: it is no file, or cannot be read.
    """
    return _DEMUXERS.get(suffix_of(path))


def name_of(source: str | Path | bytes) -> str:
    """Name of a source for messages."""
    return f"data of {len(source)} bytes" if isinstance(source, bytes) else f"'{source}'"


def _read_head(path: Path) -> bytes:
    if not path.exists():
        raise MissingFileError(f"'{path}' does not exist")
    if not path.is_file():  # a named pipe, for instance, would be waited for without end
        raise InputError(f"'{path}' is neither a file nor a folder: save what it gives as a file first")
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        raise InputError(f"'{path}' cannot be read: {error.strerror}") from error


def _still_or_animated(source: str | Path | bytes) -> MediaKind:
    try:
        with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
            # looks for a second frame; counting all of them would read the whole file
            return MediaKind.ANIMATION if getattr(image, "is_animated", False) else MediaKind.PICTURE
    except Exception:  # a damaged GIF: reading it as a picture will say so
        return MediaKind.PICTURE


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 27 for byte in head)
