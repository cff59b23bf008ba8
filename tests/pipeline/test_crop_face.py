"""Faces cut out of pictures and videos with the detector that ships."""

from fractions import Fraction
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from src.errors import InputError, MissingFileError, NoFaceError
from src.face.create_detector import create_detector
from src.face.crop import average_box, crop_by_box, crop_image, driving_box
from src.media.picture import read_picture, write_picture
from src.media.sound import has_audio
from src.media.video_reader import open_video
from src.media.video_writer import VideoWriter
from src.pipeline.crop_face import CUTTING, FINDING, crop_face, list_faces

ROOT = Path(__file__).parents[2]
PORTRAITS = ROOT / "assets/examples/source"
MONA_LISA = PORTRAITS / "s9.jpg"
TEMPLATE = ROOT / "assets/examples/driving/talk.safetensors"
EXAMPLE = ROOT / "assets/examples/driving/d0.mp4"  # with sound


def portrait(name: str) -> np.ndarray:
    """A shipped portrait, 500 pixels high."""
    picture = read_picture(PORTRAITS / name)
    width = round(picture.shape[1] * 500 / picture.shape[0])
    return cv2.resize(picture, (width, 500), interpolation=cv2.INTER_AREA)


LEFT, RIGHT = portrait("s9.jpg"), portrait("s10.jpg")  # the right face is the larger one
TOGETHER = np.hstack([LEFT, RIGHT])


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def media(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    write_picture(folder / "two.png", TOGETHER)
    write_picture(folder / "noise.png", np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8))
    with VideoWriter(folder / "d.mp4", Fraction(30000, 1001), crf=10, audio_from=EXAMPLE) as talking:
        for frame in islice(open_video(EXAMPLE), 6):
            talking.write(frame.rgb)
    with VideoWriter(folder / "two.mp4", 25, crf=10) as still:
        for _ in range(8):
            still.write(TOGETHER[:, : TOGETHER.shape[1] // 2 * 2])
    with VideoWriter(folder / "black.mp4", 25) as dark:
        for _ in range(3):
            dark.write(np.zeros((64, 64, 3), np.uint8))
    return folder


def close(a: np.ndarray, b: np.ndarray, levels: float) -> bool:
    return a.shape == b.shape and np.abs(a.astype(float) - b.astype(float)).mean() < levels


def likeness(file: Path | str, portrait: np.ndarray) -> float:
    """Correlation of a crop with one of a portrait in which nobody else is to be seen."""
    write_picture("alone.png", portrait)
    crop_face("alone.png", "expected.png", scale=1.2, dsize=128, vy_ratio=-0.1)
    crop = next(iter(open_video(file))).rgb if str(file).endswith("mp4") else read_picture(file)
    return float(np.corrcoef(crop.ravel(), read_picture("expected.png").ravel())[0, 1])


def test_a_picture_is_cut_like_a_source():
    assert crop_face(MONA_LISA, "crop.png") == [Path("crop.png")]
    picture = read_picture(MONA_LISA)
    face = create_detector("mediapipe").detect(picture)[0]
    official = crop_image(picture, face.landmarks, face.scheme, dsize=512, scale=2.3, vy_ratio=-0.125)
    assert np.array_equal(read_picture("crop.png"), official.image)


def test_options_of_the_crop():
    crop_face(MONA_LISA, "crop.png", dsize=128, scale=1.7, vx_ratio=0.1, vy_ratio=0.05, flag_do_rot=False)
    picture = read_picture(MONA_LISA)
    face = create_detector("mediapipe").detect(picture)[0]
    settings = {"scale": 1.7, "vx_ratio": 0.1, "vy_ratio": 0.05, "rotate": False}
    sharp = crop_image(picture, face.landmarks, face.scheme, dsize=512, **settings).image
    averaged = cv2.resize(sharp, (128, 128), interpolation=cv2.INTER_AREA)
    assert close(read_picture("crop.png"), averaged, 4)


def test_a_face_that_shrinks_a_lot_loses_its_grain():
    """Every pixel must be a mean of those under it: a few of them, picked, would show the grain."""
    clean = cv2.resize(read_picture(MONA_LISA), None, fx=2, fy=2)
    grain = np.random.default_rng(1).normal(0, 40, (*clean.shape[:2], 1))
    write_picture("grainy.png", np.clip(clean + grain, 0, 255).astype(np.uint8))
    crop_face("grainy.png", "crop.png", dsize=64)
    face = create_detector("mediapipe").detect(read_picture("grainy.png"))[0]
    large = crop_image(clean, face.landmarks, face.scheme, dsize=512, scale=2.3, vy_ratio=-0.125).image
    assert close(read_picture("crop.png"), cv2.resize(large, (64, 64), interpolation=cv2.INTER_AREA), 6)


def test_names_of_results(media):
    assert crop_face(MONA_LISA) == [Path("s9_crop.jpg")]
    assert crop_face(MONA_LISA, "folder/") == [Path("folder/s9_crop.jpg")]
    assert crop_face(MONA_LISA, "folder") == [Path("folder/s9_crop.jpg")]
    assert crop_face(MONA_LISA, "a/b/c.webp", dsize=64) == [Path("a/b/c.webp")]
    assert all(path.is_file() for path in (Path("s9_crop.jpg"), Path("folder/s9_crop.jpg"), Path("a/b/c.webp")))
    assert read_picture("a/b/c.webp").shape == (64, 64, 3)


def test_no_numbered_file_replaces_the_input(media, tmp_path):
    source = tmp_path / "face_0.jpg"
    source.write_bytes(Path(MONA_LISA).read_bytes())
    before = source.read_bytes()
    with pytest.raises(InputError, match="would overwrite its own input"):
        crop_face(source, tmp_path / "face.jpg", faces="all")
    assert source.read_bytes() == before


def test_a_suffix_of_the_wrong_kind_is_replaced(media, caplog):
    assert crop_face(MONA_LISA, "r.mp4") == [Path("r.jpg")]
    assert "so 'r.jpg' is written instead of 'r.mp4'" in caplog.text
    assert crop_face(media / "d.mp4", "r.jpg", dsize=64) == [Path("r.mp4")]


@pytest.mark.parametrize(
    ("faces", "names", "order"),
    [
        ("largest", ["f.png"], [RIGHT]),
        ("0", ["f.png"], [LEFT]),
        ("1", ["f.png"], [RIGHT]),
        ("all", ["f_0.png", "f_1.png"], [LEFT, RIGHT]),
        ("1,0", ["f_1.png", "f_0.png"], [RIGHT, LEFT]),
    ],
)
def test_choice_among_two_faces(media, faces, names, order):
    found = crop_face(media / "two.png", "f.png", faces=faces, scale=1.2, dsize=128)
    assert found == [Path(name) for name in names]
    for file, portrait in zip(found, order, strict=True):
        other = LEFT if portrait is RIGHT else RIGHT
        assert likeness(file, portrait) > 0.85 and likeness(file, other) < 0.75


def test_all_of_one_face_has_its_number_too():
    assert crop_face(MONA_LISA, "f.png", faces="all", dsize=64) == [Path("f_0.png")]


def test_a_video_is_cut_like_a_driver(media):
    stages = []
    assert crop_face(media / "d.mp4", "r.mp4", progress=lambda *report: stages.append(report)) == [Path("r.mp4")]
    frames = [frame.rgb for frame in open_video(media / "d.mp4")]
    detector = create_detector("mediapipe")
    first = detector.detect(frames[0])[0]
    faces = [first]
    for frame in frames[1:]:
        faces.append(detector.follow(frame, faces[-1]))
    box = average_box(driving_box(face.landmarks, face.scheme) for face in faces)
    result = open_video("r.mp4")
    assert (result.size, result.fps, result.n_frames) == ((512, 512), Fraction(30000, 1001), 6)
    for frame, cut in zip(frames, result, strict=True):
        assert close(cut.rgb, crop_by_box(frame, box).image, 3)
    assert has_audio("r.mp4")
    assert (FINDING, 6, 6) in stages and (CUTTING, 6, 6) in stages


def test_a_silent_video_stays_silent_without_a_warning(media, caplog):
    crop_face(media / "two.mp4", "r.mp4", dsize=64)
    assert not has_audio("r.mp4") and not [record for record in caplog.records if record.levelname == "WARNING"]


@pytest.mark.parametrize(
    ("faces", "names", "order"), [("largest", ["f.mp4"], [RIGHT]), ("all", ["f_0.mp4", "f_1.mp4"], [LEFT, RIGHT])]
)
def test_choice_among_two_faces_of_a_video(media, faces, names, order):
    assert crop_face(media / "two.mp4", "f.mp4", faces=faces, scale=1.2, dsize=128) == [Path(name) for name in names]
    for file, portrait in zip(names, order, strict=True):
        other = LEFT if portrait is RIGHT else RIGHT
        assert likeness(file, portrait) > 0.85 and likeness(file, other) < 0.75
        assert open_video(file).n_frames == 8


def test_listed_faces_go_from_left_to_right(media):
    found = list_faces(media / "two.png")
    assert found.picture == Path("two_faces.jpg")
    centers = [(face.box[0] + face.box[2]) / 2 for face in found.faces]
    assert len(centers) == 2 and centers[0] < LEFT.shape[1] < centers[1]
    marked = read_picture(found.picture)
    assert marked.shape == TOGETHER.shape
    for face in found.faces:
        left, top, right, bottom = (round(float(v)) for v in face.box)
        edge = marked[bottom - 1 : bottom + 2, left:right].astype(int)
        assert (np.abs(edge - (255, 220, 0)).max(axis=2) < 60).any(axis=0).mean() > 0.9  # the colour of the box
    assert top < bottom


def test_faces_of_a_video_are_those_of_its_first_frame_with_any(media):
    with VideoWriter("late.mp4", 25) as video:
        for frame in [np.zeros_like(TOGETHER)] * 3 + [TOGETHER] * 2:
            video.write(frame[:, : TOGETHER.shape[1] // 2 * 2])
    found = list_faces("late.mp4", "marked.png")
    assert (len(found.faces), found.picture) == (2, Path("marked.png"))
    assert read_picture("marked.png").mean() > 20


@pytest.mark.parametrize("call", [crop_face, list_faces])
@pytest.mark.parametrize("name", ["noise.png", "black.mp4"])
def test_no_face(media, call, name):
    with pytest.raises(NoFaceError, match=f"no face found in '.*{name}'"):
        call(media / name, "r.png" if call is list_faces or name.endswith("png") else "r.mp4")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"faces": "2"}, r"face 2, but '.*two.png' shows 2 faces \(numbers 0 to 1, from left to right\)"),
        ({"faces": "first"}, "--faces must be largest, all, or numbers"),
        ({"faces": 0}, "--faces must be str"),
        ({"scale": 0.0}, "--scale must be a number above 0"),
        ({"scale": "2"}, "--scale must be float"),
        ({"vx_ratio": float("nan")}, "--vx_ratio must be a finite number"),
        ({"det_thresh": 2}, "--det_thresh must lie between 0 and 1"),
        ({"detector": "haar"}, "--detector must be one of"),
        ({"device": "abacus"}, "device 'abacus' is unknown"),
        ({"flag_do_rot": 1}, "--flag_do_rot must be bool"),
        ({"dsize": 15}, "--dsize must be a whole number between 16 and 4096, got 15"),
        ({"dsize": 5000}, "--dsize must"),
        ({"dsize": 64.0}, "--dsize must"),
        ({"dsize": True}, "--dsize must"),
        ({"output": "r.txt"}, "'r.txt' ends in .txt: use .jpg"),
        ({"output": ""}, "--output is empty"),
    ],
)
def test_options_that_are_refused(media, options, message):
    with pytest.raises(InputError, match=message):
        crop_face(media / "two.png", **options)
    assert list(Path().iterdir()) == []


def test_files_that_are_refused(media):
    with pytest.raises(MissingFileError, match=r"'none\.jpg' does not exist"):
        crop_face("none.jpg")
    with pytest.raises(InputError, match="is a motion template: give a picture or a video"):
        crop_face(TEMPLATE)
    with pytest.raises(InputError, match="--input is empty"):
        crop_face("")


@pytest.mark.parametrize("call", [crop_face, list_faces])
def test_the_input_is_not_overwritten(media, call):
    write_picture("own.png", LEFT)
    before = Path("own.png").read_bytes()
    with pytest.raises(InputError, match="would overwrite its own input"):
        call("own.png", "../" + Path().resolve().name + "/own.png")
    assert Path("own.png").read_bytes() == before


def test_an_option_that_does_not_exist():
    with pytest.raises(TypeError, match="bogus"):
        crop_face(MONA_LISA, bogus=1)
