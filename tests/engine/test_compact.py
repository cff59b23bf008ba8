"""The engine of the compact model with the shipped weights; its networks' own tests are in tests/modules/compact."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from src.engine.compact import CompactEngine
from src.engine.create import create_engine
from src.engine.engine import SourceFeatures
from src.errors import InputError, NoFaceError
from src.motion.keypoints import transform_keypoint
from src.motion.mesh import motion_from_meshes
from src.weights.resolve import resolve_model
from tests.tolerances import FLOAT32

GOLDEN = Path(__file__).parents[1] / "data" / "compact" / "golden.npz"
MOTION, NETWORK, PICTURE = (FLOAT32[f"compact_{name}"].abs for name in ("motion", "network", "picture"))
BATCH = FLOAT32["compact_batch"].abs


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as file:
        return dict(file)


@pytest.fixture(scope="module")
def engine() -> CompactEngine:
    return create_engine(resolve_model("compact"), torch.device("cpu"))


@pytest.fixture(scope="module")
def features(engine, golden) -> SourceFeatures:
    return engine.encode_source(engine.prepare(golden["source"][None]))


@pytest.fixture(scope="module")
def keypoints(golden):
    return torch.from_numpy(golden["x_s"]), torch.from_numpy(golden["x_d"])


@pytest.fixture(scope="module")
def result(engine, features, keypoints):
    return engine.warp_decode(features, *keypoints)


@pytest.fixture
def scripted(engine, golden):
    """An engine whose mesh finder answers with the golden driving meshes, one a call."""
    answers = iter(golden["driving_meshes"])

    def find(crop):
        half = crop.shape[0] / 2
        return (next(answers) + np.array([1.0, 1.0, 0.0])) * half

    return CompactEngine(engine._checkpoints, find, engine._networks)


def near(actual: torch.Tensor, wanted: np.ndarray, tolerance: float) -> None:
    np.testing.assert_allclose(actual.numpy(), wanted, rtol=0, atol=tolerance)


def test_golden_features(features, golden):
    near(features.volume, golden["feature_3d"], NETWORK)
    assert torch.equal(features.picture, torch.from_numpy(golden["source"]).permute(2, 0, 1)[None] / 255)


def test_golden_pictures(result, golden):
    near(result["flow"], golden["flow"], NETWORK)
    assert result["out"].shape == (5, 3, 512, 512)
    near(result["out"][..., ::8, ::8], golden["picture_512"].clip(0, 1), PICTURE)
    near(result["out"].mean((1, 2, 3)), golden["picture_512_mean"], PICTURE)
    assert result["out"].min() >= 0 and result["out"].max() <= 1


def test_a_batch_equals_single_frames(engine, features, keypoints, result):
    x_s, x_d = keypoints
    for i in range(2):
        single = engine.warp_decode(features, x_s, x_d[i : i + 1])["out"]
        torch.testing.assert_close(single[0], result["out"][i], rtol=0, atol=BATCH)


def test_a_source_per_frame(engine, features, keypoints, result):
    x_s, x_d = keypoints
    both = engine.encode_source(torch.cat([features.picture, features.picture.flip(3)]))
    assert len(features) == 1 and len(both) == 2
    mirrored = engine.encode_source(features.picture.flip(3))
    near(both.volume, torch.cat([features.volume, mirrored.volume]).numpy(), BATCH)
    out = engine.warp_decode(both, x_s.expand(2, -1, -1), x_d[:1].expand(2, -1, -1))["out"]
    torch.testing.assert_close(out[0], result["out"][0], rtol=0, atol=BATCH)
    torch.testing.assert_close(out[1:], engine.warp_decode(mirrored, x_s, x_d[:1])["out"], rtol=0, atol=BATCH)


@pytest.mark.parametrize("index", [slice(1, 3), [2, 0], (1,), range(3)])
def test_some_of_the_sources(index):
    volume, picture, is_grey = torch.rand(3, 2), torch.rand(3, 3, 4, 4), torch.tensor([True, False, True])
    some = SourceFeatures(volume, picture, is_grey)[index]
    which = torch.arange(3)[index if isinstance(index, slice) else list(index)]
    assert len(some) == len(which)
    assert torch.equal(some.volume, volume[which]) and torch.equal(some.picture, picture[which])
    assert torch.equal(some.is_grey, is_grey[which])


def test_features_of_another_model(engine, features, keypoints):
    with pytest.raises(InputError, match="another model"):
        engine.warp_decode(SourceFeatures(features.volume), *keypoints)


@pytest.mark.parametrize(
    ("size", "side"), [((256, 256), 256), ((512, 512), 512), ((300, 300), 300), ((90, 90), 90), ((701, 613), 512)]
)
def test_crops_keep_their_size_up_to_512(engine, golden, keypoints, size, side):
    crop = cv2.resize(golden["source"], size, interpolation=cv2.INTER_AREA)
    prepared = engine.prepare(crop[None])
    assert prepared.shape == (1, 3, side, side) and prepared.dtype == torch.float32
    features = engine.encode_source(prepared)
    assert features.volume.shape == (1, 24, 4, 16, 16) and features.picture.shape == (1, 3, 512, 512)
    assert features.picture.min() >= 0 and features.picture.max() <= 1
    out = engine.warp_decode(features, keypoints[0], keypoints[1][:1])["out"]
    assert out.shape == (1, 3, 512, 512)


def test_a_smaller_crop_gives_nearly_the_same(engine, golden, keypoints, result):
    """Softer (0.003), but in the same place: a shift by one pixel makes a difference of 0.010."""
    crop = cv2.resize(golden["source"], (300, 300), interpolation=cv2.INTER_AREA)
    features = engine.encode_source(engine.prepare(crop[None]))
    out = engine.warp_decode(features, keypoints[0], keypoints[1][:1])["out"]
    assert float((out - result["out"][:1]).abs().mean()) < 0.005


def test_wide_crops_are_squashed(engine):
    crops = np.zeros((2, 300, 400, 3), np.uint8)
    crops[:, :, 200:] = 255
    prepared = engine.prepare(crops)
    assert prepared.shape == (2, 3, 300, 300)
    assert prepared[..., :148].max() == 0 and prepared[..., 152:].min() == 1


def test_golden_motion_of_the_source(engine, golden):
    motion = engine.get_motion(torch.zeros(1, 3, 8, 8), golden["source_mesh"][None])
    near(motion.R, golden["source_R"], MOTION)
    near(transform_keypoint(motion), golden["source_x"], MOTION)


def test_golden_angles(scripted, golden):
    info = scripted.get_kp_info(torch.zeros(40, 3, 8, 8))
    angles = torch.cat([info["pitch"], info["yaw"], info["roll"]], 1)
    near(angles, golden["driving_degrees"], MOTION)


@pytest.mark.parametrize("refine", [True, False])
def test_kp_info_has_the_official_form(scripted, refine):
    points = (3, 21, 3) if refine else (3, 63)
    shapes = {name: tuple(value.shape) for name, value in scripted.get_kp_info(torch.zeros(3, 3, 8, 8), refine).items()}
    angles = dict.fromkeys(("pitch", "yaw", "roll"), (3, 1))
    assert shapes == {**angles, "t": (3, 3), "exp": points, "scale": (3, 1), "kp": points}


def test_refined_or_not_means_the_same_keypoints(engine, golden, monkeypatch):
    meshes = golden["driving_meshes"][:3]
    monkeypatch.setattr(engine, "find_meshes", lambda pictures: meshes)
    pictures = torch.zeros(3, 3, 8, 8)
    refined, raw = engine.get_kp_info(pictures), engine.get_kp_info(pictures, refine=False)
    near(transform_keypoint(refined), transform_keypoint(engine.get_motion(pictures)).numpy(), MOTION)
    near(transform_keypoint(raw), transform_keypoint(refined).numpy(), MOTION)


def test_pictures_are_independent_and_clips_are_not(engine, golden):
    meshes = golden["driving_meshes"]
    motion = engine.get_motion(torch.zeros(40, 3, 8, 8), meshes)
    alone = engine.get_motion(torch.zeros(1, 3, 8, 8), meshes[20:21])
    assert torch.equal(motion.kp[20], alone.kp[0])
    clip = motion_from_meshes(meshes)
    assert not torch.equal(motion.kp, clip.kp)


def crop_matrix(scale: float, angle: float, x: float, y: float) -> np.ndarray:
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[c, s, x], [-s, c, y], [0, 0, 1]])


def in_picture(meshes: np.ndarray, matrices: np.ndarray) -> np.ndarray:
    """Meshes of crops in pixels of the picture out of which those 512 crops were cut."""
    back = np.linalg.inv(matrices)
    xy = (meshes[..., :2] + 1) * 256 - 0.5  # pixel centres of the crop
    xy = xy @ back[:, :2, :2].swapaxes(1, 2) + back[:, None, :2, 2] + 0.5
    scale = np.sqrt(np.linalg.det(back[:, :2, :2]))[:, None, None]
    return np.concatenate([xy, meshes[..., 2:] * 256 * scale], axis=2)


@pytest.mark.parametrize("moving", [False, True])
def test_meshes_of_the_picture_are_read_in_their_crops(engine, golden, moving):
    steps = np.arange(40) if moving else np.zeros(40)
    matrices = np.stack([crop_matrix(0.7 + i / 40, i / 50, 20 - 3 * i, 3 * i - 500) for i in steps])
    meshes = in_picture(golden["driving_meshes"].astype(np.float64), matrices)
    recorder = engine.record_motion()
    for start in range(0, 40, 15):
        recorder.add_meshes(meshes[start : start + 15].astype(np.float32))
    assert recorder.shown == [True] * 40
    clip = recorder.motion(matrices if moving else matrices[0])
    near(clip.kp, np.broadcast_to(golden["driving_x_c"], (40, 21, 3)), MOTION)
    near(clip.exp, golden["driving_exp"], MOTION)
    near(clip.R, golden["driving_R"], MOTION)
    near(clip.t, golden["driving_t"], MOTION)


def test_meshes_of_the_picture_need_matrices(engine, golden):
    recorder = engine.record_motion()
    recorder.add_meshes(golden["driving_meshes"][:2])
    with pytest.raises(AssertionError, match="need matrices"):
        recorder.motion()
    with pytest.raises(InputError, match=r"matrices for 2 meshes"):
        recorder.motion(np.zeros((3, 3, 3)))


def test_the_recorder_finds_meshes_in_crops(scripted, golden):
    recorder = scripted.record_motion()
    recorder.add(torch.zeros(25, 3, 8, 8))
    recorder.add(torch.zeros(15, 3, 8, 8))
    assert recorder.shown == [True] * 40
    near(recorder.motion().exp, golden["driving_exp"], MOTION)


@pytest.mark.parametrize("size", [256, 512])
def test_the_mesh_of_a_crop_is_found(engine, golden, size):
    """Close to the tracker's mesh: 0.006 eye distances were measured, keypoints within 0.0035 crop units."""
    crop = cv2.resize(golden["source"], (size, size), interpolation=cv2.INTER_AREA)
    (mesh,) = engine.find_meshes(engine.prepare(crop[None]))
    apart = np.linalg.norm(mesh[:, :2] - golden["source_mesh"][:, :2], axis=1)
    assert np.median(apart) < 0.01
    info = engine.get_kp_info(engine.prepare(crop[None]))
    assert float((transform_keypoint(info) - torch.from_numpy(golden["source_x"]))[..., :2].abs().max()) < 0.02


