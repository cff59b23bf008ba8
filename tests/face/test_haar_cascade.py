"""The cascades against OpenCV 4.12: its windows and sums for four small pictures of a cat (`opencv_4_12.npz`)."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from src.errors import WeightsError
from src.face.haar_cascade import WINDOW, Integrals
from src.face.haar_cascade_file import convert_cascades, load_cascade
from tests.tolerances import FLOAT32

ROOT = Path(__file__).parents[2]
FILE = ROOT / "pretrained_weights/catface/frontal_cat_face.safetensors"
NAMES = ("frontal", "extended")
PICTURES = range(4)


@pytest.fixture(scope="module")
def cascades():
    return {name: load_cascade(FILE, name) for name in NAMES}


@pytest.fixture(scope="module")
def opencv():
    with np.load(ROOT / "tests/data/haar_cascade/opencv_4_12.npz", allow_pickle=False) as file:
        return dict(file)


@pytest.mark.parametrize("number", PICTURES)
@pytest.mark.parametrize("name", NAMES)
def test_windows_and_sums_are_opencvs(cascades, opencv, name, number):
    """OpenCV looks at every second window, and skips the next one where a window fails the first stage."""
    windows = cascades[name].scan(Integrals.of(opencv[f"{number}.gray"]))
    ours = dict(zip(map(tuple, windows.places), windows.sums, strict=True))
    expected = dict(zip(map(tuple, opencv[f"{number}.{name}.places"]), opencv[f"{number}.{name}.sums"], strict=True))
    assert expected.keys() <= ours.keys()
    for place, value in expected.items():
        assert ours[place] == pytest.approx(value, abs=FLOAT32["cascade_sum"].abs)


def test_the_goldens_hold_something(opencv):
    for name in NAMES:
        assert sum(len(opencv[f"{number}.{name}.sums"]) for number in PICTURES) >= 3


def test_single_windows_and_whole_pictures_agree(cascades, opencv):
    """Few windows are looked up one by one, many are summed as planes."""
    integrals = Integrals.of(opencv["0.gray"])
    for cascade in cascades.values():
        everywhere = cascade.scan(integrals, enough=6)
        assert len(everywhere.places) > 5
        for place, passed, value in zip(*everywhere, strict=True):
            wanted = np.zeros(integrals.contrasts.shape, bool)
            wanted[tuple(place)] = True
            alone = cascade.scan(integrals, wanted, enough=6)
            assert alone.places.tolist() == [place.tolist()] and alone.passed[0] == passed
            assert alone.sums[0] == pytest.approx(value, abs=1e-4)


def test_a_step_of_two_finds_every_second_window(cascades, opencv):
    integrals = Integrals.of(opencv["1.gray"])
    for cascade in cascades.values():
        every, second = cascade.scan(integrals, enough=5), cascade.scan(integrals, step=2, enough=5)
        even = {tuple(place) for place in every.places if not (place % 2).any()}
        assert even == {tuple(place) for place in second.places} != set()


@pytest.mark.parametrize("value", [0, 128, 255])
def test_flat_windows_pass_nowhere(cascades, value):
    integrals = Integrals.of(np.full((40, 50), value, np.uint8))
    assert integrals.contrasts.shape == (40 - WINDOW + 1, 50 - WINDOW + 1)
    assert not integrals.contrasts.any()
    assert not len(cascades["frontal"].scan(integrals, enough=1).places)


def test_the_contrast_is_the_standard_deviation():
    gray = np.random.default_rng(0).integers(0, 256, (24, 24), np.uint8)
    area = (WINDOW - 2) ** 2
    assert Integrals.of(gray).contrasts[0, 0] / area == pytest.approx(gray[1:-1, 1:-1].std(), rel=1e-5)


def test_converting_and_loading(tmp_path):
    """One stage of one stump: bright above, dark below."""
    (tmp_path / "a.xml").write_text(
        "<opencv_storage><cascade><stages><_><stageThreshold>0.5</stageThreshold><weakClassifiers><_>"
        "<internalNodes>0 -1 0 0.1</internalNodes><leafValues>-1. 1.</leafValues></_></weakClassifiers></_></stages>"
        "<features><_><rects><_>0 0 24 24 -1.</_><_>0 0 24 12 2.</_></rects><tilted>0</tilted></_></features>"
        "</cascade></opencv_storage>"
    )
    convert_cascades({"edge": tmp_path / "a.xml"}, tmp_path / "a.safetensors")
    cascade = load_cascade(tmp_path / "a.safetensors", "edge")
    gray = np.zeros((24, 24), np.uint8)
    gray[:12] = 200
    windows = cascade.scan(Integrals.of(gray))
    assert windows.places.tolist() == [[0, 0]] and windows.sums.tolist() == [1.0]
    assert not len(cascade.scan(Integrals.of(cv2.flip(gray, 0))).places)


def test_a_bad_file_is_an_error(tmp_path):
    with pytest.raises(WeightsError, match="nothing"):
        load_cascade(tmp_path / "nothing.safetensors", "frontal")
    with pytest.raises(WeightsError, match="profile"):
        load_cascade(FILE, "profile")
    (tmp_path / "damaged.safetensors").write_bytes(b"abc")
    with pytest.raises(WeightsError, match="damaged"):
        load_cascade(tmp_path / "damaged.safetensors", "frontal")
