"""A source that is set once and driven frame by frame."""

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, NoFaceError
from src.pipeline.animate import animate
from src.pipeline.live import open_session
from src.pipeline.progress import silent

from .conftest import LEVELS
from .fake_animals import Asked, fur, warm
from .fakes import OUT, MeshDetector, finders
from .scenes import grey, middles, people

PICTURE = grey(100, 200, 160)
FRAMES = [grey(level, 96, 96) for level in LEVELS]


@pytest.fixture
def session(engine, detector):
    def opened(source=PICTURE, detector=detector, **options):
        return open_session(engine, finders(detector), ArgumentConfig(source=source, **options))

    return opened


def face_levels(results):
    return [middles(result, 1)[0] for result in results]


def test_the_first_face_is_neutral(session):
    results = session().drive(FRAMES)
    assert face_levels(results) == pytest.approx([127 + level - LEVELS[0] for level in LEVELS], abs=1.01)
    assert all(result.shape == PICTURE.shape and result.dtype == np.uint8 for result in results)
    assert all((result[:, :40] == 100).all() for result in results)


@pytest.mark.parametrize("sizes", [[1] * 10, [3, 7], [10], [0, 4, 0, 6]])
def test_how_the_frames_come_changes_nothing(session, sizes):
    whole, live, results, start = session().drive(FRAMES), session(), [], 0
    for size in sizes:
        results += live.drive(FRAMES[start : start + size])
        start += size
    np.testing.assert_array_equal(results, whole)


def test_batches(session, engine):
    session(batch_size=3).drive(FRAMES)
    assert [n for what, n in engine.events if what == "render"] == [3, 3, 3, 1]


def test_the_source_is_encoded_once(session, engine, detector):
    live = session()
    assert [what for what, _ in engine.events] == ["prepare", "encode"]
    live.drive(FRAMES)
    live.reset()
    live.drive(FRAMES)
    assert [what for what, _ in engine.events].count("encode") == 1


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"flag_crop_driving_video": True},
        {"flag_relative_motion": False},
        {"driving_multiplier": 0.5},
        {"flag_normalize_lip": True},
        {"flag_lip_retargeting": True, "flag_eye_retargeting": True},
        {"animation_region": "lip"},
        {"output_size": 128},
        {"flag_pasteback": False, "output_size": 128},
        {"flag_do_crop": False},
        {"match_color": True, "feather": 40},
    ],
    ids=str,
)
def test_equal_to_a_run_over_the_same_frames(session, run, written, options):
    """Where the face stays in its place: a run has one box for the whole clip, a camera only the first face."""
    live = session(**options).drive(FRAMES)
    run(np.stack(FRAMES), PICTURE, output="r.mp4", **options)
    np.testing.assert_array_equal(live, written["r.mp4"].frames)


def test_frames_without_a_face_hold_the_last_motion(session):
    shown = [grey(level, 96, 96) for level in (60, 100, 0, 0, 80)]
    assert face_levels(session().drive(shown)) == pytest.approx([127, 167, 167, 167, 147], abs=1.01)


@pytest.mark.parametrize("at_once", [True, False])
def test_before_the_first_face_the_picture_is_as_it_was(session, engine, at_once):
    live, shown = session(), [grey(level, 96, 96) for level in (0, 0, 60, 70)]
    results = live.drive(shown) if at_once else [live.drive([frame])[0] for frame in shown]
    np.testing.assert_array_equal(results[:2], [PICTURE] * 2)
    assert face_levels(results[2:]) == pytest.approx([127, 137], abs=1.01)
    assert sum(n for what, n in engine.events if what == "render") == 2


@pytest.mark.parametrize(("options", "side"), [({}, OUT), ({"output_size": 128}, 128)])
def test_before_the_first_face_the_crop_is_as_it_was(session, options, side):
    live = session(flag_pasteback=False, **options)
    (idle,), (driven,) = live.drive([grey(0)]), live.drive([grey(60)])
    assert idle.shape == driven.shape == (side, side, 3) and (idle == 100).all()


def test_what_is_handed_out_belongs_to_the_caller(session):
    picture = PICTURE.copy()
    live = session(picture)
    for frame in (grey(0), grey(60)):
        (result,) = live.drive([frame])
        result[:] = 0
    (again,) = live.drive([grey(60)])
    assert (picture == 100).all() and again[0, 0, 0] == 100 and face_levels([again]) == [127]
    picture[:] = 0  # nor does what a caller does with the picture later show
    assert live.drive([grey(60)])[0][0, 0, 0] == 100


def test_reset(session):
    live = session()
    live.drive(FRAMES)
    live.reset()
    assert face_levels(live.drive([grey(0), grey(150), grey(160)])) == pytest.approx([100, 127, 137], abs=1.01)


def test_the_box_is_that_of_the_first_face(session, engine, detector):
    """A face that walks off leaves its box: the camera does not follow it."""
    wide = [people(90, 0), people(90, 0, shift=8), people(0, 90)]
    levels = face_levels(session(flag_do_crop=False, source=grey(100)).drive(wide))
    assert levels[1] == pytest.approx(127, abs=30) and levels[2] < 100


def test_one_driver_for_all_faces(session):
    results = session(people(100, 120), faces="all").drive(FRAMES[:3])
    assert [middles(result, 2) for result in results] == [[127, 127], [147, 147], [167, 167]]
    (rows,) = session(people(100, 120), faces="all", flag_pasteback=False).drive(FRAMES[:1])
    assert rows.shape == (OUT, 2 * OUT, 3)


