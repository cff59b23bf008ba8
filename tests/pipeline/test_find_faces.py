"""Which faces a picture shows, and which of them a click means."""

from pathlib import Path

import numpy as np
import pytest

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, NoFaceError
from src.face.mark import mark_faces
from src.live_portrait_wrapper import LivePortraitWrapper
from src.media.picture import read_picture
from src.pipeline.find_faces import FacesFound, find_faces
from tests.face.fakes import face_at

from .fake_animals import Asked, fur
from .fakes import finders
from .scenes import grey, people

SOURCES = Path(__file__).parents[2] / "assets/examples/source"
THREE = people(100, 0, 200, 150)  # squares of 80 pixels that begin at 8, 200 and 296; faces are smaller


@pytest.fixture
def found(engine, detector):
    def found(source=THREE, **options):
        return find_faces(source, engine, finders(detector), ArgumentConfig(source=source, **options))

    return found


def middles_of(found: FacesFound) -> list[float]:
    return [float(face.box[0] + face.box[2]) / 2 for face in found.faces]


def test_faces_are_counted_from_left_to_right(found, detector):
    assert [round(x) for x in middles_of(found())] == [48, 240, 336]
    brightest_first = [round(float(face.box[0] + face.box[2]) / 2) for face in detector.find(THREE)]
    assert brightest_first == [240, 336, 48]  # the detector's order is another one


def test_the_largest():
    picture = grey(90)
    faces = [face_at(0, 0, size=20), face_at(30, 30, size=50), face_at(90, 0, size=30)]
    assert FacesFound(picture, faces).largest == 1
    assert FacesFound(picture, faces[:1]).largest == 0


# boxes: 0 to 20, and 60 to 100
@pytest.mark.parametrize(
    ("x", "y", "number"),
    [
        (10, 10, 0),
        (80, 80, 1),
        (20, 20, 0),  # on the border
        (60, 100, 1),
        (50, 50, 1),  # between them: the nearer border counts, not the nearer middle
        (35, 35, 0),
        (0, 1000, 1),  # far outside of the picture
        (-5, -5, 0),
        (100, 0, 1),
        (30, 0, 0),
    ],
)
def test_the_face_at_a_click(x, y, number):
    found = FacesFound(grey(90), [face_at(0, 0, size=20), face_at(60, 60, size=40)])
    assert found.at(x, y) == number


def test_every_face_is_at_its_own_middle(found):
    result = found()
    assert [result.at(x, 48) for x in middles_of(result)] == [0, 1, 2]


def test_the_picture_is_a_copy_within_its_size_limit(found):
    picture = THREE.copy()
    result = found(picture, source_max_dim=192)
    assert result.picture.shape == (48, 192, 3)
    assert [round(x) for x in middles_of(result)] == [24, 120, 168]  # faces are in the pixels of what is shown
    whole = found(picture)
    picture[:] = 0
    np.testing.assert_array_equal(whole.picture, THREE)


def test_marked_pictures_are_copies(found):
    result = found()
    plain, chosen = result.marked(), result.marked(1)
    np.testing.assert_array_equal(result.picture, THREE)
    np.testing.assert_array_equal(plain, mark_faces(THREE, result.faces))
    np.testing.assert_array_equal(chosen, mark_faces(THREE, result.faces, 1))


def test_the_chosen_face_has_a_thick_green_box():
    faces = [face_at(40, 60, size=50), face_at(180, 100, size=60)]
    picture = np.zeros((200, 300, 3), np.uint8)
    plain, chosen = mark_faces(picture, faces), mark_faces(picture, faces, 1)
    np.testing.assert_array_equal(plain[:, :160], chosen[:, :160])  # the other one is as it was

    def border(marked, left, middle):
        """Colour in the middle of a left border, and how many pixels wide it is."""
        row = marked[middle, left - 5 : left + 6]
        return tuple(int(level) for level in marked[middle, left]), int(row.any(axis=1).sum())

    (yellow, thin), (same, same_width) = border(plain, 180, 130), border(chosen, 40, 85)
    green, thick = border(chosen, 180, 130)
    assert (yellow, thin) == (same, same_width) and thick > thin
    assert green[1] > max(green[0], green[2]) and yellow[0] > yellow[1]


@pytest.mark.parametrize("number", [None, 7])
def test_without_a_choice_all_boxes_are_alike(number):
    faces, picture = [face_at(40, 60, size=50), face_at(180, 60, size=50)], np.zeros((200, 300, 3), np.uint8)
    marked = mark_faces(picture, faces, number)
    assert marked.any()
    np.testing.assert_array_equal(marked[60:111, 40:100], marked[60:111, 180:240])


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (grey(0), NoFaceError, "no face found in the source"),
        (np.stack([grey(90)] * 3), InputError, "is a video: only a picture can be searched"),
        ("d.mp4", InputError, r"the source '.*d\.mp4' is a video: only a picture can be searched"),
        ("d.safetensors", InputError, "is a motion template: only a picture can be searched"),
        ("none.jpg", MissingFileError, r"none\.jpg"),
        ("", InputError, "--source is empty"),
        (None, InputError, "the source is None: give a path"),
    ],
)
def test_refused(found, media, source, error, message):
    with pytest.raises(error, match=message):
        found(media / source if isinstance(source, str) and source else source)


def test_animals(engine):
    asked = Asked()
    args = ArgumentConfig(animals=True)
    result = find_faces(fur(100, 200, 160), engine, asked.finders, args)
    assert len(result.faces) == 1 and asked.made == ["animal"]
    with pytest.raises(NoFaceError, match="shows a person and no animal"):
        find_faces(grey(100), engine, asked.finders, args)


@pytest.fixture(scope="module")
def wrapper():
    return LivePortraitWrapper(model="compact", device="cpu")


def test_people_in_a_real_picture(wrapper):
    path = SOURCES / "s9.jpg"
    found = wrapper.find_faces(path)
    assert len(found.faces) == 1 and found.largest == 0
    np.testing.assert_array_equal(found.picture, read_picture(path))


def test_a_cat_is_no_face_of_a_person(wrapper):
    with pytest.raises(NoFaceError, match=r"no face found in the source '.*cat\.jpg'"):
        wrapper.find_faces(SOURCES / "cat.jpg")
