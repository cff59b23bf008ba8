"""The training format: one file a shot, which holds the crops of one face and its mesh landmarks.

A shot is frames of one face without a cut between them, cropped alike; a still is a shot of one frame. Frames may be
missing in between, where the face was not good enough or the clip was thinned out: their numbers tell. The file is
safetensors: nothing in it can run, and a frame is read without reading the others.

| tensor | what |
|---|---|
| `jpeg` | (N,) uint8: the frames as JPEG, one after the other |
| `offsets` | (T + 1,) int64: where each begins, and the end |
| `meshes` | (T, 478, 3) float32 in crop coordinates of the stored picture: see `motion.mesh` |
| `frames` | (T,) int64: number of each frame in the video that it came from, ascending |
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ...errors import InputError
from ...media.output_file import temporary_beside, usual_rights
from ...motion.mesh_points import N_POINTS

_FORMAT = "liveportrait shot 1"
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]

Rgb = NDArray[np.uint8]
Floats = NDArray[np.float32]


class ShotWriter:
    """Collects the frames of a shot; the file appears whole or not at all.

    They are kept in memory as JPEG until then, and twice while the file is written: about 60 kB a frame of 288 pixels.

    Args:
        path: of the file to write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._jpegs = bytearray()
        self._ends: list[int] = []
        self._meshes: list[Floats] = []
        self._frames: list[int] = []

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, rgb: Rgb, mesh: Floats, frame: int) -> None:
        """Append a crop (N, N, 3) uint8, its mesh (478, 3) in crop coordinates and its number in the video."""
        done, jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), _QUALITY)
        assert done, "OpenCV writes JPEG"
        self._jpegs += jpeg.tobytes()
        self._ends.append(len(self._jpegs))
        self._meshes.append(np.asarray(mesh, np.float32))
        self._frames.append(frame)

    def close(self) -> None:
        """Write the file; at least one frame must be in it.

        Raises:
            InputError: it cannot be written.
        """
        assert self._ends, "a shot has frames"
        tensors: dict[str, NDArray[Any]] = {
            "jpeg": np.frombuffer(self._jpegs, np.uint8),
            "offsets": np.array([0, *self._ends], np.int64),
            "meshes": np.stack(self._meshes),
            "frames": np.array(self._frames, np.int64),
        }
        part = temporary_beside(self._path).with_suffix("")  # so that what a killed run leaves is not taken for a shot
        try:
            with usual_rights(part):
                save_file(tensors, part, metadata={"format": _FORMAT})
            part.replace(self._path)
        except (OSError, SafetensorError) as error:
            raise InputError(f"'{self._path}' cannot be written: {error}") from error
        finally:
            with suppress(OSError):  # a full or broken disk; the error that counts is on its way
                part.unlink(missing_ok=True)


class Shot:
    """One shot's frames and meshes; frames are decoded when asked for.

    Args:
        path: of the file.

    Raises:
        InputError: it is not such a file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file: Any = safe_open(path, framework="numpy")
            known = (self._file.metadata() or {}).get("format") == _FORMAT
            if not known:
                raise InputError(f"'{path}' is not a shot of the training format: make one with prepare_data.py")
            self.meshes: Floats = self._file.get_tensor("meshes")
            self._offsets = self._file.get_tensor("offsets")
            lengths = [self._file.get_slice(name).get_shape() for name in ("jpeg", "frames")]
        except (OSError, SafetensorError) as error:
            raise InputError(f"'{path}' cannot be read as a shot of the training format: {error}") from error
        self._check(*lengths)

    def _check(self, jpeg: list[int], frames: list[int]) -> None:
        meshes, offsets = self.meshes, self._offsets
        if meshes.shape[1:] != (N_POINTS, 3) or offsets.shape != (len(meshes) + 1,) or frames != [len(meshes)]:
            raise InputError(
                f"'{self._path}' is damaged: it holds meshes {meshes.shape}, {offsets.size} offsets of shape "
                f"{offsets.shape} and frame numbers {tuple(frames)}: make it again with prepare_data.py"
            )
        ascend = offsets.dtype == np.int64 and offsets[0] >= 0 and bool((np.diff(offsets) > 0).all())
        if not ascend or [int(offsets[-1])] > jpeg:
            raise InputError(
                f"'{self._path}' is damaged: its offsets do not ascend from 0 to {jpeg[0]}, the bytes of its pictures: "
                "make it again with prepare_data.py"
            )

    def __len__(self) -> int:
        return len(self.meshes)

    def __enter__(self) -> Shot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file = None

    @cached_property
    def frames(self) -> NDArray[np.int64]:
        """Number of each frame in the video that it came from, (T,)."""
        numbers: NDArray[np.int64] = self._file.get_tensor("frames")
        return numbers

    def picture(self, index: int) -> Rgb:
        """One frame, (N, N, 3) uint8 RGB.

        Raises:
            InputError: its bytes are no picture.
        """
        start, end = self._offsets[index : index + 2]
        data = self._file.get_slice("jpeg")[int(start) : int(end)]
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
        if bgr is None:
            raise InputError(f"'{self._path}': frame {index} cannot be decoded")
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[return-value]

    def pictures(self, indices: Sequence[int]) -> Rgb:
        """Several frames, (n, N, N, 3) uint8 RGB."""
        return np.stack([self.picture(index) for index in indices])
