from dataclasses import fields, replace
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.motion.jitter import jitter
from src.motion.keypoints import EYES, LIP, transform_keypoint
from src.motion.motion import Motion
from src.motion.pose import get_rotation_matrix
from src.motion.steady import steady, steady_squares

FPS = Fraction(30)
SECONDS = 6


def _clip(fps: Fraction = FPS, noise: float = 0.0, seed: int = 0) -> Motion:
    """A face that turns slowly, talks at five syllables a second and blinks, seen with noise."""
    rng = torch.Generator().manual_seed(seed)
    n = int(SECONDS * fps)
    time = torch.arange(n) / float(fps)
    kp = torch.randn(21, 3, generator=torch.Generator().manual_seed(7)) * 0.3
    exp = torch.zeros(n, 21, 3)
    talks = ((time > 1) & (time < 5)) * (1 - torch.cos(2 * torch.pi * 5 * time)) / 2
    exp[:, 19, 1] = 0.06 * talks
    exp[:, [13, 16], 1] = 0.03 * torch.exp(-(((time - 2.5) / 0.06) ** 2))[:, None]

    def seen(values: torch.Tensor, share: float = 1.0) -> torch.Tensor:
        return values + noise * share * torch.randn(values.shape, generator=rng)

    yaw = 10 * torch.sin(2 * torch.pi * time / 4)
    return Motion(
        kp=kp.expand(n, 21, 3),
        # Noise of 0.005 is 0.3 degrees.
        R=get_rotation_matrix(seen(torch.zeros(n), 60), seen(yaw, 60), seen(torch.zeros(n), 60)),
        exp=seen(exp),
        t=seen(torch.zeros(n, 3)),
        scale=seen(torch.ones(n, 1)),
        eye_ratio=seen(0.3 - 8 * exp[:, [13, 16], 1]),
        lip_ratio=seen(5 * exp[:, 19, 1:2]),
    )


def _points(motion: Motion) -> np.ndarray:
    return transform_keypoint(motion)[..., :2].numpy()


def _opening(motion: Motion) -> np.ndarray:
    return (motion.exp[:, 19, 1] - motion.exp[:, 20, 1]).numpy()


def _range(values: np.ndarray) -> float:
    low, high = np.percentile(values, [5, 95])
    return float(high - low)


def _lag(before: np.ndarray, after: np.ndarray) -> int:
    a, b = np.gradient(before), np.gradient(after)
    return max(range(-5, 6), key=lambda k: float((a[5:-5] * np.roll(b, -k)[5:-5]).sum()))


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(25), FPS, Fraction(60)])
@pytest.mark.parametrize("noise", [0.001, 0.003])  # of a crop's half side: up to 0.8 px at 512
def test_trembling_falls_and_the_mouth_stays(fps: Fraction, noise: float) -> None:
    noisy, clean = _clip(fps, noise), _clip(fps)
    found = steady(noisy, fps)
    assert jitter(_points(found)) < 0.6 * jitter(_points(noisy))
    assert _range(_opening(found)) > 0.95 * _range(_opening(clean))
    assert _lag(_opening(clean), _opening(found)) == 0
    assert np.abs(_points(found) - _points(clean)).mean() < 0.75 * np.abs(_points(noisy) - _points(clean)).mean()


@pytest.mark.parametrize("fps", [Fraction(24), FPS, Fraction(60)])
def test_blink_keeps_its_depth(fps: Fraction) -> None:
    clean, found = _clip(fps), steady(_clip(fps, 0.001), fps)
    lid = (clean.exp[:, 13, 1], found.exp[:, 13, 1])
    assert lid[1].max() > 0.9 * lid[0].max()
    assert lid[1].argmax() == lid[0].argmax()


def test_openings_are_steadied_too() -> None:
    noisy, clean = _clip(noise=0.01), _clip()
    found = steady(noisy, FPS)
    for name in ("eye_ratio", "lip_ratio"):
        before, after, truth = (getattr(motion, name) for motion in (noisy, found, clean))
        assert (after - truth).abs().mean() < (before - truth).abs().mean()
        assert _range(after.numpy()) > 0.95 * _range(truth.numpy())


def test_lips_and_eyes_are_touched_least() -> None:
    noisy = _clip(noise=0.003)
    moved = (steady(noisy, FPS).exp - noisy.exp).abs().mean((0, 2))
    gentle = list(LIP + EYES)
    firm = [k for k in range(21) if k not in gentle]
    assert moved[gentle].mean() < moved[firm].mean()


def test_first_frame_is_steadied_like_the_others() -> None:
    """Relative motion refers to it: its noise would shift the whole result."""
    before, after = [], []
    for seed in range(20):
        noisy = _clip(noise=0.005, seed=seed)
        before.append(np.abs(_points(noisy)[0] - _points(_clip())[0]).mean())
        after.append(np.abs(_points(steady(noisy, FPS))[0] - _points(_clip())[0]).mean())
    assert np.mean(after) < 0.8 * np.mean(before)


