"""Whether the motion that is read from an animal's clip is the motion that it shows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from src.live_portrait_wrapper import LivePortraitWrapperAnimal
from src.motion.motion import Motion
from src.motion.pose import degrees
from src.motion.template import load_template, save_template
from tests.animals import CAT, GIVEN, POINTS, ROOT, cat_frame, points_in_frame, swaying

from .sightings import difference, frames_of

pytestmark = pytest.mark.usefixtures("search_animals_once")

N = 16
SMILE = ROOT / "assets/examples/driving/smile.safetensors"
POSES = swaying(N)


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapperAnimal:
    return LivePortraitWrapperAnimal(model="compact", device="cpu")


@pytest.fixture(scope="module")
def template(wrapper, tmp_path_factory) -> Path:
    """The motion of the swaying cat; nothing else is told than its frames."""
    path = tmp_path_factory.mktemp("cat") / "cat.safetensors"
    frames = np.stack([cat_frame(pose) for pose in POSES])
    return Path(wrapper.execute(driving_video=frames, save_motion_template=path, driving_kind="animal"))


@pytest.fixture(scope="module")
def motion(template) -> Motion:
    return load_template(template).motion


def roll_of(motion: Motion) -> np.ndarray:
    return degrees(motion.R)[2].numpy().ravel()


def against(read: np.ndarray, truth: list[float]) -> tuple[float, float]:
    """Correlation with the truth, and how much is read of it."""
    return np.corrcoef(read, truth)[0, 1], np.polyfit(truth, read, 1)[0]


def test_roll_follows(motion):
    correlation, gain = against(roll_of(motion), [pose.roll for pose in POSES])
    assert correlation > 0.9 and 0.7 < gain < 1.2


def test_size_follows(motion):
    correlation, gain = against(motion.scale.numpy().ravel(), [pose.scale for pose in POSES])
    assert correlation > 0.9 and 0.7 < gain / motion.scale.mean() < 1.3


@pytest.mark.parametrize("axis", [0, 1])
def test_place_follows(motion, axis):
    keypoints = motion.scale[..., None] * (motion.kp @ motion.R + motion.exp) + motion.t[:, None]  # (N, 21, 3)
    middles = [points_in_frame(pose).mean(0)[axis] for pose in POSES]
    correlation, gain = against(keypoints[..., axis].mean(1).numpy(), middles)
    assert correlation > 0.9 and gain > 0


def test_what_stays_is_read_as_still(motion):
    """Nobody turned, nodded or made a face."""
    pitch, yaw, _ = degrees(motion.R)
    assert max(np.ptp(pitch.numpy()), np.ptp(yaw.numpy())) < 3
    assert float((motion.exp - motion.exp[:1]).abs().max()) < 0.02


def test_the_source_follows(wrapper, template, tmp_path):
    """What the cat does in the result is what the driver did, read from its pictures again."""
    result = wrapper.execute(
        source_image=CAT, motion_template=template, output=tmp_path / "r.mp4", source_points=GIVEN, concat=False
    )
    again = wrapper.execute(
        driving_video=result, save_motion_template=tmp_path / "r.safetensors", driving_kind="animal"
    )
    correlation, gain = against(roll_of(load_template(again).motion), [pose.roll for pose in POSES])
    assert correlation > 0.8 and 0.4 < gain < 1.3


def test_the_points_may_come_as_numbers(wrapper, tmp_path):
    smile = load_template(SMILE)
    template = save_template(replace(smile, motion=smile.motion[:: smile.n_frames // 2][:2]), tmp_path / "smile")
    options = {"source_image": CAT, "motion_template": template, "concat": False}
    results = [
        wrapper.execute(**options, source_points=points, output=tmp_path / f"{number}.mp4")
        for number, points in enumerate([POINTS, " ".join(GIVEN)])
    ]
    ours, theirs = map(frames_of, results)
    assert max(map(difference, ours, theirs)) == 0


def test_a_steadied_motion_is_smoother(wrapper, template, motion, tmp_path):
    """`--smooth` takes the shaking and leaves the motion."""
    path = tmp_path / "smooth.safetensors"
    wrapper.execute(motion_template=template, smooth=True, save_motion_template=path)
    smooth = load_template(path).motion
    assert np.abs(np.diff(roll_of(smooth), 2)).mean() < 0.8 * np.abs(np.diff(roll_of(motion), 2)).mean()
    correlation, gain = against(roll_of(smooth), [pose.roll for pose in POSES])
    assert correlation > 0.9 and gain > 0.7


def test_a_cat_that_goes_away_for_a_moment(wrapper, tmp_path, caplog):
    frames = [cat_frame(pose) for pose in POSES[:6]]
    frames[2] = frames[3] = np.zeros_like(frames[0])
    options = {"on_missing": "interpolate", "driving_kind": "animal"}
    template = wrapper.execute(driving_video=frames, save_motion_template=tmp_path / "m.pkl", **options)
    assert "2 of 6 frames of the driving" in caplog.text and "they are bridged" in caplog.text
    roll = roll_of(load_template(template).motion)
    assert roll[5] > roll[0] + 2
    np.testing.assert_allclose(np.diff(roll[1:5]), (roll[4] - roll[1]) / 3, atol=0.3)
