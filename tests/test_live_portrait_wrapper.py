"""How a wrapper is made and configured, and its methods that need no network."""

import logging
import re

import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.config.crop_config import CropConfig
from src.config.inference_config import InferenceConfig
from src.errors import InputError, MissingFileError, WeightsError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.motion.mesh_points import opening
from tests.motion.goldens import FOLDER
from tests.tolerances import FLOAT32

MATH, RATIOS = np.load(FOLDER / "math.npz"), np.load(FOLDER / "ratios.npz")
RATIO = FLOAT32["ratio"].abs


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapper:
    return LivePortraitWrapper(model="compact", device="cpu")


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def no_official_files(monkeypatch, tmp_path):
    """The default folder holds nothing, whatever was fetched into it before."""
    monkeypatch.setattr("src.weights.resolve.default_weights_dir", lambda: tmp_path)


def warnings(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def near(actual, wanted: np.ndarray, tolerance: float = RATIO) -> None:
    np.testing.assert_allclose(np.asarray(actual), wanted, rtol=0, atol=tolerance)


# Making one ----------------------------------------------------------------------------------------------------------


def test_without_arguments_and_offline(no_gpu, no_official_files, caplog):
    wrapper = LivePortraitWrapper()
    assert wrapper.engine.name == "compact" and wrapper.device == torch.device("cpu")
    assert wrapper.inference_cfg == InferenceConfig() and wrapper.crop_cfg == CropConfig()
    (line,) = warnings(caplog)
    assert "\n" not in line and "compact model" in line and "hf download" in line


def test_compact_by_name_says_nothing(caplog):
    assert LivePortraitWrapper(model="compact").engine.name == "compact"
    assert warnings(caplog) == []


def test_unknown_model():
    with pytest.raises(InputError, match="no model 'huge'"):
        LivePortraitWrapper(model="huge")


def test_base_without_files_names_them(tmp_path):
    with pytest.raises(WeightsError) as caught:
        LivePortraitWrapper(model="base", weights_dir=tmp_path)
    for name in ("appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator", "stitching"):
        assert name in str(caught.value)
    assert "HF_HUB_OFFLINE" in str(caught.value)


@pytest.mark.parametrize("as_text", [True, False])
def test_auto_takes_official_files_that_are_there(official_weights_dir, as_text):
    folder = str(official_weights_dir) if as_text else official_weights_dir
    assert LivePortraitWrapper(weights_dir=folder).engine.name == "base"


def test_device_argument_comes_before_the_config(no_gpu):
    cfg = InferenceConfig(device="cuda")
    wrapper = LivePortraitWrapper(cfg, model="compact", device="cpu")
    assert wrapper.device == torch.device("cpu") and wrapper.inference_cfg.device == "cpu"
    assert cfg.device == "cuda"  # the caller's own config stays as it is
    with pytest.raises(InputError, match="no CUDA device"):
        LivePortraitWrapper(cfg, model="compact")


def test_devices_that_cannot_be(no_gpu):
    with pytest.raises(InputError, match="'cuda:1' was asked for"):
        LivePortraitWrapper(model="compact", device="cuda:1")
    with pytest.raises(InputError, match="unknown"):
        LivePortraitWrapper(model="compact", device="tpu")
    with pytest.raises(InputError, match="--flag_force_cpu contradicts"):
        LivePortraitWrapper(InferenceConfig(flag_force_cpu=True), model="compact", device="cuda")


def test_force_cpu():
    cfg = InferenceConfig(flag_force_cpu=True)
    assert LivePortraitWrapper(cfg, model="compact").device == torch.device("cpu")


def test_from_arguments(tmp_path):
    args = ArgumentConfig(
        model="compact", weights_dir=tmp_path, device="cpu", driving_multiplier=0.5, scale=2.5, detector="mediapipe"
    )
    wrapper = LivePortraitWrapper.from_arguments(args)
    assert wrapper.inference_cfg == InferenceConfig(device="cpu", driving_multiplier=0.5)
    assert wrapper.crop_cfg == CropConfig(scale=2.5, detector="mediapipe")
    assert wrapper.device == torch.device("cpu")


@pytest.mark.parametrize(
    ("options", "dtype"),
    [
        ({}, torch.float16),
        ({"flag_use_half_precision": False}, torch.float32),
        ({"flag_use_half_precision": False, "precision": "bfloat16"}, torch.bfloat16),
    ],
)
def test_the_precision_reaches_the_networks(official_weights_dir, monkeypatch, options, dtype):
    monkeypatch.setattr("src.live_portrait_wrapper.device_of", lambda cfg: torch.device("cuda"))
    cfg = InferenceConfig(**options)
    assert LivePortraitWrapper(cfg, model="base", weights_dir=official_weights_dir).engine._networks._dtype is dtype


def test_the_detector_is_opened_once(wrapper):
    assert wrapper.detector is wrapper.detector
    assert wrapper.detector.detect(np.zeros((64, 64, 3), np.uint8)) == []


# Options and helpers --------------------------------------------------------------------------------------------------


def test_update_config():
    cfg = InferenceConfig()
    wrapper = LivePortraitWrapper(cfg, model="compact")
    wrapper.update_config({"driving_multiplier": 1.5, "flag_stitching": False, "unknown": 1})
    assert wrapper.inference_cfg is cfg
    assert cfg == InferenceConfig(driving_multiplier=1.5, flag_stitching=False)
    assert not hasattr(cfg, "unknown")
    with pytest.raises(InputError, match="device, flag_use_half_precision cannot be changed later"):
        wrapper.update_config({"flag_use_half_precision": False, "device": "cuda"})


def test_arguments_of_another_model(wrapper):
    with pytest.raises(InputError, match="ask for the model 'base', this wrapper runs 'compact'"):
        wrapper.execute(ArgumentConfig(model="base"))


def test_mistakes_in_the_files_come_before_the_weights(tmp_path):
    with pytest.raises(MissingFileError, match=r"nope\.jpg"):
        LivePortraitWrapper.from_arguments(ArgumentConfig(source="nope.jpg", model="base", weights_dir=tmp_path))


def test_weights_dir_is_a_path_of_the_user(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="--weights_dir is empty"):
        LivePortraitWrapper(model="compact", weights_dir="")
    with pytest.raises(InputError, match="there is no folder 'nope'"):
        LivePortraitWrapper(model="auto", weights_dir="nope")
    with pytest.raises(InputError, match=r"there is no folder 'nope': name the one that holds compact/$"):
        LivePortraitWrapper(model="compact", weights_dir="nope")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WeightsError, match=re.escape(str(tmp_path / "x"))):
        LivePortraitWrapper(model="base", weights_dir="~/x")


