"""Which frames of a clip are measured: its most neutral one as the source, some spread over it, a run of neighbours."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Middles of `count` equal parts of a clip; if one is the frame `without`, the nearest free frame takes its place.

    Args:
        length: of the clip.
        count: of frames; a clip that has fewer gives all.
        without: frame that is not taken; -1 if all may be.

    Returns:
        Frames in order, as many as were asked for or there are.
    """
    free = [frame for frame in range(length) if frame != without]
    if len(free) <= count:
        return free
    frames = {int((part + 0.5) * length / count) for part in range(count)}
    if without in frames:
        frames.remove(without)
        frames.add(
            min((frame for frame in free if frame not in frames), key=lambda frame: (abs(frame - without), -frame))
        )
    return sorted(frames)


def run_of_frames(numbers: Sequence[int], count: int) -> list[int]:
    """`count` frames from the middle of the longest stretch in which each one follows the other, or all of it.

    Args:
        numbers: of the clip's frames in the video that it came from, which may have gaps.
        count: of frames.

    Returns:
        Places in `numbers`; one alone if no frame follows another.
    """
    gaps = np.flatnonzero(np.diff(np.asarray(numbers)) != 1) + 1
    stretches = np.split(np.arange(len(numbers)), gaps)
    longest = max(stretches, key=len)  # the first of equally long ones
    start = (len(longest) - min(count, len(longest))) // 2
    return [int(place) for place in longest[start : start + count]]
