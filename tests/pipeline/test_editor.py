"""A portrait that is set once and edited by sliders."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, MissingFileError, NoFaceError
from src.face.ratios import lip_ratio
from src.live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from src.media.picture import read_picture
from src.motion.expression import Expression
from src.motion.template import save_template
from src.pipeline.editor import open_editor
from tests.tolerances import UINT8

from .fake_animals import Asked, fur
from .fakes import OUT, finders
from .scenes import grey, middles, people

PICTURE = grey(100, 200, 160)
RIGHT = Expression({"mov_x": -0.1})  # the fake engine draws a mean shift to the right as brightness
SOURCES = Path(__file__).parents[2] / "assets/examples/source"


@pytest.fixture
def editor(engine, detector):
    def opened(source=PICTURE, **options):
        return open_editor(engine, finders(detector), ArgumentConfig(source=source, **options))

    return opened


def level(picture):
    return middles(picture, 1)[0]


def test_the_portrait_itself(editor, engine):
    found = editor()
    edited = found.edit(Expression())
    assert level(edited.crop) == pytest.approx(127, abs=1) and edited.crop.shape == (OUT, OUT, 3)
    assert edited.picture.shape == PICTURE.shape and level(edited.picture) == pytest.approx(127, abs=1)
    assert (edited.picture[:, :40] == 100).all()
    np.testing.assert_array_equal(found.frame, PICTURE)
    assert found.crop.shape == (512, 512, 3) and level(found.crop) == 100
    assert found.eye_opening == found.lip_opening == round(100 / 255, 2)


def test_edits_reach_the_engine(editor, engine):
    found = editor()
    shift = 0.1 / 21 * 255  # of one of 21 keypoints
    assert level(found.edit(RIGHT).crop) == pytest.approx(127 + shift, abs=1.01)
    # the fake networks shift all keypoints by the change of the opening
    assert level(found.edit(Expression(eye_target=0.7)).crop) == pytest.approx(127 + (0.7 - 100 / 255) * 255, abs=1.5)
    assert level(found.edit(Expression(lip_target=0.1)).crop) == pytest.approx(127 + (0.1 - 100 / 255) * 255, abs=1.5)
    assert engine.heads.calls == ["stitch", "eye", "stitch", "lip", "stitch"]


def test_without_stitching(editor, engine):
    edited = editor().edit(RIGHT, flag_stitching=False)
    assert engine.heads.calls == [] and level(edited.picture) > 127  # it is pasted back all the same


@pytest.mark.parametrize("stitching", [True, False])
def test_whatever_the_command_line_says_of_stitching_is_pasted(editor, stitching):
    edited = editor(flag_stitching=False).edit(RIGHT, flag_stitching=stitching)
    assert edited.picture.shape == PICTURE.shape and level(edited.picture) == level(edited.crop) > 127


def test_the_portrait_is_encoded_once(editor, engine):
    found = editor()
    for expression in (Expression(), RIGHT, Expression()):
        found.edit(expression)
    assert [what for what, _ in engine.events] == ["prepare", "encode", "render", "render", "render"]


def test_edits_leave_nothing_behind(editor):
    picture = PICTURE.copy()
    found = editor(picture)
    first = found.edit(RIGHT)
    kept = first.crop.copy(), first.picture.copy()
    first.crop[:] = 0
    first.picture[:] = 0
    picture[:] = 0  # nor does what a caller does with the picture later show
    found.edit(Expression({"mov_z": 1.2}, eye_target=0.0))
    again = found.edit(RIGHT)
    np.testing.assert_array_equal(again.crop, kept[0])
    np.testing.assert_array_equal(again.picture, kept[1])


@pytest.mark.parametrize("options", [{"flag_pasteback": False}, {"flag_do_crop": False}], ids=str)
def test_where_nothing_is_pasted_back_the_picture_is_the_crop(editor, options):
    found = editor(**options)
    edited = found.edit(RIGHT)
    assert edited.picture is edited.crop and edited.crop.shape == (OUT, OUT, 3)
    assert found.lip_opening == round(100 / 255, 2)
    assert level(found.edit(Expression(lip_target=0.6)).crop) > level(edited.crop) > 127


def test_size_of_the_result(editor):
    edited = editor(grey(100, 400, 320), output_size=96).edit(Expression())
    assert edited.crop.shape == (96, 96, 3) and edited.picture.shape[:2] == (76, 96)


@pytest.mark.parametrize("faces", ["1", "largest"])
def test_another_face(editor, faces):
    """The brighter one is as large as the other, and the first that the detector gives."""
    shown = people(150, 100)
    found = editor(shown, faces=faces)
    edited, other = found.edit(RIGHT).picture, 0 if faces == "1" else 1
    assert middles(edited, 2)[other] == middles(shown, 2)[other]
    assert middles(edited, 2)[1 - other] == pytest.approx(128, abs=1.01)
    assert found.lip_opening == round((100, 150)[other] / 255, 2)


def test_a_template(editor):
    found = editor()
    template = found.template(RIGHT)
    assert template.model == "fake" and template.n_frames == 76
    shifts = template.motion.exp[:, 5, 0]
    torch.testing.assert_close(shifts[[0, 38, 75]], torch.tensor([0, 0.1, 0]))


def test_driven_by_its_template_the_portrait_is_the_edited_one(editor, run, written, tmp_path):
    found, expression = editor(), Expression({"mov_x": -0.1, "smile": 1.0}, lip_target=0.5)
    path = save_template(found.template(expression), tmp_path / "t.safetensors")
    run(str(path), PICTURE, output=str(tmp_path / "r.mp4"))
    frames = written["r.mp4"].frames
    np.testing.assert_array_equal(frames[38], found.edit(expression).picture)
    np.testing.assert_array_equal(frames[0], found.edit(Expression()).picture)
    assert level(frames[38]) > level(frames[0]) + 10


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"source": np.stack([PICTURE] * 3)}, InputError, "is a video: only a picture can be edited"),
        ({"source": "d.safetensors"}, InputError, r"safetensors' is a motion template: only a picture can be edited"),
        ({"source": "d.mp4"}, InputError, "is a video: only a picture can be edited"),
        ({"source": "none.jpg"}, MissingFileError, r"none\.jpg"),
        ({"source": grey(0)}, NoFaceError, "no face found in the source"),
        ({"source": grey(0), "flag_do_crop": False}, NoFaceError, "no face found in the source"),
        ({"source": people(100, 150), "faces": "all"}, InputError, "one face is edited at a time, --faces all names 2"),
        ({"source": people(9, 100, 150), "faces": "1,0"}, InputError, "one face .* --faces 1,0 names 2"),
        ({"faces": "3"}, InputError, "--faces asks for face 3, but .* shows 1 face"),
        ({"scale": 0.0}, InputError, "--scale"),
    ],
)
def test_refused(editor, media, options, error, message):
    source = options.get("source")
    given = {"source": media / source} if isinstance(source, str) else {}
    with pytest.raises(error, match=message):
        editor(**options | given)


def test_all_faces_of_a_picture_that_shows_one(editor):
    assert level(editor(faces="all").edit(RIGHT).picture) > 127


def test_animals_are_refused(engine):
    args = ArgumentConfig(source=fur(100), animals=True)
    with pytest.raises(InputError, match="knows people only"):
        open_editor(engine, Asked().finders, args)


# The shipped model ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wrapper():
    return LivePortraitWrapper(model="compact", device="cpu")


@pytest.fixture(scope="module")
def mona_lisa():
    return read_picture(SOURCES / "s9.jpg")


@pytest.fixture(scope="module")
def portrait(wrapper):
    return wrapper.open_editor(SOURCES / "s9.jpg")


def face_of(wrapper, picture):
    return wrapper.detector.detect(picture)[0]


def lips_of(wrapper, picture):
    face = face_of(wrapper, picture)
    return float(lip_ratio(face.landmarks, face.scheme).item())


def difference(one, other):
    return np.abs(one.astype(int) - other.astype(int))


def changes(wrapper, portrait, **edit):
    """Mean change of the forehead, of the eyes, and of the mouth, by an edit alone: unstitched."""
    neutral, edited = (portrait.edit(e, flag_stitching=False).picture for e in (Expression(), Expression(**edit)))
    left, top, right, bottom = (round(float(value)) for value in face_of(wrapper, portrait.frame).box)
    change, height = difference(neutral, edited)[:, left:right], bottom - top
    shares = ((0, 0.2), (0.2, 0.45), (0.6, 1))
    return [change[round(top + low * height) : round(top + high * height)].mean() for low, high in shares]


@pytest.mark.parametrize(("stitching", "most"), [(True, 8), (False, 0.6)])
def test_the_neutral_portrait(portrait, mona_lisa, stitching, most):
    """Stitching moves even a portrait that keeps its expression a little, by 1 in 100 of the crop."""
    edited = portrait.edit(Expression(), flag_stitching=stitching)
    assert difference(edited.crop, portrait.crop).mean() < most
    assert edited.picture.shape == mona_lisa.shape
    np.testing.assert_array_equal(portrait.frame, mona_lisa)


def test_far_from_the_face_the_picture_is_the_source(wrapper, portrait, mona_lisa):
    edited = portrait.edit(Expression({"input_head_yaw_variation": 15.0, "smile": 1.0})).picture
    changed = difference(edited, mona_lisa).max(axis=2) > UINT8["plain_max"]
    left, top, right, bottom = face_of(wrapper, mona_lisa).box
    middle, reach = ((left + right) / 2, (top + bottom) / 2), 1.6 * max(right - left, bottom - top)
    ys, xs = np.nonzero(changed)
    assert len(ys) > 1000
    assert np.abs(xs - middle[0]).max() < reach and np.abs(ys - middle[1]).max() < reach
    assert reach < max(mona_lisa.shape[:2]) / 2


def test_a_smile_is_about_the_mouth(wrapper, portrait):
    forehead, _, mouth = changes(wrapper, portrait, sliders={"smile": 1.3})
    assert mouth > 3 * forehead and mouth > 1


def test_lids_are_about_the_eyes(wrapper, portrait):
    forehead, eyes, mouth = changes(wrapper, portrait, eye_target=0.0)
    assert eyes > 2 * max(forehead, mouth) and eyes > 1


def test_lips_open(wrapper, portrait, mona_lisa):
    own = lips_of(wrapper, mona_lisa)
    assert portrait.lip_opening == round(own, 2)
    assert lips_of(wrapper, portrait.edit(Expression(lip_target=0.5)).picture) > own + 0.1


def test_a_turned_head(wrapper, portrait):
    """It is read as turned to that side, by most of what was asked for."""
    turned = [
        wrapper.motion_extractor(portrait.edit(Expression({"input_head_yaw_variation": yaw})).crop)["yaw"]
        for yaw in (-15.0, 0.0, 15.0)
    ]
    assert turned[0] + 8 < turned[1] < turned[2] - 8


def test_threads_share_it(portrait):
    expressions = [Expression(), Expression({"smile": 1.0}), Expression(lip_target=0.4)]
    alone = [portrait.edit(expression) for expression in expressions]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(portrait.edit, expressions))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one.crop, other.crop)
        np.testing.assert_array_equal(one.picture, other.picture)


def test_a_picture_that_is_not_cropped(wrapper, portrait):
    found = wrapper.open_editor(portrait.crop, flag_do_crop=False)
    assert found.lip_opening == pytest.approx(portrait.lip_opening, abs=0.03)
    assert found.eye_opening == pytest.approx(portrait.eye_opening, abs=0.03)
    half, wide = (found.edit(Expression(lip_target=target)) for target in (0.5, 0.7))
    assert wide.picture is wide.crop and wide.crop.shape == (512, 512, 3)
    assert lips_of(wrapper, wide.crop) > found.lip_opening + 0.2
    # At 0.5 the mesh takes the tongue for this painting's lower lip, so the picture itself is compared.
    cropped, rest = portrait.edit(Expression(lip_target=0.5)).crop, portrait.edit(Expression()).crop
    assert difference(half.crop, cropped).mean() < 0.1 * difference(cropped, rest).mean()


def test_the_second_face_of_two(wrapper):
    def beside(name):
        picture = read_picture(SOURCES / name)
        width = round(picture.shape[1] * 256 / picture.shape[0]) * 2
        return cv2.resize(picture, (width, 512), interpolation=cv2.INTER_AREA)

    left, right = beside("grace_hopper.jpg"), beside("s1.jpg")
    both, seam = np.concatenate([left, right], axis=1), left.shape[1]
    assert len(wrapper.find_faces(both).faces) == 2
    edited = wrapper.open_editor(both, faces="1").edit(Expression(lip_target=0.5)).picture
    change = difference(edited, both)
    assert change[:, seam:].mean() > 10 * change[:, :seam].mean()
    with pytest.raises(InputError, match="one face is edited at a time"):
        wrapper.open_editor(both, faces="all")


def test_options_of_files_are_refused(wrapper):
    with pytest.raises(TypeError, match="has no option 'output'"):
        wrapper.open_editor(PICTURE, output="x.jpg")


def test_animals_of_the_wrapper_are_refused():
    wrapper = LivePortraitWrapperAnimal(model="compact", device="cpu")
    with pytest.raises(InputError, match="knows people only"):
        wrapper.open_editor(SOURCES / "cat.jpg")
