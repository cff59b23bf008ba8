import numpy as np
import pytest
import torch

from src.errors import InputError
from src.motion.keypoints import (
    EYES,
    LIP,
    LIP_ARRAY,
    calc_motion_multiplier,
    keypoint_mask,
    motion_from_kp_info,
    refine_kp_info,
    selection_mask,
    transform_keypoint,
)
from tests.motion.goldens import FOLDER
from tests.parity import fill, golden
from tests.tolerances import FLOAT32

MATH = np.load(FOLDER / "math.npz")
GEOMETRY = np.load(FOLDER.parent / "geometry.npz")
EXTRACTOR = np.load(FOLDER.parent / "motion_extractor.npz")
HEADS = ("pitch", "yaw", "roll", "t", "exp", "scale", "kp")


def _example(name: str, *shape: int) -> torch.Tensor:
    return torch.from_numpy(fill.example_input(name, shape))


def test_transform_matches_math() -> None:
    info = {name: torch.from_numpy(MATH[f"tk_{name}"]) for name in HEADS}
    np.testing.assert_allclose(transform_keypoint(info), MATH["tk_out"], rtol=0, atol=FLOAT32["ratio"].abs)
    np.testing.assert_array_equal(transform_keypoint(motion_from_kp_info(info)), transform_keypoint(info))


@pytest.mark.parametrize("angles", ["degree", "bins"])
def test_transform_matches_geometry(angles: str) -> None:
    columns = 66 if angles == "bins" else 1
    info = {name: _example(f"{angles}_{name[0]}", 4, columns) for name in ("pitch", "yaw", "roll")}
    info |= {"kp": _example("kp_c", 4, 21, 3), "exp": _example("exp", 4, 21, 3)}
    info |= {"t": _example("t", 4, 3), "scale": _example("scale", 4, 1)}
    if angles == "bins":
        info |= {"kp": info["kp"].flatten(1), "exp": info["exp"].flatten(1)}
    key = "transformed_kp_bins" if angles == "bins" else "transformed_kp"
    result = golden.compare(GEOMETRY, key, transform_keypoint(info).numpy())
    assert result["shape_ok"] and result["rel"] < FLOAT32["geometry"].rel


def test_refined_heads_match_the_motion_extractor() -> None:
    raw = {name: torch.from_numpy(EXTRACTOR[f"{name}.sub0"]) for name in HEADS}
    refined = refine_kp_info(raw)
    for name in HEADS:
        result = golden.compare(EXTRACTOR, f"refined_{name}", refined[name].numpy())
        assert result["shape_ok"] and result["rel"] < FLOAT32["M"].rel, name
    for info in (raw, refined):
        result = golden.compare(EXTRACTOR, "transformed_kp", transform_keypoint(info).numpy())
        assert result["shape_ok"] and result["rel"] < FLOAT32["M"].rel
    assert raw["kp"].shape == (2, 63)


def test_refined_heads_match_math() -> None:
    refined = refine_kp_info({name: torch.from_numpy(MATH[f"raw_{name}"]) for name in HEADS})
    for name in HEADS:
        limit = FLOAT32["ratio"].abs
        np.testing.assert_allclose(refined[name], MATH[f"ref_{name}"], rtol=0, atol=limit, err_msg=name)
        assert refined[name].shape == MATH[f"ref_{name}"].shape


def test_multiplier_matches_the_goldens() -> None:
    sources, drivers = torch.from_numpy(MATH["mm_source"]), torch.from_numpy(MATH["mm_driving"])
    found = [calc_motion_multiplier(s, d) for s, d in zip(sources, drivers, strict=True)]
    np.testing.assert_allclose(found, MATH["mm"], rtol=0, atol=FLOAT32["ratio"].abs)


def test_multiplier_of_a_flat_face() -> None:
    flat = torch.rand(1, 21, 3) * torch.tensor([1.0, 1.0, 0.0])
    with pytest.raises(InputError, match="volume"):
        calc_motion_multiplier(flat, torch.rand(1, 21, 3))


def test_index_sets() -> None:
    mask = selection_mask()
    assert mask.sum() == 13 * 3 + 6
    assert not mask[[0, 7, 10]].any()
    assert mask[5].tolist() == [0, 0, 1] and mask[9].tolist() == [0, 1, 1] and mask[3].tolist() == [0, 1, 0]
    assert not set(LIP) & set(EYES)
    assert keypoint_mask(LIP).sum() == 18 and bool((mask * keypoint_mask(EYES) == keypoint_mask(EYES)).all())


def test_neutral_lips() -> None:
    assert LIP_ARRAY.shape == (21, 3)
    assert LIP_ARRAY.abs().amax(1).argsort(descending=True)[:2].tolist() == [19, 20]
    assert LIP_ARRAY[[*EYES]].abs().max() < 3e-4
