"""The shipped weights through the wrapper: golden numbers, sizes, batches."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from src.engine import checkpoints
from src.engine.engine import SourceFeatures
from src.errors import InputError, NoFaceError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.motion.pose import degrees
from tests.motion.goldens import FOLDER
from tests.tolerances import FLOAT32

EXAMPLES = Path(__file__).parents[1] / "assets/examples/source"
NETWORK, PICTURE = FLOAT32["compact_network"].abs, FLOAT32["compact_picture"].abs


@pytest.fixture(scope="module")
def golden() -> dict[str, np.ndarray]:
    with np.load(FOLDER.parents[1] / "compact" / "golden.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapper:
    return LivePortraitWrapper(model="compact", device="cpu")


@pytest.fixture(scope="module")
def features(wrapper, golden) -> SourceFeatures:
    return wrapper.extract_feature_3d(wrapper.prepare_source(golden["source"]))


@pytest.fixture(scope="module")
def x_s(golden) -> torch.Tensor:
    return torch.from_numpy(golden["x_s"])


@pytest.fixture(scope="module")
def x_d(golden) -> torch.Tensor:
    return torch.from_numpy(golden["x_d"])


def near(actual: torch.Tensor, wanted: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(actual.numpy(), wanted, rtol=0, atol=tolerance)


def test_golden_features(features, golden):
    near(features.volume, golden["feature_3d"], NETWORK)


def test_golden_pictures(wrapper, features, golden, x_s, x_d):
    """One source with several drivers at once, and one by one."""
    result = wrapper.warp_decode(features, x_s, x_d)
    near(result["flow"], golden["flow"], NETWORK)
    near(result["out"][..., ::8, ::8], golden["picture_512"].clip(0, 1), PICTURE)
    parsed = wrapper.parse_output(result["out"])
    assert parsed.shape == (5, 512, 512, 3)
    near(
        torch.from_numpy(parsed[:, ::8, ::8] / 255.0),
        golden["picture_512"].clip(0, 1).transpose(0, 2, 3, 1),
        1 / 255 + PICTURE,
    )
    single = wrapper.warp_decode(features, x_s, x_d[3:4])
    torch.testing.assert_close(single["out"], result["out"][3:4], rtol=0, atol=2e-5)


def test_golden_heads(wrapper, golden, x_s, x_d):
    near(wrapper.stitch(x_s, x_d[-1:]), golden["stitching"], NETWORK)
    for name, retarget in (("eye", wrapper.retarget_eye), ("lip", wrapper.retarget_lip)):
        delta = retarget(x_s, torch.from_numpy(golden[f"{name}_ratio"]))
        near(delta.flatten(1), golden[f"{name}_delta"], NETWORK)


def test_kp_info_of_the_source(wrapper, golden):
    """The mesh of the crop alone is not quite the tracker's: half a degree and 0.01 of the crop were measured."""
    source = wrapper.prepare_source(golden["source"])
    info = wrapper.get_kp_info(source)
    expected = [float(angle) for angle in degrees(torch.from_numpy(golden["source_R"]))]
    pose = wrapper.get_pose_dct(info)
    np.testing.assert_allclose(list(pose.values()), expected, rtol=0, atol=1.0)
    near(wrapper.transform_keypoint(info)[..., :2], golden["source_x"][..., :2], 0.02)


def test_first_driving_frame(wrapper, golden):
    source = wrapper.prepare_source(golden["source"])
    frames = wrapper.prepare_videos([cv2.resize(golden["source"], (256, 256), interpolation=cv2.INTER_AREA)])
    info_s, R_s, features, info_d, R_d = wrapper.get_fs_and_kp_info(source, frames[0])
    assert isinstance(features, SourceFeatures)
    torch.testing.assert_close(R_s, R_d, rtol=0, atol=0.01)
    torch.testing.assert_close(info_s["kp"], info_d["kp"], rtol=0, atol=0.02)


@pytest.mark.parametrize("size", [(256, 256), (512, 512), (333, 333), (640, 480), (70, 90)])
def test_any_crop_gives_512(wrapper, golden, x_s, x_d, size):
    crop = cv2.resize(golden["source"], size, interpolation=cv2.INTER_AREA)
    features = wrapper.extract_feature_3d(wrapper.prepare_source(crop))
    out = wrapper.warp_decode(features, x_s, x_d[:2])["out"]
    assert out.shape == (2, 3, 512, 512) and bool(out.isfinite().all())
    assert wrapper.parse_output(out).shape == (2, 512, 512, 3)


def test_a_picture_without_a_face(wrapper):
    empty = wrapper.prepare_source(np.full((512, 512, 3), 90, np.uint8))
    with pytest.raises(NoFaceError, match="no face found"):
        wrapper.get_kp_info(empty)


def test_a_bare_volume_is_not_enough(wrapper, features, x_s, x_d):
    with pytest.raises(InputError, match="another model"):
        wrapper.warp_decode(features.volume, x_s, x_d)


@pytest.mark.parametrize(
    ("source", "options", "told"),
    [("s10", {}, True), ("s10", {"animation_region": "exp"}, False), ("s9", {}, False)],
)
def test_a_source_that_looks_aside_is_told_of(wrapper, tmp_path, caplog, source, options, told):
    driving, output = EXAMPLES / "s0.jpg", tmp_path / "result.jpg"
    wrapper.execute(source=EXAMPLES / f"{source}.jpg", driving=driving, output=output, concat=False, **options)
    assert ("turned by 33 degrees" in caplog.text) is told
    caplog.clear()
    wrapper.set_source(EXAMPLES / f"{source}.jpg", **options)
    assert ("turned by 33 degrees" in caplog.text) is told


def test_networks_are_read_when_first_used(monkeypatch, golden, x_s, x_d):
    names: list[str] = []
    read_state = checkpoints.read_state
    monkeypatch.setattr(checkpoints, "read_state", lambda path: names.append(path.stem) or read_state(path))
    wrapper = LivePortraitWrapper(model="compact", device="cpu")
    source = wrapper.prepare_source(golden["source"])
    wrapper.get_kp_info(source)
    assert names == []  # motion comes from the mesh
    for _ in range(2):
        features = wrapper.extract_feature_3d(source)
    assert names == ["appearance_feature_extractor"]
    for _ in range(2):
        wrapper.warp_decode(features, x_s, x_d[:1])
    assert names[1:] == ["warping_module", "spade_generator"]
    wrapper.stitching(x_s, x_d)
    assert names[3:] == ["stitching_retargeting"]