def test_motion_keeps_the_canonical_keypoints_of_the_first_face(session, engine):
    given, get_motion = [], engine.get_motion
    live = session()
    engine.get_motion = lambda pictures, meshes=None, like=None: given.append(like) or get_motion(pictures)
    live.drive(FRAMES[:3])
    assert given[0] is None and all(like is not None for like in given[1:])


def test_meshes_are_read_in_the_box(session, engine):
    engine.reads_meshes = engine.always_crops_driving = True
    given, get_motion = [], engine.get_motion
    live = session(detector=MeshDetector())
    engine.get_motion = lambda pictures, meshes=None, like=None: given.append(meshes) or get_motion(pictures, meshes)
    live.drive(FRAMES[:1])
    assert given[0].shape == (1, 478, 3) and np.abs(given[0][..., :2]).max() < 1.5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": np.stack(FRAMES)}, InputError, "is a video: only a picture can be driven live"),
        ({"source": grey(0)}, NoFaceError, "no face found in the source"),
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"scale": 0.0}, InputError, "--scale"),
        ({"faces": "3"}, InputError, "--faces asks for face 3"),
    ],
)
def test_refused(session, options, error, message):
    with pytest.raises(error, match=message):
        session(**options)


def test_frames_that_are_no_pictures(session):
    live = session()
    for shape, dtype in (((4, 4, 3), np.float32), ((4, 4, 5), np.uint8), ((2, 4, 4, 3), np.uint8)):
        with pytest.raises(InputError, match="the driving frame is an array"):
            live.drive([np.zeros(shape, dtype)])
    for wrong in ("frame.png", b"data", None):
        with pytest.raises(InputError, match=r"the driving frame is a (str|bytes|NoneType): give an array"):
            live.drive([wrong])
    assert face_levels(live.drive([grey(60)])) == [127]


# Animals --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked():
    return Asked()


@pytest.fixture(params=[False, True], ids=["relatively", "absolutely"])
def animal(request, engine, asked):
    engine.moves_absolutely = request.param

    def opened(source=None, **options):
        options = {"flag_stitching": False, "paste_unstitched": True, **options}
        source = fur(100, 200, 160) if source is None else source
        return open_session(engine, asked.finders, ArgumentConfig(source=source, animals=True, **options))

    return opened


EXPECTED = pytest.approx([127 + level - LEVELS[0] for level in LEVELS], abs=1.01)


def test_a_person_drives_an_animal(animal, asked, engine):
    results = animal().drive(FRAMES)
    assert face_levels(results) == EXPECTED and asked.made == ["animal", "person"]
    assert all(result.shape == (160, 200, 3) for result in results) and engine.heads.calls == []
    assert all((result[:, :10] == fur(100)[0, 0]).all() for result in results)


def test_an_animal_drives_an_animal_if_the_options_say_so(animal, asked):
    results = animal(driving_kind="animal").drive([fur(level, 96, 96) for level in LEVELS])
    assert face_levels(results) == EXPECTED and asked.made == ["animal", "animal in clip"]
    assert face_levels(animal(driving_kind="animal").drive(FRAMES)) == [100] * len(FRAMES)  # a person is none


def test_an_animal_whose_points_are_given(animal, asked):
    results = animal(grey(100, 200, 160), source_points="60,50 140,50 100,100 100,120").drive(FRAMES)
    assert face_levels(results) == EXPECTED and asked.made == ["person"]


@pytest.mark.parametrize("paste", [True, False])
def test_several_animals(animal, paste):
    results = animal(warm(people(100, 120)), faces="all", paste_unstitched=paste).drive(FRAMES[:3])
    assert [middles(result, 2) for result in results] == [[127, 127], [147, 147], [167, 167]]


def test_an_animal_driven_live_and_by_a_file(animal, engine, asked, written, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("src.pipeline.animate.write_gif", lambda video, path: None)
    live = animal(driving_multiplier=0.7).drive(FRAMES)
    options = {"driving_multiplier": 0.7, "flag_stitching": False, "paste_unstitched": True, "animals": True}
    args = ArgumentConfig(source=fur(100, 200, 160), driving=np.stack(FRAMES), output="r.mp4", **options)
    animate(engine, asked.finders, args, silent)
    np.testing.assert_array_equal(live, written["r.mp4"].frames)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": grey(100)}, NoFaceError, "shows a person and no animal"),
        ({"source": grey(0)}, NoFaceError, "no animal's face found in the source"),
        ({"source_points": "1,2"}, InputError, "--source_points 1,2 is not four points"),
        ({"source_points": "60,50 240,50 100,150 100,170"}, InputError, "leave the picture of 200 x 160 pixels"),
        ({"source": np.stack(FRAMES)}, InputError, "only a picture can be driven live"),
    ],
)
def test_animals_refused(animal, options, error, message):
    with pytest.raises(error, match=message):
        animal(**options)


def test_options_of_animals_are_refused_for_people(session):
    with pytest.raises(InputError, match="--source_points is for animals"):
        session(source_points="1,2 3,4 5,6 7,8")
    with pytest.raises(InputError, match="--driving_kind animal is for animals"):
        session(driving_kind="animal")
