"""The portrait editor against its goldens."""

import numpy as np
import pytest
import torch

from src.errors import InputError
from src.motion.keypoints import transform_keypoint
from src.motion.sliders import SLIDERS, edit_portrait, slider_delta
from tests.motion import goldens
from tests.tolerances import FLOAT32

SLIDER_GOLDENS = [
    key.removesuffix("_value") for key in goldens.animation() if key.startswith("slider_") and key.endswith("_value")
]


@pytest.mark.parametrize("key", SLIDER_GOLDENS)
def test_slider_golden(key: str) -> None:
    values = goldens.animation()[f"{key}_value"].tolist()
    name = key.removeprefix("slider_").rsplit("_", 1)[0]
    if name == "eyeball_direction":
        settings = dict(zip(("eyeball_direction_x", "eyeball_direction_y"), values, strict=True))
    else:
        settings = {name: -values[0] if name == "mov_x" else values[0]}  # stored as minus the slider
    expected = goldens.animation()[f"{key}_delta"].reshape(21, 3)
    np.testing.assert_allclose(slider_delta(settings), expected, rtol=0, atol=FLOAT32["ratio"].abs)
    assert np.abs(expected).max() > 1e-3


@pytest.mark.parametrize("case", goldens.cases("gradio_image_retargeting"), ids=lambda case: str(case["case"]))
def test_golden_edit(case: dict) -> None:
    z, k = goldens.animation(), case["case"]
    source, flags = goldens.motion("src")[0], case["flags"]
    x_d = edit_portrait(
        source,
        {name: value for name, value in flags.items() if name in SLIDERS},
        goldens.networks(),
        eye_target=flags.get("input_eye_ratio"),
        lip_target=flags.get("input_lip_ratio"),
        flag_stitching=flags["flag_stitching"],
    )
    np.testing.assert_allclose(transform_keypoint(source), z[f"x_s_{k}"], rtol=0, atol=FLOAT32["ratio"].abs)
    np.testing.assert_allclose(x_d, z[f"x_d_{k}"], rtol=0, atol=FLOAT32["x_d"].abs)


def test_defaults_change_nothing() -> None:
    assert not slider_delta({name: slider.default for name, slider in SLIDERS.items()}).any()
    assert all(slider.low <= slider.default <= slider.high for slider in SLIDERS.values())


def test_initial_ratios_are_the_portraits_own() -> None:
    source = goldens.motion("src")[0]
    initial = [round(source.eye_ratio.mean().item(), 2), round(source.lip_ratio.item(), 2)]
    assert initial == goldens.animation()["gr_init"].tolist()


@pytest.mark.parametrize("values", [{"grimace": 1.0}, {"smile": float("nan")}])
def test_bad_sliders_are_named(values: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(values))):
        slider_delta(values)


def test_the_source_is_not_changed() -> None:
    source = goldens.motion("src")[0]
    before = source.exp.clone(), source.t.clone(), source.R.clone()
    edit_portrait(source, {"smile": 1.0, "mov_z": 1.1}, goldens.networks(), eye_target=0.3)
    assert all(torch.equal(a, b) for a, b in zip(before, (source.exp, source.t, source.R), strict=True))
