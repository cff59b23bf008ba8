"""`Motion`: the pose and expression of a face over a number of frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """Pose and expression of B frames, as float32 tensors on one device.

    Convention: keypoints are row vectors, so ``x = scale * (kp @ R + exp) + t`` with the z of ``t`` ignored
    (spec: networks, section 6). Instances are never changed in place.

    Attributes:
        kp: canonical keypoints, (B, K, 3).
        R: rotation matrices, already transposed for row vectors, (B, 3, 3).
        exp: expression deltas, (B, K, 3).
        t: translation, (B, 3).
        scale: (B, 1).
        eye_ratio: opening of the left and right eye (as seen in the picture), (B, 2), where it was measured.
        lip_ratio: opening of the inner lips, (B, 1), where it was measured.
    """

    kp: Tensor
    R: Tensor
    exp: Tensor
    t: Tensor
    scale: Tensor
    eye_ratio: Tensor | None = None
    lip_ratio: Tensor | None = None

    def __len__(self) -> int:
        return len(self.R)

    def __getitem__(self, index: int | slice | Tensor) -> Motion:
        """Frames by index, slice or index tensor; a single index keeps the batch axis."""
        if isinstance(index, int):
            index = slice(index, index + 1 or None)
        return self._map(lambda value: value[index])

    def to(self, device: torch.device | str) -> Motion:
        """The same motion on another device."""
        return self._map(lambda value: value.to(device))

    def expand(self, n: int) -> Motion:
        """A single frame repeated n times (a view); a motion of n frames is returned as it is."""
        return self if len(self) == n else self._map(lambda value: value.expand(n, *value.shape[1:]))

    def _map(self, change: Callable[[Tensor], Tensor]) -> Motion:
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {name: None if value is None else change(value) for name, value in values.items()}
        return Motion(**changed)

    @staticmethod
    def cat(parts: Sequence[Motion]) -> Motion:
        """Motions one after the other; the ratios survive only where every part has them."""
        joined: dict[str, Any] = {}
        for field in fields(Motion):
            values = [getattr(part, field.name) for part in parts]
            joined[field.name] = None if any(v is None for v in values) else torch.cat(values)
        return Motion(**joined)
