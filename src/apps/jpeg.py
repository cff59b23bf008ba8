"""Pictures as JPEG; as text they fit into a message, and a stream of them leaves nothing on the disk."""

from __future__ import annotations

import base64
import io

from PIL import Image

from ..face.face import Rgb


def jpeg(rgb: Rgb, quality: int) -> bytes:
    """A picture (H, W, 3) uint8 as JPEG."""
    data = io.BytesIO()
    Image.fromarray(rgb).save(data, "JPEG", quality=quality)
    return data.getvalue()


def jpeg_text(rgb: Rgb, quality: int) -> str:
    """The same in base64."""
    return base64.b64encode(jpeg(rgb, quality)).decode()
