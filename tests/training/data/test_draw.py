from pathlib import Path

import numpy as np
import pytest

from src.training.data.draw import DrawOptions, draw_frames
from src.training.data.tracks import Track


def track(lips, eyes=None):
    n = len(lips)
    eyes = np.full(n, 0.3) if eyes is None else eyes
    kp = np.zeros((n, 21, 3), np.float32)
    kp[:, 19, 1] = lips
    return Track(Path("none"), kp, np.tile(np.eye(3, dtype=np.float32), (n, 1, 1)), np.stack([eyes, eyes, lips], 1))


def test_a_mouth_that_opens_is_drawn_on_purpose():
    lips = np.linspace(0, 0.5, 50, dtype=np.float32)
    for seed in range(20):
        source, driving = draw_frames(track(lips), 2, np.random.default_rng(seed), DrawOptions(1.0, 0.0))
        assert lips[source] <= np.quantile(lips, 0.3) and (lips[driving] >= np.quantile(lips, 0.8)).all()


def test_eyes_that_close_are_drawn_on_purpose():
    eyes = np.linspace(0, 0.4, 50, dtype=np.float32)
    options = DrawOptions(opening_mouth=0.0, closing_eyes=1.0)
    for seed in range(20):
        source, driving = draw_frames(track(np.zeros(50), eyes), 2, np.random.default_rng(seed), options)
        assert eyes[source] >= np.quantile(eyes, 0.7) and (eyes[driving] <= np.quantile(eyes, 0.2)).all()


@pytest.mark.parametrize("frames", [1, 2, 30])
def test_shots_without_such_frames_are_drawn_from_all_the_same(frames):
    source, driving = draw_frames(track(np.full(frames, 0.1)), 3, np.random.default_rng(0), DrawOptions(1.0, 0.0))
    assert 0 <= source < frames and len(driving) == 3 and all(0 <= i < frames for i in driving)


def test_the_farther_frame_is_preferred():
    lips = np.linspace(0, 1, 30)
    distance = {}
    for farther in (0.0, 1.0):
        options = DrawOptions(0.0, 0.0, farther)
        draws = [draw_frames(track(lips), 1, np.random.default_rng(seed), options) for seed in range(300)]
        distance[farther] = np.mean([abs(lips[source] - lips[driving[0]]) for source, driving in draws])
    assert distance[1.0] > 1.2 * distance[0.0]
