import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from src.errors import InputError
from src.motion.interpolate import fill_gaps, interpolate
from src.motion.motion import Motion
from src.motion.pose import degrees, get_rotation_matrix
from tests.motion.goldens import motion as golden

whole_clip = st.builds(lambda n, seed: random_motion(n, seed), st.integers(1, 7), st.integers(0, 99))


def random_motion(n: int, seed: int = 0) -> Motion:
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape: int) -> torch.Tensor:
        return torch.randn(n, *shape, generator=generator)

    rotations = torch.from_numpy(Rotation.from_rotvec(noise(3).double().numpy()).as_matrix()).float()
    return Motion(noise(21, 3), rotations, noise(21, 3), noise(3), noise(1), noise(2), noise(1))


def turning(*yaws: float) -> Motion:
    """A head that turns about y, everything else growing by one a frame."""
    n = len(yaws)
    steps = torch.arange(float(n))
    zero = torch.zeros(n)
    return Motion(
        kp=steps[:, None, None].expand(n, 21, 3),
        R=get_rotation_matrix(zero, torch.tensor(yaws), zero),
        exp=steps[:, None, None].expand(n, 21, 3),
        t=steps[:, None].expand(n, 3),
        scale=1 + steps[:, None],
    )


def cloned(motion: Motion) -> Motion:
    return Motion(**{name: None if value is None else value.clone() for name, value in vars(motion).items()})


def same(a: Motion, b: Motion) -> bool:
    """Equal bit for bit, NaN included."""
    return all(
        (x is None and vars(b)[name] is None) or x.numpy().tobytes() == vars(b)[name].numpy().tobytes()
        for name, x in vars(a).items()
    )


@settings(max_examples=50, deadline=None)
@given(clip=whole_clip, positions=st.lists(st.integers(-3, 9), max_size=9))
def test_whole_positions_give_exactly_that_frame(clip, positions):
    held = [min(max(position, 0), len(clip) - 1) for position in positions]
    assert same(interpolate(clip, np.array(positions, float)), clip[torch.tensor(held, dtype=torch.long)])


def test_whole_positions_stay_whole_through_a_division():
    clip = random_motion(4)
    assert same(interpolate(clip, np.array([0.1 * 3 * 10, 2 - 1e-12])), clip[torch.tensor([3, 2])])


def test_minus_zero_and_a_motion_that_is_a_view_survive():
    clip = random_motion(1).expand(3)
    clip.exp[0, 0, 0] = -0.0
    assert same(interpolate(clip, np.array([1.0, 0.0])), clip[:2])


def test_official_frames_survive_exactly():
    clip = golden("drv")
    frames = np.arange(len(clip))
    assert same(interpolate(clip, frames.astype(float)), clip)


@settings(max_examples=50, deadline=None)
@given(clip=whole_clip, positions=st.lists(st.floats(-2, 9), min_size=1, max_size=9))
def test_between_frames(clip, positions):
    before = cloned(clip)
    found = interpolate(clip, np.array(positions))
    assert same(clip, before)
    assert {value.dtype for value in vars(found).values()} == {torch.float32}
    torch.testing.assert_close(found.R @ found.R.mT, torch.eye(3).expand(len(found), 3, 3), rtol=0, atol=1e-6)
    torch.testing.assert_close(torch.linalg.det(found.R), torch.ones(len(found)))
    places = np.clip(positions, 0, len(clip) - 1)
    for name in ("kp", "exp", "t", "scale", "eye_ratio", "lip_ratio"):
        values = vars(clip)[name].flatten(1).numpy().astype(np.float64)
        wanted = np.stack([np.interp(places, np.arange(len(clip)), column) for column in values.T], 1)
        np.testing.assert_allclose(vars(found)[name].flatten(1), wanted, rtol=0, atol=2e-5)


@settings(max_examples=50, deadline=None)
@given(st.floats(-89, 89), st.floats(-89, 89), st.floats(0, 1))
def test_a_turn_is_even(first, last, share):
    found = interpolate(turning(first, last), np.array([share]))
    assert float(degrees(found.R)[1]) == pytest.approx(first + (last - first) * round(share, 6), abs=2e-3)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 99), share=st.floats(0.01, 0.99))
