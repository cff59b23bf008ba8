import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.training.losses.landmarks import landmark_guided_loss, wing

sizes = st.floats(0.01, 20)


def test_wing_by_hand():
    result = torch.tensor([0.0, 1.0, -4.0, 10.0, 25.0])
    offset = 10 - 10 * math.log(6)
    expected = [0, 10 * math.log(1.5), 10 * math.log(3), 10 - offset, 25 - offset]
    torch.testing.assert_close(wing(result, torch.zeros(5), 10, 2), torch.tensor(expected))


@settings(deadline=None, max_examples=30)
@given(sizes, sizes)
def test_wing_is_continuous_where_it_turns_straight(width: float, curvature: float):
    around = torch.tensor([width * (1 - 1e-9), width * (1 + 1e-9)], dtype=torch.float64)
    below, above = wing(around, torch.zeros_like(around), width, curvature)
    assert above.item() == pytest.approx(below.item(), rel=0, abs=3e-9 * width)  # no slope is above 1


@settings(deadline=None, max_examples=30)
@given(st.floats(0.1, 10), st.floats(0.1, 10), st.floats(0.5, 3))
def test_wing_scales_with_its_unit(width: float, curvature: float, unit: float):
    x = torch.linspace(-5, 5, 21, dtype=torch.float64)
    zero = torch.zeros_like(x)
    scaled = wing(x * unit, zero, width * unit, curvature * unit)
    torch.testing.assert_close(scaled, unit * wing(x, zero, width, curvature))


def test_only_x_and_y_of_the_guided_keypoints_count():
    keypoints = torch.randn(2, 6, 3)
    landmarks = torch.stack([keypoints[:, 4, :2], keypoints[:, 1, :2]], 1)
    assert landmark_guided_loss(keypoints, landmarks, (4, 1)) == 0
    assert landmark_guided_loss(keypoints, landmarks, (1, 4)) > 0
    changed = keypoints.clone()
    changed[..., 2] += 1
    changed[:, [0, 2, 3, 5]] += 1
    assert landmark_guided_loss(changed, landmarks, (4, 1)) == 0


def test_guided_by_hand():
    keypoints = torch.zeros(1, 3, 3)
    landmarks = torch.tensor([[[0.01, 0.0], [0.0, 0.5]]])
    w, e = 10 / 128, 2 / 128
    expected = (w * math.log(1 + 0.01 / e) + 0.5 - (w - w * math.log(1 + w / e))) / 2
    assert landmark_guided_loss(keypoints, landmarks, (0, 2)).item() == pytest.approx(expected, rel=1e-5)


def test_gradients():
    keypoints = torch.randn(1, 5, 3, dtype=torch.float64, requires_grad=True)
    landmarks = torch.randn(1, 2, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda k: landmark_guided_loss(k, landmarks, (3, 0)), keypoints)
    met = landmarks.float().requires_grad_()
    wing(met, met.detach()).sum().backward()
    assert met.grad is not None and met.grad.isfinite().all()


def test_wrong_inputs_are_refused():
    keypoints = torch.zeros(1, 5, 3)
    with pytest.raises(InputError, match=r"2 landmarks guide as many of 5 keypoints, got \[1\]"):
        landmark_guided_loss(keypoints, torch.zeros(1, 2, 2), (1,))
    with pytest.raises(InputError, match=r"got \[5\]"):
        landmark_guided_loss(keypoints, torch.zeros(1, 1, 2), (5,))
    with pytest.raises(InputError, match="positive width"):
        wing(keypoints, keypoints, width=0)
