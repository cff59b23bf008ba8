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
    source = data.draw(st.integers(0, length - 1))
    frames = spread_frames(length, count, source)
    assert source not in frames and len(set(frames)) == len(frames) == min(count, length - 1)
    assert all(0 <= frame < length for frame in frames)


def test_they_are_spread_evenly():
    assert spread_frames(100, 4, without=0) == [12, 37, 62, 87]
    assert spread_frames(100, 4, without=37) == [12, 38, 62, 87]


@given(length=st.integers(1, 400), count=st.integers(1, 40))
def test_a_run(length, count):
    run = run_of_frames(length, count)
    assert run == list(range(run[0], run[0] + min(length, count))) and run[0] >= 0 and run[-1] < length
