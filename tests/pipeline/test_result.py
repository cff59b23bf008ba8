import copy
import json
import pickle
from fractions import Fraction
from pathlib import Path

import pytest

from src.pipeline.result import AnimationResult

from .test_report import REPORT

FPS = Fraction(30000, 1001)


@pytest.fixture
def result():
    return AnimationResult(
        Path("a/b.mp4"), concat=Path("a/b_concat.mp4"), template=Path("m.pkl"), n_frames=7, fps=FPS, report=REPORT
    )


def test_is_the_path(result):
    assert result == "a/b.mp4" and isinstance(result, str) and Path(result).name == "b.mp4"
    assert json.dumps({"video_url": result}) == '{"video_url": "a/b.mp4"}'


def test_facts(result):
    assert (result.concat, result.template, result.n_frames, result.fps) == ("a/b_concat.mp4", "m.pkl", 7, FPS)
    assert result.report is REPORT


def test_what_was_not_made_is_none():
    result = AnimationResult("a.jpg")
    assert (result.concat, result.template, result.n_frames, result.fps) == (None, None, 1, None)
    assert result.report is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_keep_the_facts(result, copied):
    assert copied(result) == result and vars(copied(result)) == vars(result)
