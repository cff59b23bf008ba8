import numpy as np
import pytest
import torch

from src.errors import InputError
from src.motion.keypoints import transform_keypoint
from src.motion.motion import Motion
from src.motion.retarget import combine_ratio, eye_delta, lip_delta, retarget_lip_video, silence_lip_video
from tests.motion import goldens
from tests.tolerances import FLOAT32

RATIOS = np.load(goldens.FOLDER / "ratios.npz")


@pytest.mark.parametrize("case", goldens.cases("gradio_video_retargeting"), ids=lambda case: str(case["case"]))
def test_golden_video(case: dict) -> None:
    z, k, flags = goldens.animation(), case["case"], case["flags"]
    source = goldens.motion("src")
    if flags["silence"]:
        x_d = silence_lip_video(source, goldens.networks())
    else:
        x_d = retarget_lip_video(source, flags["lip_ratio"], goldens.networks(), flags["obs_var"])
    np.testing.assert_allclose(transform_keypoint(source), z[f"x_s_{k}"], rtol=0, atol=FLOAT32["ratio"].abs)
    np.testing.assert_allclose(x_d, z[f"x_d_{k}"], rtol=0, atol=FLOAT32["x_d"].abs)


@pytest.mark.parametrize("part", ["eye", "lip"])
def test_combine_matches_the_goldens(part: str) -> None:
    own, lists = torch.from_numpy(RATIOS[part]), torch.from_numpy(RATIOS[f"list_{part}"])
    for i, expected in enumerate(RATIOS[f"combined_{part}_from_driving"]):
        found = combine_ratio(own[(i + 1) % 8][None], lists[i][:, :1])
        np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=0, atol=FLOAT32["ratio"].abs)


def test_combine_shapes() -> None:
    eyes = torch.rand(4, 2)
    assert combine_ratio(eyes, 0.3).shape == (4, 3)
    torch.testing.assert_close(combine_ratio(eyes, 0.3)[:, 2], torch.full((4,), 0.3))
    assert combine_ratio(eyes, torch.rand(4, 1)).shape == (4, 3)
    assert combine_ratio(eyes[:, :1], torch.rand(1, 1)).shape == (4, 2)


@pytest.mark.parametrize(("delta", "name"), [(eye_delta, "eye"), (lip_delta, "lip")])
def test_unmeasured_ratios_are_named(delta, name: str) -> None:
    source = goldens.motion("src")
    bare = Motion(source.kp, source.R, source.exp, source.t, source.scale)
    with pytest.raises(InputError, match=f"{name} opening of the source"):
        delta(goldens.networks(), bare, transform_keypoint(bare), 0.2)
