"""Sheets of sample pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import torch
from torch import Tensor


def sheet(columns: Sequence[Tensor], rows: int = 8) -> Tensor:
    """Pictures side by side: columns of (B, 3, N, N) in 0..1 to one picture (3, rows * N, columns * N)."""
    lines = [torch.cat([column[row] for column in columns], 2) for row in range(min(rows, len(columns[0])))]
    return torch.cat(lines, 1).clamp(0, 1)


def save_sheet(picture: Tensor, path: Path) -> None:
    """Write a picture (3, H, W) in 0..1 as a JPEG or PNG, by the name of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rgb = picture.mul(255).round().byte().permute(1, 2, 0).cpu().numpy()
    done, data = cv2.imencode(path.suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    assert done, "OpenCV writes JPEG and PNG"
    path.write_bytes(data.tobytes())
