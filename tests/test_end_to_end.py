"""The shipped model on the shipped examples: a result that keeps time, follows the face and leaves the rest alone."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.face.crop import crop_image
from src.face.mediapipe_detector import MediapipeDetector
from src.face.ratios import lip_ratio
from src.face.tracking import FaceTracker
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.picture import read_picture, write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.motion.mesh import motion_from_meshes
from src.motion.pose import degrees
from src.pipeline.result import AnimationResult
from tests.media.clips import spans

ROOT = Path(__file__).parents[1]
SOURCES = ROOT / "assets/examples/source"
D0 = ROOT / "assets/examples/driving/d0.mp4"
SHORT = ROOT / "tests/data/media/short.mp4"
EVERY = 4  # d0 at a quarter of its rate: all of its motion in a quarter of the time


@pytest.fixture(scope="module")
def wrapper() -> LivePortraitWrapper:
    return LivePortraitWrapper(model="compact", device="cpu")


@pytest.fixture(scope="module")
def detector() -> MediapipeDetector:
    return MediapipeDetector(ROOT / "pretrained_weights/mediapipe", "cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("end_to_end")


@pytest.fixture(scope="module")
def driver(folder: Path) -> Path:
    """The example video at 25/4 frames a second, with its sound."""
    path = folder / "driver.mp4"
    with VideoWriter(path, Fraction(25, EVERY), audio_from=D0) as writer:
        for frame in islice(open_video(D0), 0, None, EVERY):
            writer.write(frame.rgb)
    return path


@pytest.fixture(scope="module")
def brief(folder: Path) -> Path:
    """Three frames, far apart, with sound."""
    path = folder / "brief.mp4"
    with VideoWriter(path, 25, audio_from=SHORT) as writer:
        for frame in islice(open_video(SHORT), 0, 30, 10):
            writer.write(frame.rgb)
    return path


@dataclass
class Curves:
    """What a face does over a clip, by its mesh: degrees, and the opening of the lips over their width."""

    yaw: np.ndarray
    lips: np.ndarray


@pytest.fixture(scope="module")
def curves_of(detector: MediapipeDetector) -> Callable[[Path], Curves]:
    def measure(path: Path) -> Curves:
        tracker = FaceTracker(detector)
        faces = [face for frame in open_video(path) if (face := tracker.feed(frame.rgb))]
        assert len(faces) == open_video(path).n_frames, f"frames of {path.name} without a face"
        meshes = np.stack([face.landmarks for face in faces])
        _, yaw, _ = degrees(motion_from_meshes(meshes).R)
        lips = [lip_ratio(face.landmarks, face.scheme)[0, 0] for face in faces]
        return Curves(np.asarray(yaw).ravel(), np.array(lips))

    return measure


@pytest.fixture(scope="module")
def driven(driver: Path, curves_of) -> Curves:
    return curves_of(driver)


@pytest.fixture(scope="module", params=["s0.jpg", "s1.jpg"])
def source(request: pytest.FixtureRequest) -> Path:
    return SOURCES / request.param


@pytest.fixture(scope="module")
def result(wrapper: LivePortraitWrapper, source: Path, driver: Path, folder: Path) -> AnimationResult:
    return wrapper.execute(source=source, driving=driver, output=folder / f"{source.stem}.mp4")


@pytest.mark.slow
def test_time_and_sound_are_the_drivers(result: AnimationResult, driver: Path, source: Path):
    expected = open_video(driver)
    assert expected.fps == Fraction(25, EVERY) and expected.n_frames == 63
    for path in (Path(result), Path(result.concat)):
        video = open_video(path)
        assert (video.fps, video.n_frames) == (expected.fps, expected.n_frames)
        track = spans(path)
        assert track["video"] == pytest.approx((0, float(expected.n_frames / expected.fps)), abs=1e-3)
        assert track["audio"][1] == pytest.approx(10.0, abs=0.1)  # d0's own sound, to its end
    height, width = read_picture(source).shape[:2]
    assert open_video(result).size == (width - width % 2, height - height % 2)
    assert open_video(result.concat).size == (3 * 512, 512)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["yaw", "lips"])
def test_the_face_follows(result: AnimationResult, driven: Curves, curves_of, what: str):
    driver, follower = getattr(driven, what), getattr(curves_of(Path(result)), what)
    assert driver.std() > {"yaw": 4, "lips": 0.05}[what]  # there is something to follow
    assert np.corrcoef(driver, follower)[0, 1] > 0.8
    assert follower.std() > 0.6 * driver.std()


@pytest.mark.slow
def test_the_rest_of_the_picture_stays(result: AnimationResult, source: Path, detector: MediapipeDetector):
    """Outside of the crop the frames are the source, up to video compression; inside nothing is black or cut."""
    rgb = read_picture(source)
    height, width = open_video(result).size[::-1]
    rgb = rgb[:height, :width]
    crop = crop_image(rgb, detector.detect(rgb)[0].landmarks, dsize=512, scale=2.3, vy_ratio=-0.125)
    corners = crop.to_picture(np.array([[0, 0], [511, 0], [511, 511], [0, 511]], np.float32))
    inside = cv2.fillConvexPoly(np.zeros((height, width), np.uint8), corners.round().astype(np.int32), 1) > 0
    outside = cv2.erode((~inside).astype(np.uint8), np.ones((9, 9))) > 0  # compression smears by some pixels
    border = inside & (cv2.erode(inside.astype(np.uint8), np.ones((13, 13))) == 0)
    for frame in islice(open_video(result), 0, None, 6):
        difference = np.abs(frame.rgb.astype(int) - rgb).max(axis=2)
        assert difference[outside].mean() < 4 and np.percentile(difference[outside], 99.9) < 25
        assert difference[border].mean() < 6  # no seam
        assert _black(frame.rgb[inside]) < _black(rgb[inside]) + 0.02
        assert difference[inside].mean() > difference[outside].mean()


def _black(pixels: np.ndarray) -> float:
    """Share of black pixels (N, 3)."""
    return float((pixels.max(axis=-1) < 8).mean())


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_documented_call(wrapper, brief, here):
    result = wrapper.execute(
        source_image=str(SOURCES / "s9.jpg"),
        driving_video=str(brief),
        output=None,
        flag_eye_retargeting=False,
        flag_lip_retargeting=False,
        eyes_retargeting_ratio=1.0,
        lip_retargeting_ratio=1.0,
        flag_do_crop=True,
        flag_pasteback=True,
        flag_stitching=True,
    )
    assert isinstance(result, str) and result == "animations/s9--brief.mp4"
    assert (result.n_frames, result.fps, result.concat) == (3, 25, "animations/s9--brief_concat.mp4")
    assert has_audio(result) and has_audio(result.concat)


def pictures(path: str) -> list[np.ndarray]:
    return [frame.rgb for frame in open_video(path)]


CROP = {"flag_pasteback": False, "concat": False}


@pytest.fixture(scope="module")
def plain(wrapper, brief, folder) -> list[np.ndarray]:
    """The crops of s1.jpg without options; its lips are open."""
    return pictures(wrapper.execute(source=SOURCES / "s1.jpg", driving=brief, output=folder / "plain.mp4", **CROP))


@pytest.mark.parametrize(
    "options",
    [
        {"flag_stitching": False},
        {"flag_relative_motion": False},
        {"flag_relative_motion": False, "driving_option": "pose-friendly"},
        {"animation_region": "exp"},
        {"animation_region": "pose"},
        {"animation_region": "lip"},
        {"animation_region": "eyes"},
        {"flag_eye_retargeting": True},
        {"flag_lip_retargeting": True},
        {"flag_eye_retargeting": True, "flag_lip_retargeting": True, "flag_relative_motion": False},
        {"flag_normalize_lip": True},
        {"eyes_retargeting_ratio": 0.0, "lip_retargeting_ratio": 0.0},
        {"driving_multiplier": 1.5},
        {"flag_do_rot": False, "scale": 2.0},
    ],
    ids=lambda options: "-".join(f"{name}={value}" for name, value in options.items()),
)
def test_every_option_shows(wrapper, brief, plain, here, options):
    """Each gives whole pictures that differ from those without it."""
    other = pictures(wrapper.execute(source=SOURCES / "s1.jpg", driving=brief, output="r.mp4", **CROP, **options))
    assert len(other) == 3 and all(rgb.shape == (512, 512, 3) for rgb in other)
    assert all(_black(rgb) < 0.1 and rgb.std() > 10 for rgb in other)
    assert max(np.abs(a.astype(int) - b).max() for a, b in zip(plain, other, strict=True)) > 20


def test_a_crop_as_the_source(wrapper, brief, here, detector):
    rgb = read_picture(SOURCES / "s1.jpg")
    crop = crop_image(rgb, detector.detect(rgb)[0].landmarks, dsize=512, scale=2.3, vy_ratio=-0.125)
    write_picture("crop.png", crop.image)
    result = wrapper.execute(source="crop.png", driving=brief, output="r.mp4", flag_do_crop=False)
    frames = pictures(result)
    assert len(frames) == 3 and frames[0].shape == (512, 512, 3)
    assert np.abs(frames[0].astype(int) - crop.image).mean() < 8  # relative motion begins at the source


def test_nothing_moves_at_multiplier_0(wrapper, brief, here):
    source = SOURCES / "s9.jpg"
    frames = pictures(wrapper.execute(source=source, driving=brief, output="r.mp4", driving_multiplier=0.0, **CROP))
    assert max(np.abs(frame.astype(int) - frames[0]).mean() for frame in frames) < 1


@pytest.mark.parametrize("kind", ["safetensors", "pkl"])
def test_a_template_moves_as_its_video(wrapper, brief, here, kind):
    source = SOURCES / "s9.jpg"
    direct = wrapper.execute(source=source, driving=brief, output="a.mp4", save_motion_template=f"m.{kind}")
    again = wrapper.execute(source=source, motion_template=direct.template, output="b.mp4")
    assert (again.n_frames, again.fps) == (3, 25) and not has_audio(again)
    for a, b in zip(pictures(direct), pictures(again), strict=True):
        assert np.abs(a.astype(int) - b).mean() < 0.5


def test_a_picture_and_a_gif_drive(wrapper, brief, here):
    frames = pictures(str(brief))
    write_picture("d.png", frames[1])
    with VideoWriter("d.gif", 10) as writer:
        for rgb in frames:
            writer.write(rgb)
    still = wrapper.execute(source=SOURCES / "s9.jpg", driving="d.png", output="still.png")
    assert read_picture(still).shape == read_picture(SOURCES / "s9.jpg").shape
    assert read_picture(still.concat).shape == (512, 3 * 512, 3)
    moving = wrapper.execute(source=SOURCES / "s9.jpg", driving="d.gif", output="moving.mp4")
    assert (moving.n_frames, moving.fps) == (3, 10)


def test_a_face_that_goes_away_holds_its_pose(wrapper, brief, here):
    frames, nothing = pictures(str(brief)), np.full((512, 512, 3), 90, np.uint8)
    with VideoWriter("gaps.mp4", 25) as writer:
        for rgb in (nothing, frames[0], nothing, nothing, frames[2], nothing):
            writer.write(rgb)
    result = pictures(wrapper.execute(source=SOURCES / "s9.jpg", driving="gaps.mp4", output="r.mp4", **CROP))
    assert len(result) == 6
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(result)]
    assert max(steps[0], steps[1], steps[2], steps[4]) < 1 < steps[3] / 1.5