def test_turns_obey_slerp_of_transposed_rotations_too(seed, share):
    clip = random_motion(2, seed)
    transposed = Motion(clip.kp, clip.R.mT, clip.exp, clip.t, clip.scale)
    a, b = (interpolate(motion, np.array([share])).R[0] for motion in (clip, transposed))
    torch.testing.assert_close(a, b.T, rtol=0, atol=1e-6)
    part, whole = (
        Rotation.from_matrix((clip.R[0].double().T @ R.double()).numpy()).as_rotvec() for R in (a, clip.R[1])
    )
    np.testing.assert_allclose(part, share * whole, atol=1e-5)


def test_what_is_unknown_stays_unknown():
    clip = turning(0, 10)
    clip = Motion(torch.full((2, 21, 3), torch.nan), clip.R, clip.exp, clip.t, clip.scale)
    found = interpolate(clip, np.array([0.0, 0.5, 1.0]))
    assert bool(found.kp.isnan().all()) and found.eye_ratio is None and found.lip_ratio is None
    assert bool(found.exp.isfinite().all())


def test_no_position_and_one_frame():
    assert len(interpolate(random_motion(3), np.array([]))) == 0
    assert same(interpolate(random_motion(1), np.array([-0.5, 0.0, 0.7])), random_motion(1)[torch.zeros(3).long()])


def test_another_device():
    found = interpolate(random_motion(1).to("meta"), np.array([0.0]))
    assert {value.device.type for value in vars(found).values()} == {"meta"}


@pytest.mark.parametrize("positions", [[[0.5]], [np.nan], [np.inf], 0.5])
def test_rejects_other_positions(positions):
    with pytest.raises(InputError, match="positions"):
        interpolate(random_motion(2), np.array(positions))


def test_rejects_what_cannot_be_interpolated():
    clip = random_motion(2)
    with pytest.raises(InputError, match="without any frame"):
        interpolate(clip[:0], np.array([0.5]))
    flat = Motion(clip.kp, torch.zeros(2, 3, 3), clip.exp, clip.t, clip.scale)
    assert len(interpolate(flat, np.array([1.0]))) == 1
    with pytest.raises(InputError, match="rotations of this motion"):
        interpolate(flat, np.array([0.5]))


@pytest.mark.parametrize(
    ("shown", "held", "moved"),
    [
        ("0..1.2", [0, 0, 0, 1, 1, 2], [0, 1 / 3, 2 / 3, 1, 1.5, 2]),
        ("...0.1", [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0.5, 1]),
        ("0.....", [0] * 6, [0] * 6),
        ("012", [0, 1, 2], [0, 1, 2]),
    ],
)
def test_gaps(shown, held, moved):
    flags = [frame != "." for frame in shown]
    clip = turning(0, 10, 40)[: sum(flags)]
    before = cloned(clip)
    assert same(fill_gaps(clip, flags, "hold"), clip[torch.tensor(held)])
    filled = fill_gaps(clip, flags, "interpolate")
    torch.testing.assert_close(filled.scale[:, 0] - 1, torch.tensor(moved, dtype=torch.float32), rtol=0, atol=2e-6)
    assert same(filled[torch.tensor(flags)], clip)
    assert same(clip, before)


@settings(max_examples=50, deadline=None)
@given(shown=st.lists(st.booleans(), min_size=1, max_size=30).filter(any), how=st.sampled_from(["hold", "interpolate"]))
def test_shown_frames_are_kept_exactly(shown, how):
    clip = random_motion(sum(shown))
    filled = fill_gaps(clip, shown, how)
    assert len(filled) == len(shown) and same(filled[torch.tensor(shown)], clip)


@pytest.mark.parametrize(("n", "shown"), [(2, [True]), (1, [True, True]), (0, [False]), (0, [])])
def test_rejects_gaps_that_do_not_fit(n, shown):
    with pytest.raises(InputError, match=r"frames show a face"):
        fill_gaps(random_motion(2)[:n], shown, "hold")
