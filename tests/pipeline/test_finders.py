"""Which detector looks at what."""

import logging

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError
from src.face.animal_faces import AnimalFaces
from src.face.face import Scheme
from tests.face.meshes import points_of_mesh

from .fake_animals import Asked, fur
from .fakes import FakeEngine
from .scenes import clip_of, grey

POINTS = "90,110 150,110 120,150 120,170"
XY = np.array([(90, 110), (150, 110), (120, 150), (120, 170)])


@pytest.fixture
def asked() -> Asked:
    return Asked()


def animals(**options) -> ArgumentConfig:
    return ArgumentConfig(animals=True, **options)


def engine(*, reads_meshes: bool) -> FakeEngine:
    made = FakeEngine()
    made.reads_meshes = reads_meshes
    return made


# The source -----------------------------------------------------------------------------------------------------------


def picture(rgb):
    return clip_of([rgb], is_video=False)


def test_people_are_found_by_the_detector_of_people(asked):
    finder = asked.finders.of_source(picture(grey(90)), engine(reads_meshes=True), ArgumentConfig())
    assert asked.made == []  # it is made when it is needed
    assert finder() is asked.person and asked.made == ["person"]


def test_the_animal_of_a_picture_gets_a_mesh(asked):
    finder = asked.finders.of_source(picture(fur(90)), engine(reads_meshes=True), animals())
    assert asked.made == []
    (face,) = finder().detect(fur(90))
    assert asked.made == ["animal"] and finder().name == "fake animals"
    assert face.scheme is Scheme.MESH478 and face.still_landmarks is None


def test_official_models_crop_by_nine_points(asked):
    finder = asked.finders.of_source(picture(fur(90)), engine(reads_meshes=False), animals())
    (face,) = finder().detect(fur(90))
    assert (face.scheme, face.still_scheme) == (Scheme.MESH478, Scheme.ANIMAL9)


@pytest.mark.parametrize("reads_meshes", [True, False])
@pytest.mark.parametrize("points", [POINTS, POINTS.split(), XY])
def test_given_points_need_no_detector(asked, points, reads_meshes):
    clip = picture(grey(90, 200, 240))
    detector = asked.finders.of_source(clip, engine(reads_meshes=reads_meshes), animals(source_points=points))()
    (face,) = detector.detect(next(iter(clip)))
    np.testing.assert_allclose(points_of_mesh(face.landmarks), XY, atol=1e-3)
    assert asked.made == [] and detector.name == "given points"
    assert (face.still_scheme is None) == reads_meshes


def test_given_points_are_pixels_of_the_file_and_not_of_the_shrunk_picture(asked):
    clip = picture(grey(90, 400, 300)).limited(200, 2)
    detector = asked.finders.of_source(clip, engine(reads_meshes=True), animals(source_points=POINTS))()
    (face,) = detector.detect(next(iter(clip)))
    np.testing.assert_allclose(points_of_mesh(face.landmarks), XY / 2, atol=1e-3)


@pytest.mark.parametrize("points", ["1,2", POINTS.replace("110", "200")])
def test_bad_points_are_told_before_a_detector_is_made(asked, points):
    with pytest.raises(InputError, match="--source_points"):
        asked.finders.of_source(picture(grey(90)), engine(reads_meshes=True), animals(source_points=points))
    assert asked.made == []


def test_points_outside_of_the_picture_are_told_when_it_is_looked_at(asked):
    clip = picture(grey(90, 100, 100))
    detector = asked.finders.of_source(clip, engine(reads_meshes=True), animals(source_points=POINTS))()
    with pytest.raises(InputError, match="leave the picture of 100 x 100 pixels"):
        detector.detect(next(iter(clip)))


# The driver -----------------------------------------------------------------------------------------------------------


def looks_for_an_animal(finder) -> bool:
    return isinstance(finder(), AnimalFaces)


