"""Official files in the official layout, through the wrapper, against the golden numbers."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from src.engine import checkpoints
from src.errors import WeightsError
from src.live_portrait_wrapper import LivePortraitWrapper
from src.motion.pose import get_rotation_matrix
from tests.motion.goldens import FOLDER
from tests.parity import check
from tests.parity.weights import STITCHING, official_state
from tests.tolerances import FLOAT32, UINT8

HEADS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")
MATH = np.load(FOLDER / "math.npz")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wrapper(official_weights_dir) -> LivePortraitWrapper:
    return LivePortraitWrapper(model="base", weights_dir=official_weights_dir, device="cpu")


@pytest.fixture
def files_read(monkeypatch) -> list[str]:
    """Names of the weight files in the order in which they are read."""
    names: list[str] = []
    read_state = checkpoints.read_state
    monkeypatch.setattr(checkpoints, "read_state", lambda path: names.append(path.name) or read_state(path))
    return names


# Numbers --------------------------------------------------------------------------------------------------------------


def test_golden_prepare_source(wrapper):
    picture = (check.example("image_u8", 256, 256, 3) * 256).to(torch.uint8).numpy()
    check.assert_golden(check.load("geometry"), "prepared_source", wrapper.prepare_source(picture), "geometry")


def test_golden_prepare_source_of_another_size(wrapper):
    prepared = wrapper.prepare_source(MATH["ps_img"])
    assert prepared.shape == (1, 3, 256, 256)
    levels = np.abs(prepared[:, :, ::8, ::8].numpy() - MATH["ps_out_sub"]) * 255
    assert levels.max() <= UINT8["plain_max"] + 1e-3


def test_golden_parse_output(wrapper):
    npz = check.load("geometry")
    parsed = wrapper.parse_output(check.example("image_out", 1, 3, 8, 8) * 1.2 - 0.1)
    difference = np.abs(parsed.astype(int) - npz["parsed_output.sub0"].astype(int))
    assert difference.max() <= 1 and (difference > 0).mean() <= 0.01


def test_golden_rotation_and_keypoints_of_the_geometry(wrapper):
    npz = check.load("geometry")
    info = {name: check.example(f"degree_{name[0]}", 4, 1) for name in ("pitch", "yaw", "roll")}
    info |= {"kp": check.example("kp_c", 4, 21, 3), "exp": check.example("exp", 4, 21, 3)}
    info |= {"t": check.example("t", 4, 3), "scale": check.example("scale", 4, 1)}
    check.assert_golden(npz, "transformed_kp", wrapper.transform_keypoint(info), "geometry")
    info |= {name: check.example(f"bins_{name[0]}", 4, 66) for name in ("pitch", "yaw", "roll")}
    info |= {"kp": info["kp"].flatten(1), "exp": info["exp"].flatten(1)}
    check.assert_golden(npz, "transformed_kp_bins", wrapper.transform_keypoint(info), "geometry")


def test_golden_features(wrapper):
    volume = wrapper.extract_feature_3d(check.example("image_F", 1, 3, 256, 256))
    check.assert_golden(check.load("appearance_feature_extractor"), "feature_3d", volume, "F")


def test_golden_kp_info(wrapper):
    npz, pictures = check.load("motion_extractor"), check.example("image_M", 2, 3, 256, 256)
    raw, refined = wrapper.get_kp_info(pictures, flag_refine_info=False), wrapper.get_kp_info(pictures)
    for name in HEADS:
        check.assert_golden(npz, name, raw[name], "M")
        check.assert_golden(npz, f"refined_{name}", refined[name], "M")
    for info in (raw, refined):
        check.assert_golden(npz, "transformed_kp", wrapper.transform_keypoint(info), "M")
    pose = wrapper.get_pose_dct({name: value[1:] for name, value in refined.items()})
    assert pose["yaw"] == refined["yaw"][1].item()


def test_golden_stitching_and_retargeting(wrapper):
    npz = check.load("stitching_retargeting_module")
    source, driving = check.example("kp_source", 3, 21, 3), check.example("kp_driving", 3, 21, 3)
    before = driving.clone()
    check.assert_golden(npz, "stitch_delta", wrapper.stitch(source, driving), "SR")
    check.assert_golden(npz, "stitched_kp", wrapper.stitching(source, driving), "SR")
    assert torch.equal(driving, before)
    check.assert_golden(npz, "eye_delta", wrapper.retarget_eye(source, check.example("ratio_eye", 3, 3)), "SR")
    check.assert_golden(npz, "lip_delta", wrapper.retarget_lip(source, check.example("ratio_lip", 3, 2)), "SR")


@pytest.fixture(scope="module")
def composed(wrapper) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Volume, source keypoints, and driving keypoints of the small motion a and the large motion b."""
    volume = wrapper.extract_feature_3d(check.example("image_compose", 1, 3, 256, 256))
    source = check.example("kp_src_c", 1, 21, 3)
    driving = torch.cat([source + check.example("exp_a", 1, 21, 3), check.example("kp_drv_b", 1, 21, 3)])
    return volume, source, driving


def assert_golden_frame(case: str, result: dict[str, torch.Tensor]) -> None:
    npz = check.load("warp_decode")
    check.assert_golden(npz, f"{case}_image", result["out"], "warp_decode")
    check.assert_golden(npz, f"{case}_deformation", result["deformation"], "warp_decode")
    check.assert_golden(npz, f"{case}_occlusion_map", result["occlusion_map"], "warp_decode")


@pytest.mark.slow
def test_golden_warp_decode_as_a_batch(wrapper, composed):
    check.assert_golden(check.load("warp_decode"), "feature_3d", composed[0], "warp_decode")
    both = wrapper.warp_decode(*composed)
    for i, case in enumerate("ab"):
        assert_golden_frame(case, {name: value[i : i + 1] for name, value in both.items()})


