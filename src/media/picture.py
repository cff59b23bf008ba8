"""Pictures in and out, and the size limit of source frames (spec: pipeline, sections 4 and 13)."""

import logging
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from ..errors import InputError
from .output_file import temporary_beside
from .sniff import MediaKind, name_of, sniff

_log = logging.getLogger(__name__)

_ANIMATED = {"GIF", "PNG", "WEBP"}  # other formats hold more than one picture without being animated (MPO, TIFF)
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


def read_picture(source: str | Path | bytes) -> np.ndarray:
    """Read a picture, upright, as 8-bit RGB.

    The EXIF orientation is applied, 16 bits become 8 by their high byte, grey is repeated over three channels, of an
    animation the first frame is taken. Alpha is dropped without compositing, as the reference does: a portrait whose
    background was erased keeps the colours that its file still holds, and the face is the same either way.

    Args:
        source: path, or the file's content.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        MissingFileError: nothing lies at the path.
        InputError: not a picture, damaged, truncated, or of more than 178 million pixels.
    """
    name = name_of(source)
    kind = sniff(source)
    if kind not in (MediaKind.PICTURE, MediaKind.ANIMATION):
        raise InputError(f"{name} is a {kind}: a picture is needed")
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        with Image.open(BytesIO(data)) as image:
            if image.format in _ANIMATED and getattr(image, "is_animated", False):
                _log.warning("%s is animated: its first frame is used", name)
            return rgb_of(image)
    except Image.DecompressionBombError as error:
        raise InputError(f"{name} has more than 178 million pixels: make it smaller") from error
    except Exception as error:  # the decoders raise errors of many types on damaged data
        raise InputError(f"{name} is damaged or of an unknown kind of picture: {error}") from error


def rgb_of(image: Image.Image) -> np.ndarray:
    """Pixels of a PIL image, upright, as 8-bit RGB (see ``read_picture``).

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        InputError: the image has floating-point pixels.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16-bit grey
        grey = (np.clip(np.asarray(image).astype(np.int64), 0, 65535) >> 8).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)  # (H, W, 3)
    if image.mode == "F":
        raise InputError("floating-point pixels are not supported: save the picture with 8 bits a channel")
    return np.array(image.convert("RGB"))


def write_picture(path: str | Path, rgb: np.ndarray, quality: int = 95) -> None:
    """Write a picture; the suffix decides the format. The file appears only when it is complete.

    Args:
        path: file to write; its folder is made if needed.
        rgb: (H, W, 3) uint8 RGB.
        quality: of JPEG and WebP, 1 to 100 (spec: 95).

    Raises:
        InputError: unknown suffix, or the file cannot be written.
    """
    path = Path(path)
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise InputError(f"'{path}' has no suffix of a picture: use one of {', '.join(sorted(PICTURE_SUFFIXES))}")
    temporary = temporary_beside(path)
    try:
        Image.fromarray(rgb).save(temporary, quality=quality)
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def resize_to_limit(rgb: np.ndarray, max_dim: int = 1280, division: int = 2) -> np.ndarray:
    """Shrink a source frame to the size limit, then trim it to sizes that ``division`` divides (spec: section 4).

    Args:
        rgb: (H, W, 3) uint8.
        max_dim: limit of the longer side in pixels; 0 or less: none.
        division: right and bottom are cut to multiples of this; the frame stays as it is if nothing would be left.

    Returns:
        (H', W', 3) uint8.
    """
    height, width = rgb.shape[:2]
    if 0 < max_dim < max(height, width):
        if height > width:
            size = (int(width * (max_dim / height)), max_dim)
        else:
            size = (max_dim, int(height * (max_dim / width)))
        # a sliver must not lose its last pixel
        rgb = cv2.resize(rgb, (max(size[0], 1), max(size[1], 1)), interpolation=cv2.INTER_LINEAR)
        height, width = rgb.shape[:2]
    division = max(division, 1)
    trimmed = rgb[: height - height % division, : width - width % division]
    return trimmed if trimmed.size else rgb