@pytest.mark.parametrize("kind", ["auto", "human"])
def test_people_are_driven_by_people(asked, kind):
    clip = clip_of([fur(90)] * 3)
    assert asked.finders.of_driver(clip, ArgumentConfig(driving_kind=kind))() is asked.person
    assert asked.made == ["person"]


def test_a_driver_with_an_animal(asked, caplog):
    with caplog.at_level(logging.INFO):
        finder = asked.finders.of_driver(clip_of([fur(90)] * 3), animals())
    assert looks_for_an_animal(finder) and set(asked.made) == {"person", "animal in clip"}
    assert "driving face of 'c': an animal's" in caplog.text
    (face,) = finder().detect(fur(90))
    assert face.scheme is Scheme.MESH478


def test_a_driver_with_a_person(asked, caplog):
    with caplog.at_level(logging.INFO):
        finder = asked.finders.of_driver(clip_of([grey(90)] * 20), animals())
    assert finder() is asked.person and asked.in_clip.calls == 0 and caplog.messages == []


def test_an_animal_that_comes_before_the_person(asked):
    frames = [grey(0)] * 8 + [fur(90)] * 8 + [grey(90)] * 8
    assert looks_for_an_animal(asked.finders.of_driver(clip_of(frames), animals()))


def test_a_person_that_comes_before_the_animal(asked):
    frames = [grey(0)] * 8 + [grey(90)] * 8 + [fur(90)] * 8
    assert not looks_for_an_animal(asked.finders.of_driver(clip_of(frames), animals()))


def test_a_driver_with_nobody_is_taken_for_a_persons_after_a_few_frames(asked):
    finder = asked.finders.of_driver(clip_of([grey(0)] * 50), animals())
    assert finder() is asked.person and asked.in_clip.calls == asked.person.calls == 4


def test_whose_face_a_driver_shows_may_be_said(asked):
    clip = clip_of([grey(0)] * 3)
    assert looks_for_an_animal(asked.finders.of_driver(clip, animals(driving_kind="animal")))
    assert asked.finders.of_driver(clip_of([fur(90)]), animals(driving_kind="human"))() is asked.person
    assert asked.in_clip.calls == asked.person.calls == 0


@pytest.mark.parametrize(
    ("args", "animal"),
    [
        (ArgumentConfig(), False),
        (ArgumentConfig(driving_kind="animal"), False),
        (animals(), False),
        (animals(driving_kind="human"), False),
        (animals(driving_kind="animal"), True),
    ],
)
def test_live_drivers_are_people_unless_the_options_say_otherwise(asked, args, animal):
    finder = asked.finders.of_live_driver(args)
    assert asked.made == [] and looks_for_an_animal(finder) is animal


def test_a_turned_head_is_seen_of_drivers_and_not_of_sources(asked):
    source = asked.finders.of_source(picture(fur(90)), engine(reads_meshes=True), animals())().detect(fur(90))[0]
    driver = asked.finders.of_live_driver(animals(driving_kind="animal"))().detect(fur(90))[0]
    assert not np.allclose(source.landmarks, driver.landmarks, atol=0.5)  # the fake's short muzzle nods


# Nobody there ---------------------------------------------------------------------------------------------------------


def test_no_person(asked):
    error = asked.finders.no_face("the source 's'", grey(90), ArgumentConfig())
    assert str(error).startswith("no face found in the source 's': give a picture that shows a face from the front")
    assert asked.made == []


def test_a_person_where_an_animal_is_needed(asked):
    message = str(asked.finders.no_face("the source 's'", grey(90), animals()))
    assert message.startswith("the source 's' shows a person and no animal: inference.py animates people")
    assert "--source_points" in message and "\n" not in message


def test_nobody_where_an_animal_is_needed(asked):
    message = str(asked.finders.no_face("the source 's'", grey(0), animals()))
    assert message.startswith("no animal's face found in the source 's': give a picture")
    assert "--source_points" in message and "person" not in message and "\n" not in message
