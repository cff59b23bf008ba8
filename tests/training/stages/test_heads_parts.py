"""The arithmetic of the second stage: skull, openness, changes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.motion.keypoints import EYES, LIP, transform_keypoint
from src.motion.mesh import motion_from_meshes
from src.motion.pose import get_rotation_matrix
from src.training.stages.changes import PARTS, draw_changes
from src.training.stages.keypoint_opening import eye_openness, lip_openness, openness_of
from src.training.stages.skull import NECK, SKULL, Skull, fit_skull, mean_face_keypoints
from tests.tolerances import FLOAT32

from ..toy_faces import toy_clip, toy_mesh

ABS = FLOAT32["ratio"].abs
angles = st.tuples(*[st.floats(-30, 30)] * 3)


def a_skull(turn, scale, shift) -> Skull:
    R = get_rotation_matrix(*torch.tensor(turn)[:, None])
    return Skull(torch.tensor([[scale]]), R, torch.tensor([[*shift, 0.0]]))


@given(angles, st.floats(0.2, 1.5), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
@settings(max_examples=30, deadline=None)
def test_a_skull_is_found_again(turn, scale, shift):
    skull = a_skull(turn, scale, shift)
    face = mean_face_keypoints()[None].clone()
    x = skull.outside(face)
    x[:, list(LIP + EYES)] += 0.1  # no matter what the expression is
    found = fit_skull(x, skull.R)
    assert torch.allclose(found.scale, skull.scale, atol=ABS)
    assert torch.allclose(found.t, skull.t, atol=ABS)
    assert torch.allclose(found.inside(x)[:, list(SKULL)], face[:, list(SKULL)], atol=5 * ABS)
    assert torch.allclose(found.neck(), skull.outside(torch.tensor([[NECK]]))[:, 0], atol=ABS)


def motion(**expression):
    found = motion_from_meshes(toy_mesh(**expression)[None])
    return transform_keypoint(found), found.eye_ratio, found.lip_ratio


@pytest.mark.parametrize("shut", [0.3, 0.6, 0.9])
def test_openness_of_eyes_follows_the_mesh(shut):
    x_s, eyes, _ = motion(yaw=0.1, roll=0.2)
    x_d, expected, _ = motion(yaw=0.1, roll=0.2, shut=shut)
    closed = (expected - eyes) / eyes
    assert torch.allclose(eye_openness(x_s, x_d, eyes) - eyes, expected - eyes, atol=0.15 * eyes.max().item())
    assert closed.max() < -0.2


@pytest.mark.parametrize("opened", [0.2, 0.5, 1.0])
def test_openness_of_lips_follows_the_mesh(opened):
    x_s, _, lips = motion(roll=-0.2)
    x_d, _, expected = motion(roll=-0.2, opened=opened)
    reached = lip_openness(x_s, x_d, lips)
    assert abs(reached - expected) < 0.15 * expected
    assert abs(openness_of(x_d)[0, 2] - expected[0, 0]) < 0.15 * expected + 0.03


def groups(count: int = 6):
    """Frames of toy clips: keypoints (S, 4, 21, 3), poses and openness."""
    found = [motion_from_meshes(toy_clip(4, seed)) for seed in range(count)]
    kp = torch.stack([transform_keypoint(clip) for clip in found])
    openness = torch.stack([torch.cat([clip.eye_ratio, clip.lip_ratio], 1) for clip in found])
    return kp, torch.stack([clip.R for clip in found]), openness


@pytest.mark.parametrize("name", PARTS)
def test_changes_move_their_part_to_the_target(name):
    torch.manual_seed(0)
    part = PARTS[name]
    drawn = draw_changes(part, *groups(20))
    assert drawn.x_s.shape == (80, 21, 3) and drawn.target.shape == (80, 1) and drawn.trust.shape == (80, 1, 1)
    assert (drawn.target >= 0).all() and (drawn.trust >= 0).all() and (drawn.trust <= 1).all()
    assert not (drawn.change * (1 - part.mask)).any()
    x_d = drawn.skull.outside(drawn.skull.inside(drawn.x_s) + drawn.change)
    reached = part.opening(drawn.x_s, x_d, drawn.openness).mean(1, keepdim=True)
    sure = (drawn.trust[:, 0] == 1) & (drawn.target > 0)
    assert sure.sum() > 10
    assert (reached - drawn.target)[sure].abs().median() < 0.03


def test_some_sources_wink():
    torch.manual_seed(0)
    kp, R, openness = groups(20)
    drawn = draw_changes(PARTS["eye"], kp, R, openness)
    before = openness[..., :2].flatten(0, 1)
    assert torch.equal(drawn.openness[:, 0], before[:, 0])
    apart = lambda eyes: np.abs(np.diff(eyes.numpy())).mean()  # noqa: E731
    assert apart(drawn.openness) > 2 * apart(before)