def test_no_face(engine, golden):
    crops = engine.prepare(np.stack([golden["source"], np.full((512, 512, 3), 127, np.uint8)]))
    for ask in (engine.get_motion, engine.get_kp_info):
        with pytest.raises(NoFaceError, match="no face found in picture 2 of 2"):
            ask(crops)


@pytest.mark.parametrize("shown", ["0..1.2", "...0.1", "0.....", "01234567"])
@pytest.mark.parametrize("batch", [1, 4, 8])
def test_crops_without_a_face_are_left_out(engine, golden, shown, batch):
    meshes, n = golden["driving_meshes"], len(shown)
    answers = iter([None if frame == "." else (meshes[int(frame)] + np.array([1.0, 1.0, 0.0])) * 4 for frame in shown])
    recorder = CompactEngine(engine._checkpoints, lambda crop: next(answers), engine._networks).record_motion()
    for start in range(0, n, batch):
        recorder.add(torch.zeros(min(batch, n - start), 3, 8, 8))
    motion = recorder.motion()
    assert recorder.shown == [frame != "." for frame in shown]
    for name, value in vars(motion_from_meshes(meshes[: len(motion)])).items():
        torch.testing.assert_close(vars(motion)[name], value, rtol=0, atol=FLOAT32["motion"].abs)


