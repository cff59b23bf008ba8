"""`LiveSessions`: the portraits that visitors drive with their cameras, frame by frame."""

from __future__ import annotations

import base64
import io
import secrets
import threading
import time
from collections import OrderedDict
from typing import Any

from PIL import Image

from ..errors import InputError, LivePortraitError
from ..pipeline.live import LiveSession

_MOST = 16  # portraits that are kept ready; the one that was not driven for longest goes first
_LARGEST_FRAME = 1 << 20  # bytes of JPEG, as text
_LARGEST_SIDE = 2048
_QUALITY = 85


class LiveSessions:
    """Sessions by secret names, which only the page that made one knows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, LiveSession] = OrderedDict()

    def add(self, session: LiveSession) -> str:
        """Keep a session; returns its name."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._sessions[name] = session
            while len(self._sessions) > _MOST:
                self._sessions.popitem(last=False)
        return name

    def remove(self, name: str) -> None:
        """Forget a session."""
        with self._lock:
            self._sessions.pop(name, None)

    def drive(self, request: Any) -> dict[str, Any]:
        """What one frame of a camera makes of a portrait.

        Args:
            request: ``name`` of the session, ``frame`` as JPEG in base64, ``mirror`` and ``reset`` (or not) as bool.

        Returns:
            ``picture``, a JPEG as base64, and ``ms``, how long the frame took here; or ``error``, a line to show.
        """
        begin = time.perf_counter()
        try:
            picture = _encoded(self._driven(request))
        except LivePortraitError as error:
            return {"error": str(error)}
        return {"picture": picture, "ms": round((time.perf_counter() - begin) * 1e3, 1)}

    def _driven(self, request: Any) -> Image.Image:
        if not isinstance(request, dict):
            raise InputError("this is no request of the live page")
        session = self._session(str(request.get("name")))
        if request.get("reset"):
            session.reset()
        frame = _decoded(request.get("frame"))
        if request.get("mirror"):
            frame = frame.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return Image.fromarray(session.drive([frame])[0])

    def _session(self, name: str) -> LiveSession:
        with self._lock:
            session = self._sessions.get(name)
            if session is None:
                raise InputError("there is no portrait to drive: choose one (again)")
            self._sessions.move_to_end(name)
        return session


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


def _encoded(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=_QUALITY)
    return base64.b64encode(data.getvalue()).decode()
