import re
from math import inf, nan
from pathlib import Path

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


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("flag_pasteback", "no", "--flag_pasteback must be bool, got 'no'"),
        ("concat", "false", "--concat must be bool"),
        ("concat", 1, "--concat must be bool"),
        ("crf", 18.5, "--crf must be int, got 18.5"),
        ("crf", True, "--crf must be int, got True"),
        ("scale", "2.3", "--scale must be float"),
        ("model", "large", "--model must be one of auto, base, compact, got 'large'"),
        ("source", 7, "--source must be str or None, got 7"),
        ("batch_size", "4", "--batch_size must be int or None"),
    ],
)
def test_types(name, value, message):
    with pytest.raises(InputError, match=re.escape(message)):
        check_arguments(ArgumentConfig(**{name: value}))


def test_kind_types():
    check_arguments(ArgumentConfig(source=Path("s.jpg"), scale=2, weights_dir="w", batch_size=None))