@pytest.mark.parametrize(
    "call",
    [
        lambda w: w.retarget_eye(torch.zeros(1, 21, 3), torch.zeros(1, 2)),
        lambda w: w.retarget_lip(torch.zeros(1, 63), torch.zeros(1, 2)),
        lambda w: w.stitching(torch.zeros(1, 21, 3), torch.zeros(1, 63)),
        lambda w: w.get_kp_info(torch.zeros(1, 256, 256, 3)),
        lambda w: w.get_kp_info(torch.zeros(1, 3, 256, 256, dtype=torch.uint8)),
        lambda w: w.extract_feature_3d(torch.zeros(2, 3, 256, 256)),
        lambda w: w.parse_output(np.zeros((1, 3, 8, 8), np.float32)),
    ],
)
def test_tensors_of_another_shape(wrapper, call):
    with pytest.raises(InputError, match=r"must be a .*tensor of shape"):
        call(wrapper)


def test_inference_ctx(wrapper):
    with wrapper.inference_ctx():
        assert not torch.is_grad_enabled()
    assert torch.is_grad_enabled()


def test_execute_refuses_what_it_does_not_know(wrapper):
    with pytest.raises(TypeError, match="no option 'speed'"):
        wrapper.execute(speed=2)
    with pytest.raises(TypeError, match="fixed when the wrapper is made"):
        wrapper.execute(device="cpu")


# Pictures in and out --------------------------------------------------------------------------------------------------


def test_golden_prepare_videos(wrapper):
    frames = MATH["pv_in"]
    for form in (frames, list(frames), frames[..., None]):
        video = wrapper.prepare_videos(form)
        assert video.dtype == torch.float32
        np.testing.assert_array_equal(video, MATH["pv_out"])


def test_golden_parse_output(wrapper):
    picture = wrapper.parse_output(torch.from_numpy(MATH["po_in"]))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, MATH["po_out"])


