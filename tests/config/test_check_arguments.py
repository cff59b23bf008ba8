import io
import re
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
        ("output_size", (0, 62, 63, 257, 4098)),
        ("feather", (0, -16, 129)),
        ("server_port", (0, -1, 65536)),
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
        {"output_size": 64, "feather": 1, "server_port": 1},
        {"output_size": 4096, "feather": 128, "server_port": 65535},
        {"report": "r.json"},
        {"report": Path("folder/R.JSON")},
        {"source": b"\xff\xd8", "driving": [np.zeros((2, 2, 3), np.uint8)]},
        {"source": io.BytesIO(b"x"), "driving": ["a.mp4", Path("b.mp4")]},
        {"source": Image.new("RGB", (2, 2)), "driving": np.zeros((5, 2, 2, 3), np.uint8)},
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
        ("model", "large", "--model must be one of auto, base, animals, compact, got 'large'"),
        ("source", 7, "--source must be a path, or a picture or video in memory, got 7"),
        ("driving", 1.5, "--driving must be a path, or a picture or video in memory, got 1.5"),
        ("motion_template", True, "--motion_template must be a path, or"),
        ("output", 7, "--output must be str or None, got 7"),
        ("faces", 0, "--faces must be str, got 0"),
        ("on_missing", "skip", "--on_missing must be one of hold, interpolate, error, got 'skip'"),
        ("align", None, "--align must be one of time, index, got None"),
        ("audio_priority", "both", "--audio_priority must be one of source, driving"),
        ("feather", 2.0, "--feather must be int, got 2.0"),
        ("batch_size", "4", "--batch_size must be int or None"),
    ],
)
def test_types(name, value, message):
    with pytest.raises(InputError, match=re.escape(message)):
        check_arguments(ArgumentConfig(**{name: value}))


@pytest.mark.parametrize("report", ["r.txt", "", "json", Path("r.mp4")])
def test_a_report_is_json(report):
    with pytest.raises(InputError, match=f"--report must name a .json file, got '{report}'"):
        check_arguments(ArgumentConfig(report=report))


def test_kind_types():
    check_arguments(ArgumentConfig(source=Path("s.jpg"), scale=2, weights_dir="w", batch_size=None))
