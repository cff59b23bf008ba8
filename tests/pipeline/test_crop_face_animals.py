"""Faces of cats and dogs cut out of pictures and videos; the detectors are stand-ins."""

from pathlib import Path

import numpy as np
import pytest

from src.errors import InputError, NoFaceError
from src.face.animal_mesh import mesh_over
from src.face.crop import crop_image
from src.face.face import Scheme
from src.media.picture import read_picture, write_picture
from src.media.video_reader import open_video
from src.pipeline import crop_face as module
from src.pipeline.crop_face import crop_face, list_faces

from .fake_animals import FakeAnimalDetector, fur, warm
from .fakes import FakeDetector
from .scenes import grey, people, write_video

POINTS = "60,50 140,52 100,100 99,120"
XY = np.array([(60, 50), (140, 52), (100, 100), (99, 120)], np.float32)


@pytest.fixture(autouse=True)
def made(tmp_path, monkeypatch) -> list[tuple]:
    """Works in an empty folder; notes which detectors were made."""
    monkeypatch.chdir(tmp_path)
    asked = []

    def animals(name, **options):
        asked.append((name, options["threshold"]))
        return FakeAnimalDetector()

    monkeypatch.setattr(module, "create_animal_detector", animals)
    monkeypatch.setattr(module, "create_detector", lambda *args, **options: asked.append("person") or FakeDetector())
    return asked


@pytest.fixture
def noise() -> np.ndarray:
    """A picture without anybody's fur, in which every place differs."""
    picture = np.random.default_rng(0).integers(60, 200, (16, 20, 3), dtype=np.uint8)
    picture = picture.repeat(10, axis=0).repeat(10, axis=1)
    write_picture("s.png", picture)
    return picture


def test_an_animal_is_cut_out_of_a_picture(made):
    write_picture("s.png", fur(100, 200, 160))
    assert crop_face("s.png", "c.png", animal=True, dsize=64) == [Path("c.png")]
    assert read_picture("c.png").shape == (64, 64, 3) and made == [("auto", 0.15)]


def test_detector_and_threshold_may_be_named(made):
    write_picture("s.png", fur(100))
    crop_face("s.png", "c.png", animal=True, animal_detector="xpose", det_thresh=0.4)
    assert made == [("xpose", 0.4)]


def test_of_a_video_the_fast_detector_finds_it(made):
    write_video(Path("v.mp4"), [fur(100)] * 3)
    assert crop_face("v.mp4", "c.mp4", animal=True, dsize=64) == [Path("c.mp4")]
    assert {name for name, _ in made} == {"catface"} and open_video(Path("c.mp4")).n_frames == 3

    for options, message in (
        ({"animal_detector": "xpose"}, "xpose takes seconds for every frame"),
        ({"source_points": POINTS}, "--source_points is for pictures"),
    ):
        with pytest.raises(InputError, match=message):
            crop_face("v.mp4", "c.mp4", animal=True, **options)


def test_people_are_still_people(made):
    write_picture("s.png", grey(100))
    crop_face("s.png", "c.png", dsize=64)
    assert made == ["person"]


@pytest.mark.parametrize("points", [POINTS, POINTS.split(), tuple(POINTS.split()), XY, XY.tolist()], ids=str)
def test_given_points_are_cut_out_as_the_compact_model_sees_them(noise, made, points):
    crop_face("s.png", "c.png", animal=True, source_points=points)
    expected = crop_image(noise, mesh_over(XY), Scheme.MESH478, dsize=512, scale=2.3, vy_ratio=-0.125).image
    np.testing.assert_array_equal(read_picture("c.png"), expected)
    assert made == []


def test_a_tilted_face_is_turned_upright(noise):
    tilted = "60,60 120,100 70,115 60,130"
    crop_face("s.png", "turned.png", animal=True, source_points=tilted)
    crop_face("s.png", "as_it_was.png", animal=True, source_points=tilted, flag_do_rot=False)
    assert np.abs(read_picture("turned.png").astype(int) - read_picture("as_it_was.png")).mean() > 5


