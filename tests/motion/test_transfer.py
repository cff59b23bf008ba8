"""Properties of the transfer that hold whatever the numbers."""

from dataclasses import replace
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError
from src.motion.keypoints import EYES, LIP, LIP_ARRAY, transform_keypoint
from src.motion.motion import Motion
from src.motion.transfer import Transfer
from src.motion.transfer_options import TransferOptions
from tests.motion import goldens
from tests.motion.linear_networks import LinearNetworks

NETWORKS = LinearNetworks.random()
SOURCE, DRIVING = goldens.motion("src")[:4], goldens.motion("drv")
PLAIN = TransferOptions(flag_stitching=False)

options = st.builds(
    TransferOptions,
    flag_relative_motion=st.booleans(),
    animation_region=st.sampled_from(["exp", "pose", "lip", "eyes", "all"]),
    driving_option=st.sampled_from(["expression-friendly", "pose-friendly"]),
    driving_multiplier=st.floats(-1, 3),
    flag_stitching=st.booleans(),
    flag_eye_retargeting=st.booleans(),
    flag_lip_retargeting=st.booleans(),
    flag_normalize_lip=st.booleans(),
    flag_source_video_eye_retargeting=st.booleans(),
    eyes_retargeting_ratio=st.floats(0, 2),
    lip_retargeting_ratio=st.floats(0, 2),
    driving_smooth_observation_variance=st.floats(1e-11, 1e-2),
    retargeting_mode=st.sampled_from(["official", "additive"]),
    driving_eye=st.sampled_from(["left", "mean"]),
    expression_scale=st.sampled_from(["official", "true"]),
)


def _frames(motion: Motion) -> list[torch.Tensor]:
    return [motion.kp, motion.R, motion.exp, motion.t, motion.scale, motion.eye_ratio, motion.lip_ratio]


def _picture(choice: TransferOptions, driving: Motion = DRIVING, **kwargs) -> torch.Tensor:
    """x_d of all driving frames on the first source frame."""
    return Transfer(choice, SOURCE[0], driving[0], networks=NETWORKS, **kwargs).x_d(driving, SOURCE[0])


@settings(deadline=None, max_examples=80)
@given(options, st.booleans(), st.booleans())
def test_any_combination(choice: TransferOptions, source_is_video: bool, driving_is_video: bool) -> None:
    source = SOURCE if source_is_video else SOURCE[0]
    driving = DRIVING if driving_is_video else DRIVING[0]
    before = [value.clone() for value in _frames(source) + _frames(driving)]
    transfer = Transfer(
        choice,
        source,
        driving,
        source_is_video=source_is_video,
        driving_is_video=driving_is_video,
        networks=NETWORKS,
    )
    whole = transfer.x_d(driving, source)
    n = max(len(source), len(driving))
    assert whole.shape == (n, 21, 3) and bool(whole.isfinite().all())
    assert all(torch.equal(a, b) for a, b in zip(before, _frames(source) + _frames(driving), strict=True))

    one_by_one = []
    for i in range(n):
        d, s = driving[min(i, len(driving) - 1)], source[min(i, len(source) - 1)]
        one_by_one.append(transfer.x_d(d, s, start=i))
    torch.testing.assert_close(torch.cat(one_by_one), whole, rtol=0, atol=2e-5)


@given(
    st.sampled_from(["exp", "pose", "lip", "eyes", "all"]), st.sampled_from(["expression-friendly", "pose-friendly"])
)
def test_relative_motion_starts_at_the_source(region: str, driving_option: str) -> None:
    x_d = _picture(replace(PLAIN, animation_region=region, driving_option=driving_option))
    torch.testing.assert_close(x_d[:1], transform_keypoint(SOURCE[0]), rtol=0, atol=1e-5)
    assert (x_d[1:] - x_d[:1]).abs().max() > 1e-3


@settings(deadline=None)
@given(options)
def test_multiplier_zero_is_the_source(choice: TransferOptions) -> None:
    x_d = _picture(replace(choice, driving_multiplier=0.0))
    torch.testing.assert_close(x_d, transform_keypoint(SOURCE[0]).expand_as(x_d), rtol=0, atol=1e-6)


def test_strength_zero_keeps_the_region_and_one_is_official() -> None:
    exp_only = replace(PLAIN, animation_region="exp", driving_option="pose-friendly")
    full = _picture(exp_only)
    x_s = transform_keypoint(SOURCE[0])
    for name, region in (("eyes_retargeting_ratio", EYES), ("lip_retargeting_ratio", LIP)):
        still = _picture(replace(exp_only, **{name: 0.0}))
        others = [k for k in range(21) if k not in region]
        torch.testing.assert_close(still[:, region], x_s[:, region].expand(4, -1, -1), rtol=0, atol=1e-6)
        assert torch.equal(still[:, others], full[:, others])
        assert torch.equal(_picture(replace(exp_only, **{name: 1.0})), full)
        half = _picture(replace(exp_only, **{name: 0.5}))
        torch.testing.assert_close(half[:, region], (full + x_s)[:, region] / 2, rtol=0, atol=1e-6)


