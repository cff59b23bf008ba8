import logging

import pytest

from src.errors import InputError
from src.face import create_detector as factory
from src.face.create_detector import create_detector
from src.face.mediapipe_detector import MediapipeDetector


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
