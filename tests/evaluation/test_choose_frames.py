from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from src.evaluation.choose_frames import neutral_frame, run_of_frames, spread_frames
from src.motion.mesh import motion_from_meshes
from src.motion.mesh_points import mean_face
from src.motion.pose import get_rotation_matrix


def still_motion(frames: int):
    motion = motion_from_meshes(np.repeat(mean_face()[None], frames, axis=0) * 0.5)
    turned = get_rotation_matrix(torch.zeros(frames), torch.full((frames,), 10.0), torch.zeros(frames))
    return replace(motion, R=turned)


@pytest.mark.parametrize("part", ["yaw", "eyes", "mouth"])
def test_the_most_neutral_frame(part):
    motion = still_motion(9)
    R, eyes, lips = motion.R.clone(), motion.eye_ratio.clone(), torch.full((9, 1), 0.3)
    if part == "yaw":
        R[5] = torch.eye(3)
    elif part == "eyes":
        eyes += 0.01 * torch.arange(9)[:, None]  # the median is frame 4
    else:
        lips[7] = 0
    frame = neutral_frame(replace(motion, R=R, eye_ratio=eyes, lip_ratio=lips))
    assert frame == {"yaw": 5, "eyes": 4, "mouth": 7}[part]


@given(length=st.integers(2, 400), count=st.integers(1, 40), data=st.data())
def test_spread_frames(length, count, data):
    source = data.draw(st.integers(-1, length - 1))  # -1 is no frame: all may be taken
    frames = spread_frames(length, count, source)
    available = length - (source >= 0)
    assert source not in frames and sorted(set(frames)) == frames and len(frames) == min(count, available)
    assert all(0 <= frame < length for frame in frames)


@pytest.mark.parametrize(
    ("length", "count", "without", "frames"),
    [
        (100, 4, 0, [12, 37, 62, 87]),
        (100, 4, 37, [12, 38, 62, 87]),
        (10, 8, 4, [0, 1, 2, 3, 5, 6, 8, 9]),  # of the middles 0 1 3 4 5 6 8 9 both neighbours of 4 are taken: 2
        (5, 4, -1, [0, 1, 3, 4]),
        (4, 3, 3, [0, 1, 2]),
        (3, 8, 1, [0, 2]),
        (1, 4, 0, []),
    ],
)
def test_they_are_spread_evenly(length, count, without, frames):
    assert spread_frames(length, count, without) == frames


@given(length=st.integers(1, 400), count=st.integers(1, 40))
def test_a_run(length, count):
    run = run_of_frames(range(7, length + 7), count)
    assert run == list(range(run[0], run[0] + min(length, count))) and run[0] >= 0 and run[-1] < length
    assert abs(run[0] - (length - 1 - run[-1])) <= 1  # from the middle


@pytest.mark.parametrize(
    ("numbers", "count", "run"),
    [
        ([4, 5, 6, 9, 10, 11, 12, 20], 24, [3, 4, 5, 6]),  # the longest stretch without a gap
        ([4, 5, 6, 9, 10, 11, 12, 20], 2, [4, 5]),
        ([0, 2, 4, 6], 24, [0]),  # every other frame: none follows another
        ([3, 2, 1], 24, [0]),
    ],
)
def test_a_run_has_no_gaps(numbers, count, run):
    assert run_of_frames(numbers, count) == run
