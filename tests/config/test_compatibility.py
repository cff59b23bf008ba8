import copy

import pytest

from src.config.compatibility import check_compatible
from src.config.model_config import load_model_config
from src.errors import InputError


def changed(path, value):
    params = copy.deepcopy(load_model_config("base"))
    *way, last = path.split("/")
    node = params
    for key in way:
        node = node[f"{key}_params"] if f"{key}_params" in node else node[key]
    assert last in node
    node[last] = value
    return params


def test_the_published_model_fits():
    check_compatible(load_model_config("base"))
    check_compatible(load_model_config("base"), input_size=128)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("appearance_feature_extractor/reshape_channel", 16, "reshape_channel.*F has 16, W has 32"),
        ("warping_module/dense_motion/reshape_depth", 8, "reshape_depth.*F has 16, W has 8"),
        ("motion_extractor/num_kp", 24, "num_kp.*M has 24, W has 21"),
        ("spade_generator/max_features", 128, "from W to G.*W has 256, G has 128"),
        ("warping_module/block_expansion", 32, "from W to G.*W has 128, G has 256"),
        ("warping_module/dense_motion/num_blocks", 7, "256 pixels.*multiple of 512"),
        ("stitching_retargeting_module/stitching/input_size", 125, "stitching has input_size 126.*got 125"),
        ("stitching_retargeting_module/lip/output_size", 65, "lip has input_size 65 and output_size 63; got 65 and 65"),
        ("stitching_retargeting_module/eye/input_size", 65, "eye has input_size 66"),
    ],
)
def test_what_does_not_fit_is_named(path, value, message):
    with pytest.raises(InputError, match=message):
        check_compatible(changed(path, value))


def test_input_size_must_be_divisible():
    with pytest.raises(InputError, match=r"200 pixels.*multiple of 128"):
        check_compatible(load_model_config("base"), input_size=200)
