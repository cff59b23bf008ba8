"""What is measured, and how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Part = Literal["self", "cross", "retargeting", "border", "speed", "sheets"]
PARTS: tuple[Part, ...] = ("self", "cross", "retargeting", "border", "speed", "sheets")

# What the paper reports of self-reenactment: other people, other crops and 512 pixels, so for scale only.
PAPER: dict[str, float | str] = {"data": "TalkingHead-1KH", "l1": 0.0347, "psnr": 32.0, "ssim": 0.819}


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
        parts: measurements, of `PARTS`.
        frames_per_clip: frames that are compared with the real ones, spread over each clip.
        run_length: consecutive frames of each clip for jitter and flicker.
        cross_frames: frames of every driver that drive every source.
        speed_runs: calls of W+G that are timed.
    """

    parts: Sequence[Part] = PARTS
    frames_per_clip: int = 8
    run_length: int = 24
    cross_frames: int = 4
    speed_runs: int = 50
