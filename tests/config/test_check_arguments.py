from math import inf, nan

import pytest

from src.config.argument_config import ArgumentConfig
from src.config.check_arguments import check_arguments
from src.errors import InputError


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("scale", (0, -1, nan, inf)),
        ("scale_crop_driving_video", (0.0, -2.2, nan, inf)),
        ("vx_ratio", (nan, inf)),
        ("vy_ratio", (nan, -inf)),
        ("vx_ratio_crop_driving_video", (nan,)),
        ("vy_ratio_crop_driving_video", (nan, inf)),
        ("det_thresh", (nan, -0.1, 1.1)),
        ("crf", (-1, 52, 99)),
        ("batch_size", (0, -2)),
    ],
)
def test_useless_numbers_are_named(name, values):
    for value in values:
        with pytest.raises(InputError, match=f"--{name} must .*, got {value}"):
            check_arguments(ArgumentConfig(**{name: value}))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"scale": 0.1, "vx_ratio": -3.0, "vy_ratio": 2},
        {"det_thresh": 0, "crf": 0, "batch_size": 1},
        {"det_thresh": 1.0, "crf": 51},
        {"source_max_dim": 0, "source_division": 0},  # no limit, no trimming
        {"source_max_dim": -1, "source_division": -5},
    ],
)
def test_useful_numbers_pass(options):
    check_arguments(ArgumentConfig(**options))
