"""`LiveSessions`: the portraits that visitors drive with their cameras, frame by frame."""

from __future__ import annotations

import base64
import io
import logging
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from ..errors import InputError, LivePortraitError
from ..face.face import Rgb
from ..pipeline.live import LiveSession
from .jpeg import jpeg_text
from .toasts import plain

_log = logging.getLogger(__name__)

_MOST = 16  # portraits that are kept ready; the one that was not driven for longest goes first
_LARGEST_FRAME = 1 << 20  # bytes of JPEG, as text
_LARGEST_SIDE = 2048
_QUALITY = 85


@dataclass(eq=False)
class _Entry:
    """A session, whose it is, and what keeps frames from waiting for each other."""

    session: LiveSession
    visitor: str
    turn: threading.Lock = field(default_factory=threading.Lock)


class LiveSessions:
    """Sessions by secret names, which only the page that made one knows; one for each visitor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def add(self, session: LiveSession, visitor: str) -> str:
        """Keep a visitor's session in place of his last one; returns its name."""
        name = secrets.token_urlsafe(16)
        self.leave(visitor)
        with self._lock:
            self._entries[name] = _Entry(session, visitor)
            while len(self._entries) > _MOST:
                self._entries.popitem(last=False)
        return name

    def leave(self, visitor: str) -> None:
        """Forget a visitor's session."""
        with self._lock:
            for name in [name for name, entry in self._entries.items() if entry.visitor == visitor]:
                del self._entries[name]

    def drive(self, request: Any) -> dict[str, Any]:
        """What one frame of a camera makes of a portrait.

        Args:
            request: ``name`` of the session, ``frame`` as JPEG in base64, ``mirror`` and ``reset`` (or not) as bool.

        Returns:
            ``picture``, a JPEG as base64, and ``ms``, how long the frame took here; or ``error``, a line to show; or
            ``busy``: the frame was dropped, because the last one is still being worked on.
        """
        begin = time.perf_counter()
        try:
            driven = self._driven(request)
        except LivePortraitError as error:
            return {"error": plain(str(error))}
        except Exception:
            _log.exception("a frame of a camera failed")
            return {"error": "This frame failed inside the program; its log says more."}
        if driven is None:
            return {"busy": True}
        picture = jpeg_text(driven, _QUALITY)
        return {"picture": picture, "ms": round((time.perf_counter() - begin) * 1e3, 1)}

    def _driven(self, request: Any) -> Rgb | None:
        """The result of a frame; None if the last one is still being worked on: frames never queue."""
        if not isinstance(request, dict):
            raise InputError("this is no request of the live page")
        entry = self._entry(str(request.get("name")))
        if not entry.turn.acquire(blocking=False):
            return None
        try:
            frame = _decoded(request.get("frame"))
            if request.get("mirror"):
                frame = frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            if request.get("reset"):
                entry.session.reset()
            return entry.session.drive([frame])[0]
        finally:
            entry.turn.release()

    def _entry(self, name: str) -> _Entry:
        with self._lock:
            entry = self._entries.get(name)
            if entry is None:
                raise InputError("there is no portrait to drive: choose one (again)")
            self._entries.move_to_end(name)
        return entry


def _decoded(text: Any) -> Image.Image:
    """A camera's frame.

    Raises:
        InputError: it is no JPEG, or too large.
    """
    if not isinstance(text, str) or len(text) > _LARGEST_FRAME:
        raise InputError("a camera's frame must be a JPEG of less than a megabyte")
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)), formats=["JPEG"])
        if max(image.size) > _LARGEST_SIDE:
            raise InputError(f"a camera's frame may have {_LARGEST_SIDE} pixels a side, got {image.size}")
        return image.convert("RGB")
    except InputError:
        raise
    except Exception as error:  # of many kinds where a file is damaged, or a bomb
        raise InputError("a camera's frame cannot be read: it must be a JPEG") from error