def test_parse_output_of_a_batch(wrapper):
    pictures = torch.rand(3, 3, 4, 6)
    parsed = wrapper.parse_output(pictures)
    assert parsed.shape == (3, 4, 6, 3) and parsed.flags.c_contiguous
    np.testing.assert_array_equal(parsed[1:2], wrapper.parse_output(pictures[1:2]))


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((8, 8), np.uint8),
        np.zeros((8, 8, 4), np.uint8),
        np.zeros((8, 8, 3), np.float32),
        np.zeros((0, 8, 3), np.uint8),
        np.zeros((1, 8, 8, 3), np.uint8),
        None,
    ],
)
def test_prepare_source_refuses_other_things(wrapper, picture):
    with pytest.raises(InputError, match=r"prepare_source takes a picture \(H, W, 3\) uint8, got"):
        wrapper.prepare_source(picture)


@pytest.mark.parametrize(
    "frames",
    [
        [],
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((2, 8, 8, 4), np.uint8),
        np.zeros((2, 8, 8, 3), np.float32),
        [np.zeros((8, 8, 3), np.uint8), np.zeros((8, 9, 3), np.uint8)],
    ],
)
def test_prepare_videos_refuses_other_things(wrapper, frames):
    with pytest.raises(InputError, match=r"prepare_videos takes frames \(T, H, W, 3\) uint8"):
        wrapper.prepare_videos(frames)


# Keypoints and ratios -------------------------------------------------------------------------------------------------


def test_golden_transform(wrapper):
    info = {name: torch.from_numpy(MATH[f"tk_{name}"]) for name in ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")}
    near(wrapper.transform_keypoint(info), MATH["tk_out"])


def test_pose_dct(wrapper):
    names = ("pitch", "yaw", "roll")
    raw = wrapper.get_pose_dct({name: torch.from_numpy(MATH[f"raw_{name}"]) for name in names})
    refined = wrapper.get_pose_dct({name: torch.from_numpy(MATH[f"ref_{name}"]) for name in names})
    for pose in (raw, refined):
        assert list(pose) == list(names) and all(type(value) is float for value in pose.values())
        near([pose[name] for name in names], np.concatenate([MATH[f"ref_{name}"][0] for name in names]))


def test_golden_ratios(wrapper):
    eyes, lips = wrapper.calc_ratio(list(RATIOS["lmk"]))
    assert all(eye.shape == (1, 2) for eye in eyes) and all(lip.shape == (1, 1) for lip in lips)
    near(np.stack(eyes), RATIOS["list_eye"])
    near(np.stack(lips), RATIOS["list_lip"])


def test_golden_combined_ratios(wrapper):
    points, eyes, lips = RATIOS["lmk"], RATIOS["list_eye"], RATIOS["list_lip"]
    for i in range(8):
        target, other = float(RATIOS["target"][i, 0]), points[(i + 1) % 8]
        near(wrapper.calc_combined_eye_ratio(eyes[i], other), RATIOS["combined_eye_from_driving"][i])
        near(wrapper.calc_combined_lip_ratio(lips[i], other), RATIOS["combined_lip_from_driving"][i])
        near(wrapper.calc_combined_eye_ratio(target, points[i]), RATIOS["combined_eye_scalar"][i])
        near(wrapper.calc_combined_lip_ratio(target, points[i]), RATIOS["combined_lip_scalar"][i])
        near(wrapper.calc_combined_lip_ratio(0.0, points[i]), RATIOS["combined_lip_zero"][i])
    assert wrapper.calc_combined_eye_ratio(0.3, points[0]).dtype == torch.float32


def test_ratios_of_the_mesh(wrapper):
    with np.load(FOLDER.parents[1] / "compact" / "golden.npz") as file:
        mesh = file["source_mesh"]
        ((eyes,), (lips,)) = wrapper.calc_ratio([mesh])
        near(np.concatenate([eyes, lips], 1), file["source_opening"])
    near(wrapper.calc_combined_eye_ratio(0.1, mesh), [[*opening(mesh)[:2], 0.1]])
    near(wrapper.calc_combined_lip_ratio(0.1, mesh), [[opening(mesh)[2], 0.1]])


def test_ratios_of_points_without_lids(wrapper):
    with pytest.raises(InputError, match="203 landmarks or the mesh"):
        wrapper.calc_ratio([np.zeros((5, 2), np.float32)])