def test_a_clip_without_any_face(engine):
    recorder = CompactEngine(engine._checkpoints, lambda crop: None, engine._networks).record_motion()
    for _ in range(3):
        recorder.add(torch.zeros(2, 3, 8, 8))
    assert recorder.shown == [False] * 6
    with pytest.raises(NoFaceError, match="no face found in any of 6 frames"):
        recorder.motion()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever the size of the batch."""
    usual = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(usual)


def test_the_recorder_keeps_no_meshes(engine, golden):
    recorder = engine.record_motion()
    meshes = golden["driving_meshes"].copy()
    kept = weakref.ref(meshes)
    recorder.add_meshes(meshes)
    del meshes
    gc.collect()
    assert kept() is None and len(recorder.motion(crop_matrix(1, 0, 0, 0))) == 40


def test_no_gradients(features, result):
    assert not any(tensor.requires_grad for tensor in (features.volume, features.picture, *result.values()))


def test_a_picture_without_colours_gets_none(engine, one_thread):
    crop = np.random.default_rng(1).integers(0, 256, (1, 512, 512, 3), dtype=np.uint8)
    x_s = torch.randn(1, 21, 3, generator=torch.Generator().manual_seed(0)) * 0.3
    x_s = x_s.repeat(2, 1, 1)
    features = engine.encode_source(engine.prepare(np.concatenate([crop, crop[..., :1].repeat(3, axis=-1)])))
    assert features.is_grey.tolist() == [False, True]
    coloured, grey = engine.warp_decode(features, x_s, x_s + 0.02)["out"]
    alone = engine.warp_decode(features[[1]], x_s[:1], x_s + 0.02)["out"]  # two frames of one source
    assert (coloured[0] != coloured[1]).any()
    for out in (grey, *alone):
        assert (out[0] == out[1]).all() and (out[1] == out[2]).all()
    torch.testing.assert_close(alone[0], grey, rtol=0, atol=BATCH)