@pytest.mark.slow
def test_golden_warp_decode_one_by_one(wrapper, composed):
    volume, source, driving = composed
    for i, case in enumerate("ab"):
        assert_golden_frame(case, wrapper.warp_decode(volume, source, driving[i : i + 1]))


def test_first_driving_frame(wrapper):
    source, driving = check.example("image_M", 2, 3, 256, 256).split(1)
    info_s, R_s, volume, info_d, R_d = wrapper.get_fs_and_kp_info(source, driving)
    assert volume.shape == (1, 32, 16, 64, 64)
    npz = check.load("motion_extractor")
    for info, R, row in ((info_s, R_s, 0), (info_d, R_d, 1)):
        expected = npz["refined_kp.sub0"][row : row + 1]
        np.testing.assert_allclose(info["kp"], expected, rtol=0, atol=FLOAT32["M"].rel * np.abs(expected).max())
        assert torch.equal(R, get_rotation_matrix(info["pitch"], info["yaw"], info["roll"]))


# Files ----------------------------------------------------------------------------------------------------------------


def test_networks_are_read_when_first_used(official_weights_dir, files_read):
    wrapper = LivePortraitWrapper(model="base", weights_dir=official_weights_dir, device="cpu")
    wrapper.prepare_source(np.zeros((8, 8, 3), np.uint8))
    assert files_read == []
    for _ in range(2):
        wrapper.retarget_lip(torch.zeros(1, 21, 3), torch.zeros(1, 2))
    assert files_read == [f"{STITCHING}.pth"]
    wrapper.extract_feature_3d(torch.zeros(1, 3, 64, 64))
    assert files_read[1:] == ["appearance_feature_extractor.pth"]


def test_making_a_template_reads_m_alone_and_opening_one_reads_nothing(official_weights_dir, files_read, tmp_path):
    wrapper = LivePortraitWrapper(model="base", weights_dir=official_weights_dir, device="cpu")
    driving = ROOT / "assets" / "examples" / "source" / "s9.jpg"
    made = wrapper.execute(driving_video=driving, save_motion_template=tmp_path / "still.safetensors")
    assert made.n_frames == 1 and files_read == ["motion_extractor.pth"]
    fresh = LivePortraitWrapper(model="base", weights_dir=official_weights_dir, device="cpu")
    fresh.execute(driving_video=made.template, save_motion_template=tmp_path / "copy.pkl")
    assert files_read == ["motion_extractor.pth"]


def warp_decode(wrapper: LivePortraitWrapper) -> None:
    keypoints = torch.zeros(1, 21, 3)
    wrapper.warp_decode(torch.zeros(1, 32, 16, 32, 32), keypoints, keypoints)  # smaller than in earnest, for speed


USES = {
    "appearance_feature_extractor": lambda wrapper: wrapper.extract_feature_3d(torch.zeros(1, 3, 64, 64)),
    "motion_extractor": lambda wrapper: wrapper.get_kp_info(torch.zeros(1, 3, 64, 64)),
    "warping_module": warp_decode,
    "spade_generator": warp_decode,
    STITCHING: lambda wrapper: wrapper.stitch(torch.zeros(1, 21, 3), torch.zeros(1, 21, 3)),
}


def wrapper_with(content: bytes, name: str, official: Path, folder: Path) -> LivePortraitWrapper:
    """A wrapper on links to the good files, but for one."""
    for good in official.rglob("*.pth"):
        path = folder / good.relative_to(official)
        path.parent.mkdir(parents=True, exist_ok=True)
        if good.stem == name:
            path.write_bytes(content)
        else:
            path.symlink_to(good)
    return LivePortraitWrapper(model="base", weights_dir=folder, device="cpu")


def saved(state: dict) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("kept", [0, 1000, 100_000])
def test_truncated_files_are_named_when_first_used(official_weights_dir, tmp_path, name, kept):
    with next(official_weights_dir.rglob(f"{name}.pth")).open("rb") as file:
        wrapper = wrapper_with(file.read(kept), name, official_weights_dir, tmp_path)
    with pytest.raises(WeightsError, match=rf"{name}\.pth' is (empty|truncated or damaged)"):
        USES[name](wrapper)


@pytest.mark.parametrize("name", USES)
def test_files_of_another_network_are_named_when_first_used(official_weights_dir, tmp_path, name):
    other = saved(official_state(STITCHING)["retarget_eye"])
    wrapper = wrapper_with(other, name, official_weights_dir, tmp_path)
    with pytest.raises(WeightsError, match=rf"{name}\.pth(:| does not fit)"):
        USES[name](wrapper)


def test_files_of_another_shape_are_named_with_the_key(official_weights_dir, tmp_path):
    state = official_state("appearance_feature_extractor")
    state["first.conv.weight"] = state["first.conv.weight"][:, :2]
    wrapper = wrapper_with(saved(state), "appearance_feature_extractor", official_weights_dir, tmp_path)
    with pytest.raises(WeightsError, match=r"extractor\.pth does not fit.*first\.conv\.weight \(64, 2, 3, 3\)"):
        wrapper.extract_feature_3d(torch.zeros(1, 3, 64, 64))


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_code_in_a_file_is_not_run(official_weights_dir, tmp_path):
    content = saved({"first.conv.weight": Bomb(tmp_path / "exploded")})
    wrapper = wrapper_with(content, "appearance_feature_extractor", official_weights_dir, tmp_path)
    with pytest.raises(WeightsError, match=r"appearance_feature_extractor\.pth' holds more than tensors \(.*mkdir\)"):
        wrapper.extract_feature_3d(torch.zeros(1, 3, 64, 64))
    assert not (tmp_path / "exploded").exists()
