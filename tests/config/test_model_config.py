import pytest

from src.config.model_config import load_model_config
from src.errors import InputError


def test_reads_the_parameters(tmp_path):
    (tmp_path / "tiny.yaml").write_text("model_params:\n  net_params: {width: 3}\n")
    assert load_model_config("tiny", tmp_path) == {"net_params": {"width": 3}}


@pytest.mark.parametrize("text", ["", "- a\n", "model_params: 3\n", "other: {}\n"])
def test_needs_the_top_key(tmp_path, text):
    (tmp_path / "tiny.yaml").write_text(text)
    with pytest.raises(InputError, match=r"tiny\.yaml.*model_params"):
        load_model_config("tiny", tmp_path)


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    (tmp_path / "tiny.yaml").write_text("model_params: {}\n")
    with pytest.raises(InputError, match="'huge'; known: tiny"):
        load_model_config("huge", tmp_path)


@pytest.mark.parametrize("name", ["base", "compact"])
def test_the_projects_definitions(name):
    params = load_model_config(name)
    groups = {"appearance_feature_extractor_params", "warping_module_params", "spade_generator_params"}
    assert groups <= set(params)
    assert "stitching_retargeting_module_params" in params
    assert ("motion_extractor_params" in params) == (name == "base")
