from pathlib import Path

import numpy as np
import pytest
import torch

from src.errors import InputError
from src.motion.measures import FaceMeasures, measure
from src.motion.mesh import (
    canonical_keypoints,
    motion_from_meshes,
    motion_of,
    motion_with_shape,
    neutral_expression,
)
from src.motion.mesh_points import keypoints, mean_face
from src.motion.motion import Motion
from src.motion.pose import degrees
from tests.tolerances import FLOAT32

GOLDEN = Path(__file__).parents[1] / "data" / "compact" / "golden.npz"
ATOL = FLOAT32["compact_motion"].abs


@pytest.fixture(scope="module")
def golden():
    return np.load(GOLDEN)


@pytest.fixture(scope="module")
def meshes(golden):
    return golden["driving_meshes"]


def positions(motion: Motion) -> torch.Tensor:
    return motion.scale[:, None] * (motion.kp @ motion.R + motion.exp) + motion.t[:, None]


def close(actual: torch.Tensor, wanted: np.ndarray) -> bool:
    return np.allclose(actual.numpy(), wanted, rtol=0, atol=ATOL)


@pytest.mark.parametrize(("name", "length"), [("source", 1), ("driving", 40)])
def test_matches_the_golden_motion(golden, name, length):
    meshes = golden["source_mesh"][None] if name == "source" else golden["driving_meshes"]
    motion = motion_from_meshes(meshes)

    assert len(motion) == length
    assert all(close(kp, golden[f"{name}_x_c"]) for kp in motion.kp)
    assert close(motion.scale[:, 0], golden[f"{name}_scale"])
    assert close(motion.R, golden[f"{name}_R"])
    assert close(motion.t, golden[f"{name}_t"])
    assert close(motion.exp, golden[f"{name}_exp"])
    assert close(torch.cat([motion.eye_ratio, motion.lip_ratio], 1), golden[f"{name}_opening"])
    assert close(positions(motion), golden[f"{name}_x"])


def test_its_rotations_have_the_golden_angles(golden, meshes):
    angles = torch.stack(degrees(motion_from_meshes(meshes).R), 1)
    np.testing.assert_allclose(angles.numpy(), golden["driving_degrees"], rtol=0, atol=ATOL)


def test_types_and_shapes(meshes):
    motion = motion_from_meshes(meshes[:3])
    shapes = {name: (tuple(value.shape), value.dtype) for name, value in vars(motion).items()}
    assert shapes == {
        "kp": ((3, 21, 3), torch.float32),
        "R": ((3, 3, 3), torch.float32),
        "exp": ((3, 21, 3), torch.float32),
        "t": ((3, 3), torch.float32),
        "scale": ((3, 1), torch.float32),
        "eye_ratio": ((3, 2), torch.float32),
        "lip_ratio": ((3, 1), torch.float32),
    }


def test_live_frames_with_the_clips_shape_equal_the_clip(meshes):
    clip = motion_from_meshes(meshes)
    live = Motion.cat([motion_with_shape(mesh[None], clip.kp[0]) for mesh in meshes])
    for name, value in vars(clip).items():
        torch.testing.assert_close(vars(live)[name], value, rtol=0, atol=1e-6)


def test_first_frame_fixes_the_shape_of_live_frames(meshes):
    first = motion_from_meshes(meshes[:1])
    later = motion_with_shape(meshes[20:21], first.kp[0])
    assert torch.equal(later.kp, first.kp)
    assert close(positions(later)[..., :2], keypoints(meshes[20:21].astype(np.float64))[..., :2])


def test_short_clips_take_their_first_frame(meshes):
    one, seven, eight = (canonical_keypoints(measure(meshes[:n])) for n in (1, 7, 8))
    assert np.array_equal(one, seven)
    assert not np.allclose(one, eight, atol=1e-4)


@pytest.mark.parametrize("step", [1, 7, 40])
def test_a_clip_measured_in_parts_is_the_clip(meshes, step):
    parts = [measure(meshes[start : start + step]) for start in range(0, 40, step)]
    assert [len(part) for part in parts[:-1]] == [step] * (len(parts) - 1)
    whole, joined = motion_from_meshes(meshes), motion_of(FaceMeasures.cat(parts))
    for name, value in vars(whole).items():
        torch.testing.assert_close(vars(joined)[name], value, rtol=0, atol=1e-6)


def test_a_collapsed_mesh_stays_finite():
    motion = motion_from_meshes(np.full((1, 478, 3), 0.3))
    assert all(bool(value.isfinite().all()) for value in vars(motion).values())


@pytest.mark.parametrize("shape", [(478, 3), (0, 478, 3), (2, 468, 3), (2, 478, 2)])
def test_rejects_other_shapes(shape):
    with pytest.raises(InputError, match=r"478, 3"):
        motion_from_meshes(np.zeros(shape))


def test_rejects_values_that_are_not_finite(meshes):
    broken = meshes.copy()
    broken[3, 7, 1] = np.nan
    with pytest.raises(InputError, match="finite"):
        motion_from_meshes(broken)


def test_rejects_a_flat_shape(meshes):
    with pytest.raises(InputError, match=r"21, 3"):
        motion_with_shape(meshes, np.zeros(63))


def test_a_picture_of_closed_lips_is_close_to_neutral():
    """Closing the mean face's own lips gives the expression that a still driver is compared with."""
    mesh = mean_face()[None].copy()
    lower, corners = [14, 87, 317, 91, 181, 321, 405], [291, 308, 306, 61, 78, 76]
    opened = mesh[0, [14, 87, 317], 1].mean() - mesh[0, [13, 82, 312], 1].mean()
    mesh[0, lower, 1] -= opened
    mesh[0, corners, 1] -= opened / 2
    neutral, exp = neutral_expression(), motion_from_meshes(mesh).exp[0]
    torch.testing.assert_close(exp, neutral, rtol=0, atol=5e-3)
    assert float(neutral[19, 1]) < -0.025
