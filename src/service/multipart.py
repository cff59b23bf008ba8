"""Reads a form: its files go straight to disk under our names, its fields stay in memory.

Starlette has a reader of forms, too, which spools files into temporary ones of its own, wherever those are, so that
everything would be written twice; nor can it be stopped by our limits of bytes, time and parts while a form arrives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from .body import Body
from .problem import Problem
from .room import is_full, no_room

_MOST_PARTS = 64
_LONGEST_FIELD = 4096  # bytes
_LONGEST_HEADER, _MOST_HEADERS = 2048, 8  # of a part


@dataclass
class Received:
    """What a form held.

    Attributes:
        files: name of the field -> where its content lies.
        fields: the other fields.
    """

    files: dict[str, Path] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)


async def receive_form(body: Body, content_type: str, folder: Path, files: Collection[str]) -> Received:
    """Read a form of the type ``multipart/form-data``.

    Args:
        body: of the request.
        content_type: its header.
        folder: where files are put; it is there, and empty.
        files: the fields that are files; all of them are needed. The others are text.

    Raises:
        Problem: not such a form, damaged, a file missing, too many or too large fields, and what `Body` raises.
    """
    reader = _FormReader(_boundary(content_type), folder, files)
    try:
        async for piece in body.pieces():
            await asyncio.to_thread(reader.feed, piece)
    finally:
        reader.close()
    return reader.received()


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise Problem(415, "send the files as a form: the content type must be multipart/form-data")
    if not options.get(b"boundary"):
        raise Problem(400, "the content type multipart/form-data lacks its boundary")
    return options[b"boundary"]


class _FormReader:
    """Takes a form piece by piece.

    Args:
        boundary: between the parts.
        folder: where files are put.
        files: the fields that are files.
    """

    def __init__(self, boundary: bytes, folder: Path, files: Collection[str]) -> None:
        self._folder, self._wanted = folder, files
        self._received, self._parts, self._is_whole = Received(), 0, False
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._name, self._text = "", bytearray()
        self._file: BinaryIO | None = None
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": self._on_header_field,
                    "on_header_value": self._on_header_value,
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": self._on_part_data,
                    "on_part_end": self._on_part_end,
                    "on_end": self._on_end,
                },
                max_header_count=_MOST_HEADERS,
                max_header_size=_LONGEST_HEADER,
            )
        except FormParserError:
            raise Problem(400, "the boundary of the form is too long") from None

    def feed(self, piece: bytes) -> None:
        """Take the next piece; to be called in a thread, as it writes to disk."""
        try:
            self._parser.write(piece)
        except FormParserError:
            raise Problem(400, "the form is damaged") from None
        except OSError as error:
            if is_full(error):
                raise no_room() from error
            raise

    def close(self) -> None:
        """Close the file that is being written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def received(self) -> Received:
        """All of the form, when all pieces have been taken."""
        if not self._is_whole:
            raise Problem(400, "the form is cut off")
        for name in self._wanted:
            if name not in self._received.files:
                raise Problem(422, f"{name} is missing: send it as a file in the form")
        return self._received

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise Problem(413, f"the form has more than {_MOST_PARTS} parts")
        self._disposition = b""

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        kind, options = parse_options_header(self._disposition.decode("latin-1"))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._text.clear()
        if kind != b"form-data" or not self._name:
            raise Problem(400, "a part of the form has no name")
        if self._name in self._received.files or self._name in self._received.fields:
            raise Problem(422, f"the field {self._name[:80]!r} was given twice")
        if self._name in self._wanted:  # one of our own names: a safe path
            path = self._folder / self._name
            self._received.files[self._name] = path
            self._file = path.open("xb")
        elif b"filename" in options:
            raise Problem(422, f"{self._name[:80]!r} is no file of this form; its files are: {', '.join(self._wanted)}")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
            return
        self._text += data[start:end]
        if len(self._text) > _LONGEST_FIELD:
            raise Problem(413, f"the field {self._name[:80]!r} is longer than {_LONGEST_FIELD} bytes")

    def _on_part_end(self) -> None:
        if self._file is not None:
            self.close()
            return
        try:
            self._received.fields[self._name] = self._text.decode()
        except UnicodeDecodeError:
            raise Problem(400, f"the field {self._name[:80]!r} is not UTF-8") from None

    def _on_end(self) -> None:
        self._is_whole = True
