"""Animals with files in the official layout, from the command line to the files."""

import pickle
import shutil
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull
from torch import Tensor

from src.cli.inference import main_animals
from src.engine.engine import SourceFeatures
from src.engine.official import OfficialEngine
from src.face.animal_points import nine_points
from src.face.crop import crop_image, resize_source
from src.face.face import Face, Scheme
from src.face.xpose_detector import XPoseDetector
from src.live_portrait_wrapper import LivePortraitWrapperAnimal
from src.media.picture import write_picture
from src.media.video_reader import open_video
from src.motion.motion import Motion
from src.motion.pose import get_rotation_matrix
from src.motion.template import MotionTemplate, load_template, save_template
from tests.animals import DRIVER, POINTS, cat, write_frames
from tests.parity.weights import save_animals_layout
from tests.parity.xpose_weights import save_official_xpose

SIZE = (150, 100)  # of the small cat


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A weights folder with the four networks of animals and the stitching file, filled by the parity rule."""
    folder = save_animals_layout(tmp_path_factory.mktemp("weights"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with a small cat and two frames of a person."""
    monkeypatch.chdir(tmp_path)
    write_picture("cat.png", small_cat())
    write_frames(Path("d.mp4"), [frame.rgb[::2, ::2] for frame in islice(open_video(DRIVER), 2)])
    return tmp_path


@pytest.fixture
def run(folder, here, capsys):
    """Runs words with the official model; gives stdout."""

    def run(*words: str) -> str:
        code = main_animals([*words, "--model", "animals", "--weights_dir", str(folder), "--device", "cpu"])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out.removesuffix("\n")

    run.folder = folder
    return run


def official_human_template(path: Path) -> Path:
    """Two frames as the official program keeps those of a person: with the openings of eyes and lips."""
    generator = torch.Generator().manual_seed(0)
    angles = torch.tensor([[0.0], [8.0]])
    motion = Motion(
        kp=torch.rand(21, 3, generator=generator).mul(0.4).expand(2, 21, 3),
        R=get_rotation_matrix(angles, -angles, angles),
        exp=torch.rand(2, 21, 3, generator=generator) * 0.02,
        t=torch.tensor([[0.0, 0.0, 0.3], [0.03, -0.02, 0.1]]),
        scale=torch.tensor([[1.1], [1.2]]),
        eye_ratio=torch.full((2, 2), 0.3),
        lip_ratio=torch.full((2, 1), 0.1),
    )
    return save_template(MotionTemplate(motion, Fraction(25), "base"), path)


def volume(keypoints: Tensor) -> float:
    """Of the hull of keypoints (21, 3)."""
    return float(ConvexHull(keypoints.numpy()).volume)


def small_cat() -> np.ndarray:
    return cv2.resize(cat(), SIZE, interpolation=cv2.INTER_AREA)


def crop_of(picture: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The official 512 crop by nine points."""
    return crop_image(picture, points, Scheme.ANIMAL9, dsize=512, scale=2.3, vy_ratio=-0.125).image


def check_tiles(concat: str, crop: np.ndarray) -> None:
    """The side-by-side video shows this crop of the source, left of the result."""
    for frame in open_video(concat):
        assert np.abs(frame.rgb[:, -1024:-512].astype(int) - crop).mean() < 6


def test_a_template_alone(run):
    """It holds what official templates of animals hold, and no more."""
    assert run("-d", "d.mp4", "--driving_kind", "human", "--save_motion_template", "t.pkl") == "t.pkl"
    content = pickle.loads(Path("t.pkl").read_bytes())
    assert set(content) == {"n_frames", "output_fps", "motion"} and content["n_frames"] == 2
    assert content["output_fps"] == 25 and all(set(frame) == {"scale", "R", "exp", "t"} for frame in content["motion"])
    shapes = {name: value.shape for name, value in content["motion"][0].items()}
    assert shapes == {"scale": (1, 1), "R": (1, 3, 3), "exp": (1, 21, 3), "t": (1, 3)}
    assert all(value.dtype == np.float32 for frame in content["motion"] for value in frame.values())
    template = load_template("t.pkl")
    assert template.model == "base" and template.motion.eye_ratio is None and template.motion.kp.isnan().all()


def test_a_person_s_official_template_drives(run, monkeypatch):
    """Absolutely, from where the source is; named points are cropped by the nine that they stand for."""
    keypoints: list[tuple[Tensor, Tensor]] = []

    def drawn(self: OfficialEngine, features: SourceFeatures, x_s: Tensor, x_d: Tensor) -> np.ndarray:
        keypoints.append((x_s, x_d))
        return np.zeros((len(x_d), 512, 512, 3), np.uint8)

    monkeypatch.setattr(OfficialEngine, "draw", drawn)
    motion = load_template(official_human_template(Path("human.pkl"))).motion
    points = POINTS * SIZE[0] / cat().shape[1]
    words = ["--source_points", *(f"{x:.4f},{y:.4f}" for x, y in points), "--driving_multiplier", "1.5"]
    assert run("-s", "cat.png", "-d", "human.pkl", *words, "--output", "r.mp4") == "r.mp4"
    assert sorted(path.name for path in Path().glob("r*")) == ["r.gif", "r.mp4", "r_concat.mp4"]
    crop = crop_of(small_cat(), nine_points(points))
    check_tiles("r_concat.mp4", crop)
    x_s, x_d = keypoints[0][0], torch.cat([x_d for _, x_d in keypoints])
    source = LivePortraitWrapperAnimal(model="animals", weights_dir=run.folder, device="cpu")
    info = source.get_kp_info(source.prepare_source(resize_source(crop, 256)))
    np.testing.assert_allclose(x_s, source.transform_keypoint(info), atol=1e-4)
    x = info["scale"][..., None] * (info["kp"] @ motion.R + motion.exp) + motion.t[:, None] * torch.tensor([1, 1, 0.0])
    m = (volume(x_s[0]) / volume(x[0])) ** 0.5
    np.testing.assert_allclose(x_d, x_s + 1.5 * ((x - x[:1]) * m), atol=1e-4)


@pytest.mark.slow
def test_from_the_picture_to_the_files(run, folder, monkeypatch):
    """X-Pose finds nine points, the crop is theirs, and a clip of a person moves it."""
    save_official_xpose(folder, salt=4)  # whose points do not all lie in one place
    write_picture("cat.png", cat())
    found: list[Face] = []
    best = XPoseDetector.best
    monkeypatch.setattr(XPoseDetector, "best", lambda self, rgb: found.append(best(self, rgb)) or found[-1])
    words = ["-s", "cat.png", "-d", "d.mp4", "--driving_kind", "human", "--det_thresh", "0.05"]
    assert run(*words, "--output", "r.mp4") == "r.mp4"
    (face,) = found
    assert face.scheme is Scheme.ANIMAL9
    assert [frame.rgb.shape for frame in open_video("r.mp4")] == [(512, 512, 3)] * 2
    assert open_video("r.gif").size == (256, 256)
    check_tiles("r_concat.mp4", crop_of(cat()[:, :450], face.landmarks))  # its width is made even
