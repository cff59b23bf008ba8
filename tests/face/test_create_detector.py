import logging

import pytest

from src.errors import InputError
from src.face import create_detector as factory
from src.face.animal_detector import AnimalDetector
from src.face.create_detector import create_animal_detector, create_detector
from src.face.mediapipe_detector import MediapipeDetector
from src.face.without_people import WithoutPeople


@pytest.fixture
def insightface(monkeypatch):
    """Notes what is opened and fetched; the files "lie there" when `present` is set."""
    log = {"present": False, "fetched": [], "opened": []}

    def resolve(name, weights_dir):
        log["fetched"].append((name, weights_dir))
        return {"detector": "a", "landmarks106": "b", "landmarks203": "c"}

    monkeypatch.setattr(factory, "face_model_present", lambda name, folder: log["present"])
    monkeypatch.setattr(factory, "resolve_face_model", resolve)
    monkeypatch.setattr(factory.InsightfaceDetector, "open", lambda *args: log["opened"].append(args) or "insightface")
    return log


@pytest.mark.parametrize(("present", "official"), [(False, False), (True, False), (False, True)])
def test_auto_is_mediapipe(insightface, present, official):
    insightface["present"] = present
    assert isinstance(create_detector("auto", official_model=official), MediapipeDetector)
    assert not insightface["fetched"]


def test_auto_is_insightface_where_its_files_lie_and_the_model_is_official(insightface, caplog):
    insightface["present"] = True
    with caplog.at_level(logging.INFO):
        assert create_detector("auto", official_model=True) == "insightface"
    assert "insightface (licence of its networks: non-commercial" in caplog.text


def test_insightface_by_name_is_resolved_whatever_the_model(insightface, tmp_path):
    assert create_detector("insightface", weights_dir=tmp_path, device="cuda:1", threshold=0.3) == "insightface"
    assert insightface["fetched"] == [("insightface", tmp_path)]
    files, device, threshold = insightface["opened"][0]
    assert (files["landmarks203"], device, threshold) == ("c", "cuda:1", 0.3)


def test_mediapipe_by_name(insightface):
    insightface["present"] = True
    assert create_detector("mediapipe", official_model=True).name == "mediapipe"


@pytest.mark.parametrize("name", ["dlib", "xpose"])  # the latter finds no people
def test_an_unknown_name_is_an_error(name):
    with pytest.raises(InputError, match=f"'{name}': choose one of auto, mediapipe, insightface"):
        create_detector(name)


# Of animals -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(monkeypatch):
    """X-Pose's network is not read; notes what was asked for."""
    log = []

    def open_xpose(weights_dir, device, *, points, threshold):
        log.append((weights_dir, device, points, threshold))
        return "xpose"

    monkeypatch.setattr(factory.XPoseDetector, "open", open_xpose)
    return log


@pytest.fixture
def with_network(tmp_path):
    """A folder of weights where X-Pose's network lies."""
    path = tmp_path / "liveportrait_animals" / "xpose.pth"
    path.parent.mkdir()
    path.write_bytes(b"x")
    return tmp_path


def test_auto_of_animals_is_the_embedded_one(opened, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        detector = create_animal_detector(weights_dir=tmp_path)
    assert isinstance(detector, AnimalDetector) and opened == []
    (line,) = caplog.messages
    assert line.startswith("animal detector: catface (licence of its networks: ") and "\n" not in line


def test_auto_of_animals_is_xpose_where_its_network_lies(opened, with_network, caplog):
    with caplog.at_level(logging.INFO):
        detector = create_animal_detector("auto", weights_dir=with_network)
    assert isinstance(detector, WithoutPeople) and detector.name == "xpose"
    assert opened == [(with_network, "cpu", "animal_face_9", 0.15)]
    (line,) = caplog.messages
    assert line.startswith("animal detector: xpose (licence of its networks: ") and "non-commercial" in line


def test_xpose_by_name_is_opened_whether_its_network_lies_there_or_not(opened, tmp_path):
    options = {"weights_dir": tmp_path, "threshold": 0.3, "points": "animal_face_68"}
    assert create_animal_detector("xpose", **options).name == "xpose"
    assert opened == [(tmp_path, "cpu", "animal_face_68", 0.3)]


def test_the_embedded_detector_by_name(opened, with_network):
    detector = create_animal_detector("catface", weights_dir=with_network)
    assert detector.name == "catface" and opened == []


@pytest.mark.parametrize("name", ["yolo", "mediapipe"])  # the latter finds no animals
def test_an_unknown_detector_of_animals_is_an_error(name):
    with pytest.raises(InputError, match=f"'{name}': choose one of auto, xpose, catface"):
        create_animal_detector(name)