def test_what_moves_without_noise_hardly_changes() -> None:
    clean = _clip(Fraction(60))
    found = steady(clean, Fraction(60))
    np.testing.assert_allclose(_points(found), _points(clean), atol=2e-3)


def test_cut_stays_sharp() -> None:
    """Within a hundredth of the jump."""
    n, turn = 40, torch.where(torch.arange(40) < 20, -25.0, 25.0)
    none = torch.zeros(n)
    cut = replace(_clip()[:n], R=get_rotation_matrix(none, turn, none), t=turn[:, None].expand(n, 3) / 100)
    found = steady(cut, FPS)
    torch.testing.assert_close(found.R, cut.R, rtol=0, atol=5e-3)
    torch.testing.assert_close(found.t, cut.t, rtol=0, atol=5e-3)


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 9),
    st.fractions(Fraction(1), Fraction(240)),
    st.floats(0, 3),
    st.integers(0, 99),
    st.booleans(),
)
def test_any_clip_keeps_its_form(n: int, fps: Fraction, noise: float, seed: int, ratios: bool) -> None:
    motion = _clip(noise=noise, seed=seed)[:n]
    if not ratios:
        motion = replace(motion, eye_ratio=None, lip_ratio=None)
    copy = motion[torch.arange(n)]
    found = steady(motion, fps)
    for field in fields(Motion):
        given_, kept, result = (getattr(m, field.name) for m in (motion, copy, found))
        if given_ is None:
            assert result is None
            continue
        assert torch.equal(given_, kept)
        assert (result.shape, result.dtype) == (given_.shape, given_.dtype)
        assert result.isfinite().all()
    torch.testing.assert_close(found.R @ found.R.transpose(1, 2), torch.eye(3).expand(n, 3, 3), rtol=0, atol=1e-5)
    torch.testing.assert_close(torch.linalg.det(found.R), torch.ones(n), rtol=0, atol=1e-5)
    for name in ("exp", "t", "scale"):  # means of neighbours never leave their range
        assert (getattr(found, name).amax(0) <= getattr(motion, name).amax(0) + 1e-5).all()


def test_one_frame_is_returned_unchanged() -> None:
    one = _clip(noise=0.01)[0]
    assert steady(one, FPS) is one


def test_unknown_canonical_keypoints_stay_unknown() -> None:
    motion = _clip(noise=0.01)
    motion = replace(motion, kp=torch.full_like(motion.kp, torch.nan))
    found = steady(motion, FPS)
    assert found.kp.isnan().all()
    assert found.exp.isfinite().all()


def _squares(noise: float, start: float = 0.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A face that walks through the picture with its size breathing in speech; and without noise and breath."""
    time = np.arange(90) / 30
    truth = np.stack([400 + 60 * time, 300 + 0 * time, 256 + 0 * time, start + 0.1 * np.sin(time)], 1)
    rng = np.random.default_rng(seed)
    rows = truth + noise * rng.normal(size=truth.shape) * [1, 1, 1, 0.004]
    rows[:, 2] += 2 * np.sin(2 * np.pi * 5 * time)
    return rows, truth


def test_squares_are_steadied() -> None:
    rows, truth = _squares(1.0)
    before = rows.copy()
    found = steady_squares(rows, FPS)
    np.testing.assert_array_equal(rows, before)
    trembling = [np.abs(np.diff(squares, n=2, axis=0)).mean(0) for squares in (rows, found)]
    assert (trembling[1] < 0.2 * trembling[0]).all()
    # The ends are mirrored, which holds a walking face back by a few pixels.
    assert np.abs(found - truth)[10:-10, :3].max() < 2.5
    assert np.abs(found - truth)[:, :3].max() < 12


def test_squares_follow_a_jump() -> None:
    rows = np.tile([100.0, 100, 200, 0], (60, 1))
    rows[30:, 0] += 150
    np.testing.assert_allclose(steady_squares(rows, FPS), rows, atol=0.03 * 200)


@given(st.floats(-3.1415, 3.1415))
def test_angles_are_steadied_across_their_wrap(start: float) -> None:
    straight, turned = (_squares(1.0, angle)[0] for angle in (0.0, start))
    turned[:, 3] = np.angle(np.exp(1j * turned[:, 3]))
    found = steady_squares(turned, FPS)
    difference = found[:, 3] - steady_squares(straight, FPS)[:, 3] - start
    np.testing.assert_allclose(np.angle(np.exp(1j * difference)), 0, atol=1e-9)
    assert (np.abs(found[:, 3]) <= np.pi).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_squares_are_no_problem(n: int) -> None:
    rows = _squares(1.0)[0][:n]
    found = steady_squares(rows, FPS)
    assert (found.shape, found.dtype) == ((n, 4), np.float64)
    np.testing.assert_allclose(found, rows, atol=8)
