"""Which frames of a clip are measured: its most neutral one as the source, some spread over it, a run of neighbours."""

from __future__ import annotations

import numpy as np

from ..motion.motion import Motion
from ..motion.pose import degrees

_ANGLE = 10.0  # degrees that count as much as one unit of the others
_EYES = 0.05  # the same for the eyes' ratio, height over width
_LIPS = 0.1  # the same for the lips' ratio
_CLOSED = 0.1  # quantile of the lips' ratio that counts as closed


def neutral_frame(motion: Motion) -> int:
    """The most neutral frame: seen from the front, eyes as usual in this clip, mouth as closed as it gets.

    The frame with the smallest sum of: length of (pitch, yaw, roll) over 10 degrees; distance of the eyes' mean ratio
    from the clip's median over 0.05; excess of the lips' ratio above the clip's lowest decile over 0.1.

    Args:
        motion: of all frames of the clip, with ratios.
    """
    assert motion.eye_ratio is not None, "motion of meshes has ratios"
    assert motion.lip_ratio is not None, "motion of meshes has ratios"
    angles = np.stack([angle.numpy() for angle in degrees(motion.R)])  # (3, T)
    eyes, lips = motion.eye_ratio.mean(1).numpy(), motion.lip_ratio[:, 0].numpy()
    cost = np.linalg.norm(angles, axis=0) / _ANGLE
    cost += np.abs(eyes - np.median(eyes)) / _EYES
    cost += np.maximum(lips - np.quantile(lips, _CLOSED), 0) / _LIPS
    return int(cost.argmin())


def spread_frames(length: int, count: int, without: int) -> list[int]:
    """Middles of `count` equal parts of a clip; the frame `without` gives way to its successor (or predecessor).

    A clip of fewer frames gives all but that one.
    """
    if length - 1 <= count:
        return [frame for frame in range(length) if frame != without]
    frames = [int((part + 0.5) * length / count) for part in range(count)]
    if without in frames:
        place = frames.index(without)
        near = [frame for frame in (without + 1, without - 1) if 0 <= frame < length and frame not in frames]
        frames[place : place + 1] = near[:1]
    return frames


def run_of_frames(length: int, count: int) -> list[int]:
    """`count` consecutive frames from the middle of a clip, or all of them."""
    count = min(count, length)
    start = (length - count) // 2
    return list(range(start, start + count))