def test_strength_scales_the_retargeting() -> None:
    flags = replace(PLAIN, flag_eye_retargeting=True, flag_lip_retargeting=True)
    x_s = transform_keypoint(SOURCE[0])
    none = _picture(replace(flags, eyes_retargeting_ratio=0.0, lip_retargeting_ratio=0.0))
    torch.testing.assert_close(none, x_s.expand(4, -1, -1), rtol=0, atol=1e-6)
    eyes = _picture(replace(flags, lip_retargeting_ratio=0.0)) - x_s
    lips = _picture(replace(flags, eyes_retargeting_ratio=0.0)) - x_s
    torch.testing.assert_close(_picture(flags) - x_s, eyes + lips, rtol=0, atol=1e-6)


def test_additive_retargeting_keeps_the_driven_motion() -> None:
    flags = replace(PLAIN, flag_eye_retargeting=True)
    delta = _picture(flags) - transform_keypoint(SOURCE[0])
    additive = _picture(replace(flags, retargeting_mode="additive"))
    torch.testing.assert_close(additive, _picture(PLAIN) + delta, rtol=0, atol=1e-5)


def test_mean_of_both_eyes() -> None:
    flags = replace(PLAIN, flag_eye_retargeting=True, driving_eye="mean")
    mean = DRIVING.eye_ratio.mean(dim=1, keepdim=True).expand(-1, 2)
    torch.testing.assert_close(_picture(flags), _picture(replace(flags, driving_eye="left"), _with(eye_ratio=mean)))
    assert not torch.equal(_picture(flags), _picture(replace(flags, driving_eye="left")))


def test_true_expression_scale_compares_with_the_driver() -> None:
    twice = _with(scale=DRIVING.scale * 2)
    base = _picture(replace(PLAIN, expression_scale="true"))
    x_s = transform_keypoint(SOURCE[0])
    shrunk = _picture(replace(PLAIN, expression_scale="true", animation_region="exp"), twice) - x_s
    plain = _picture(replace(PLAIN, expression_scale="true", animation_region="exp")) - x_s
    torch.testing.assert_close(shrunk, plain / 8**0.5, rtol=0, atol=1e-5)
    assert not torch.allclose(base, _picture(PLAIN), atol=1e-3)


def test_expression_scale_is_official_by_default_and_changes_nothing() -> None:
    friendly, plain = _picture(PLAIN), _picture(replace(PLAIN, driving_option="pose-friendly"))
    torch.testing.assert_close(friendly, plain, rtol=0, atol=1e-5)


def test_template_without_kp_cannot_give_the_true_scale() -> None:
    unknown = _with(kp=torch.full_like(DRIVING.kp, torch.nan))
    assert torch.equal(_picture(PLAIN, unknown), _picture(PLAIN))
    with pytest.raises(InputError, match="canonical"):
        _picture(replace(PLAIN, expression_scale="true"), unknown)


def test_neutral_expression_is_the_base_of_a_still_driver() -> None:
    lips = replace(PLAIN, animation_region="lip")
    zero = Transfer(lips, SOURCE[0], DRIVING[0], driving_is_video=False, neutral=torch.zeros(21, 3))
    official = Transfer(lips, SOURCE[0], DRIVING[0], driving_is_video=False)
    difference = (zero.x_d(DRIVING[0], SOURCE[0]) - official.x_d(DRIVING[0], SOURCE[0])) / SOURCE.scale[0]
    expected = torch.zeros(21, 3)
    expected[list(LIP)] = LIP_ARRAY[list(LIP)].float()
    torch.testing.assert_close(difference[0], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("flag", "field"), [*product(["eye", "lip"], ["driving", "source"])])
def test_missing_ratios_are_reported_before_the_work(flag: str, field: str) -> None:
    bare = {f"{flag}_ratio": None}
    source = replace(SOURCE[0], **bare) if field == "source" else SOURCE[0]
    driving = replace(DRIVING, **bare) if field == "driving" else DRIVING
    choice = TransferOptions(**{f"flag_{flag}_retargeting": True})
    with pytest.raises(InputError, match="source" if field == "source" else "driver"):
        Transfer(choice, source, driving, networks=NETWORKS)
    Transfer(TransferOptions(), source, driving, networks=NETWORKS)  # not needed, not missed


def test_without_networks() -> None:
    x_d = Transfer(TransferOptions(), SOURCE[0], DRIVING).x_d(DRIVING, SOURCE[0])
    assert torch.equal(x_d, _picture(PLAIN))
    for flag in ("flag_eye_retargeting", "flag_lip_retargeting", "flag_normalize_lip"):
        with pytest.raises(InputError, match="not loaded"):
            Transfer(TransferOptions(**{flag: True}), SOURCE[0], DRIVING)


def test_one_frame_source_video() -> None:
    transfer = Transfer(TransferOptions(), SOURCE[0], DRIVING[0], source_is_video=True, networks=NETWORKS)
    assert transfer.x_d(DRIVING[0], SOURCE[0]).shape == (1, 21, 3)


def test_wrong_lengths() -> None:
    with pytest.raises(InputError, match="4 and 3 frames"):
        Transfer(PLAIN, SOURCE, DRIVING[:3], source_is_video=True)
    with pytest.raises(InputError, match="one frame"):
        Transfer(PLAIN, SOURCE, DRIVING)
    with pytest.raises(InputError, match="picture"):
        Transfer(PLAIN, SOURCE, DRIVING, source_is_video=True, animal=True)
    with pytest.raises(InputError, match=r"2\.\.5"):
        Transfer(PLAIN, SOURCE, DRIVING, source_is_video=True).x_d(DRIVING, SOURCE, start=2)


def _with(**changes: torch.Tensor) -> Motion:
    return replace(DRIVING, **changes)
