"""Pictures and frames that come in memory, checked and brought to one form."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import InputError
from .picture import rgb_of

Picture = Image.Image | NDArray[np.uint8]


def is_picture(value: object) -> bool:
    """Whether a value is a picture in memory: a PIL image, or an array that has the dimensions of one."""
    return isinstance(value, Image.Image) or (isinstance(value, np.ndarray) and value.ndim in (2, 3))


def rgb_array(picture: Picture, called: str) -> NDArray[np.uint8]:
    """Bring one picture to RGB: grey is repeated over three channels, alpha is dropped, as in ``read_picture``.

    Args:
        picture: PIL image, or (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8.
        called: what messages call it.

    Returns:
        (H, W, 3) uint8; contiguous RGB comes back without a copy.

    Raises:
        InputError: pixels of another kind.
    """
    if isinstance(picture, Image.Image):
        try:
            return rgb_of(picture)
        except Exception as error:  # read only now, where the image is a file that was opened, or closed since
            raise InputError(f"{called} cannot be used: {error}") from error
    if not isinstance(picture, np.ndarray):
        raise InputError(f"{called} is a {type(picture).__name__}: give an array (H, W, 3) uint8 or a PIL image")
    _check(picture, picture.ndim == 2 or _has_channels(picture), called)
    return _rgb_channels(picture[..., None] if picture.ndim == 2 else picture)  # of (H, W, C)


def rgb_frames(frames: NDArray[np.uint8] | Sequence[Picture], called: str) -> NDArray[np.uint8]:
    """Bring the frames of a clip to RGB.

    Args:
        frames: (T, H, W, 3) uint8, or pictures of one size (see ``rgb_array``).
        called: what messages call them.

    Returns:
        (T, H, W, 3) uint8; contiguous RGB comes back without a copy.

    Raises:
        InputError: no frames, pixels of another kind, or frames of several sizes.
    """
    if isinstance(frames, np.ndarray):
        _check(frames, _has_channels(frames), called)
        return _rgb_channels(frames)
    pictures = [rgb_array(picture, f"frame {i} of {called}") for i, picture in enumerate(frames)]
    for i, picture in enumerate(pictures):
        if picture.shape != pictures[0].shape:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (picture.shape, pictures[0].shape)]
            raise InputError(f"frame {i} of {called} is {sizes[0]}, but frame 0 is {sizes[1]}: make them one size")
    return np.stack(pictures)


def _has_channels(array: np.ndarray) -> bool:
    return array.ndim in (3, 4) and array.shape[-1] in (1, 3, 4)


def _check(array: np.ndarray, is_shaped: bool, called: str) -> None:
    arrived = f"{called} is an array of {array.dtype} of shape {array.shape}"
    if not is_shaped:
        hint = ", move the channels to the end" if array.ndim > 2 and array.shape[-3] in (1, 3, 4) else ""
        raise InputError(f"{arrived}: give RGB of shape (H, W, 3) for a picture, (T, H, W, 3) for frames{hint}")
    if not array.size:
        raise InputError(f"{arrived}: it holds no pixels")
    if array.dtype != np.uint8:
        raise InputError(f"{arrived}{_range(array)}: give uint8 with values from 0 to 255{_dtype_hint(array)}")


def _rgb_channels(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Make the last of the dimensions (..., H, W, C) RGB."""
    if array.shape[-1] == 1:
        return np.repeat(array, 3, axis=-1)
    return np.ascontiguousarray(array[..., :3])


def _range(array: np.ndarray) -> str:
    is_number = array.dtype.kind in "fiu"
    return f" with values from {array.min():g} to {array.max():g}" if is_number else ""


def _dtype_hint(array: np.ndarray) -> str:
    if array.dtype.kind != "f":
        return ""
    if array.min() >= 0 and array.max() <= 1:
        return ", such as (array * 255).round().astype(np.uint8)"
    return ", such as array.round().clip(0, 255).astype(np.uint8)"