def test_several_animals(made):
    write_picture("s.png", warm(people(100, 150)))
    assert crop_face("s.png", "c.png", animal=True, faces="all", dsize=32) == [Path("c_0.png"), Path("c_1.png")]
    levels = [read_picture(f"c_{number}.png")[16, 16].mean() for number in (0, 1)]
    assert levels == pytest.approx([100, 150], abs=2)


def test_animals_are_listed(made):
    write_picture("s.png", warm(people(100, 150)))
    found = list_faces("s.png", animal=True)
    assert len(found.faces) == 2 and found.picture.is_file()
    assert found.faces[0].box[0] < found.faces[1].box[0]


@pytest.mark.parametrize("call", [crop_face, list_faces])
def test_given_points_without_animal(call, noise):
    with pytest.raises(InputError, match="--source_points needs --animal"):
        call("s.png", source_points=POINTS)


@pytest.mark.parametrize("call", [crop_face, list_faces])
@pytest.mark.parametrize(
    ("points", "message"),
    [
        ("1,2", "--source_points 1,2 is not four points"),
        ("140,52 60,50 100,100 99,120", "are not eyes with a nose and a mouth below them"),
        ("60,50 240,52 100,150 99,180", "leave the picture of 200 x 160 pixels"),
        (XY[:3], "is not four points"),
    ],
    ids=str,
)
def test_points_that_are_refused(call, noise, points, message):
    with pytest.raises(InputError, match=message) as caught:
        call("s.png", animal=True, source_points=points)
    assert "\n" not in str(caught.value) and [path.name for path in Path().iterdir()] == ["s.png"]


@pytest.mark.parametrize("call", [crop_face, list_faces])
@pytest.mark.parametrize("animal", [True, False])
def test_nobody_there(call, animal):
    write_picture("s.png", grey(0))
    with pytest.raises(NoFaceError) as caught:
        call("s.png", animal=animal)
    what, advice = ("animal's face", "--source_points") if animal else ("face", "--animal")
    assert str(caught.value).startswith(f"no {what} found in 's.png': it must show") and advice in str(caught.value)


def test_a_person_is_no_animal():
    write_picture("s.png", grey(100))
    with pytest.raises(NoFaceError, match=r"no animal's face found in 's\.png'"):
        crop_face("s.png", animal=True)


def test_an_unknown_detector_of_animals(noise):
    with pytest.raises(InputError, match="--animal_detector must be one of auto, xpose, catface, got 'haar'"):
        crop_face("s.png", animal=True, animal_detector="haar")


@pytest.mark.parametrize("animal", [1, "no"])
def test_animal_is_yes_or_no(animal):
    write_picture("a.png", fur(100))
    with pytest.raises(InputError, match="--animal must be bool"):
        crop_face("a.png", animal=animal)


def test_a_video_is_cut_where_a_driver_is(monkeypatch):
    turned = []
    monkeypatch.setattr(module, "AnimalFaces", lambda found, **options: turned.append(options["turned"]) or found)
    monkeypatch.setattr(module, "create_animal_detector", lambda *args, **options: FakeDetector())
    write_video("a.mp4", [fur(level) for level in (60, 80)])
    write_picture("a.png", fur(100))
    crop_face("a.mp4", "v.mp4", animal=True)
    crop_face("a.png", "p.png", animal=True)
    assert turned == [True, False]


def test_xposes_finds_are_cut_out_by_their_own_points(monkeypatch, noise):
    class XPose(FakeAnimalDetector):
        name = "xpose"

    monkeypatch.setattr(module, "create_animal_detector", lambda *args, **options: XPose())
    write_picture("a.png", fur(100))
    crop_face("a.png", "x.png", animal=True)
    monkeypatch.setattr(module, "create_animal_detector", lambda *args, **options: FakeAnimalDetector())
    crop_face("a.png", "c.png", animal=True)
    assert (read_picture("x.png") != read_picture("c.png")).any()
