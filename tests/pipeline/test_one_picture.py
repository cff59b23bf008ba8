import io

import numpy as np
import pytest
from PIL import Image

from src.config.argument_config import ArgumentConfig
from src.errors import InputError, NoFaceError
from src.media.picture import write_picture
from src.pipeline.driving import driving_place
from src.pipeline.finders import Finders
from src.pipeline.one_picture import motion_of_picture

from .fakes import FakeEngine, MeshDetector, faces_in, finders, levels_of
from .scenes import grey


def no_detector():
    raise AssertionError("no face is needed")


@pytest.fixture
def read(engine):
    def read(given, detector=no_detector, engine=engine, crop=None, **options):
        found = Finders(*[no_detector] * 3) if detector is no_detector else finders(detector)
        return motion_of_picture(given, engine, found, ArgumentConfig(**options), crop=crop)

    return read


def framed(level=120):
    """A face with a white frame around it, which only a crop leaves out."""
    rgb = grey(255)
    rgb[4:-4, 4:-4] = level
    return rgb


def test_every_kind_of_picture(read, media, tmp_path):
    rgb = grey(150)
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "png")
    write_picture(tmp_path / "p.png", rgb)
    for given in (rgb, Image.fromarray(rgb), buffer.getvalue(), buffer, tmp_path / "p.png", str(tmp_path / "p.png")):
        assert levels_of(read(given)) == pytest.approx([150], abs=0.01)
    assert levels_of(read(media / "d.mp4")) == pytest.approx([60], abs=1)  # the first frame


@pytest.mark.parametrize(
    ("size", "always", "asked", "crops"),
    [
        ((96, 96), False, None, False),
        ((96, 96), False, True, True),
        ((96, 96), True, None, True),
        ((96, 96), True, False, False),
        ((128, 96), False, None, True),
        ((128, 96), False, False, False),
    ],
)
def test_when_the_face_is_looked_for(read, detector, size, always, asked, crops):
    read(grey(100, *size), detector, FakeEngine(always_crops_driving=always), crop=asked)
    assert detector.calls == crops


def test_the_crop_is_that_of_a_driving_frame(read, detector):
    assert levels_of(read(framed(), detector)) != pytest.approx([120], abs=1)
    assert levels_of(read(framed(), detector, crop=True)) == pytest.approx([120], abs=0.01)
    wider = read(framed(), detector, crop=True, scale_crop_driving_video=3.3)
    assert levels_of(wider) != pytest.approx([120], abs=0.1)


def test_a_mesh_is_read_in_its_crop(read, engine):
    given, engine.reads_meshes = [], True
    engine.get_motion = lambda pictures, meshes=None: given.append(meshes)
    read(grey(100), MeshDetector(), crop=True)
    left, _, right, _ = driving_place(MeshDetector().find(grey(100))[0], ArgumentConfig())
    face = faces_in(grey(100))[0]
    width = 2 * (face.box[2] - face.box[0]) / (right - left)
    assert given[0].shape == (1, 478, 3) and np.ptp(given[0][0, :, 0]) == pytest.approx(width, rel=1e-4)


def test_no_face(read, detector):
    with pytest.raises(NoFaceError, match="no face found in the frame given as a picture"):
        read(grey(0), detector, crop=True)
    assert levels_of(read(grey(0), detector)) == [0]


def test_what_is_no_picture(read, media):
    for given, message in ((7, "the frame is 7"), (np.zeros((4, 4), np.float32), "float32"), (b"abc", "frame")):
        with pytest.raises(InputError, match=message):
            read(given)
    with pytest.raises(InputError):
        read(media / "d.safetensors")
