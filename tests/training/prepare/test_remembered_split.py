"""What a training folder remembers of who is held out."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from src.errors import InputError
from src.training.data.index import IndexRow
from src.training.prepare.options import LabelOptions
from src.training.prepare.records import Records
from src.training.prepare.remembered_split import (
    as_json,
    from_json,
    in_words,
    leaving,
    taken_over,
    with_remembered,
)

ROW = IndexRow("a_0", "clip", "ann", "held_out", 9, 288, Fraction(30), "ann/1.mp4", 0, "CC0", "", 99.0, 50.0, 1.0, 0.1)
OPTIONS = st.builds(
    LabelOptions,
    labels=st.none() | st.just("/data/labels.csv"),
    identity_from=st.sampled_from([None, "file", "folder"]),
    held_out=st.none() | st.lists(st.text()).map(tuple),
    held_out_share=st.none() | st.floats(0, 1),
    seed=st.none() | st.integers(),
)


@given(OPTIONS)
def test_what_is_remembered_comes_back(about):
    assert from_json(json.loads(json.dumps(as_json(about)))) == about


@given(OPTIONS, OPTIONS)
def test_an_option_that_is_given_counts_whatever_its_value(about, before):
    both, taken = with_remembered(about, before), taken_over(about, before)
    for name in as_json(about):
        mine, earlier = getattr(about, name), getattr(before, name)
        assert getattr(both, name) == (earlier if mine is None else mine)
        assert getattr(taken, name) == (earlier if mine is None else None)
    assert taken_over(about, both) == taken


def test_a_memory_of_defaults():
    """As it was written when options at their defaults counted as not given."""
    content = {"labels": None, "identity_from": None, "held_out": [], "held_out_share": 0.0, "seed": 0}
    assert in_words(from_json(content)) == "" and in_words(LabelOptions()) == ""


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"held_out": 5}', "held_out is 5"),
        ('{"held_out": "ann"}', "held_out is 'ann'"),
        ('{"held_out": ["ann", 5]}', r"held_out is \['ann', 5\]"),
        ('{"held_out_share": 2}', "held_out_share is 2"),
        ('{"held_out_share": NaN}', "held_out_share is nan"),
        ('{"held_out_share": true}', "held_out_share is True"),
        ('{"seed": 0.5}', "seed is 0.5"),
        ('{"identity_from": "eyes"}', "identity_from is 'eyes'"),
        ('{"identity_from": ["file"]}', "identity_from is"),
        ('{"labels": 1}', "labels is 1"),
        ("[]", "no JSON object"),
        ("half a fi", "Expecting value"),
    ],
)
def test_a_damaged_memory_is_refused(tmp_path, text, what):
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/split.json").write_text(text)
    with pytest.raises(InputError, match=rf"split\.json'.*damaged \({what}.*remove it"):
        Records(tmp_path).split()


def test_a_folder_that_remembers_nothing(tmp_path):
    assert Records(tmp_path).split() == LabelOptions()


def test_words_can_be_given_to_a_shell():
    about = LabelOptions("my labels.csv", "unknown", "folder", ("ann", "bob's"), 0.5, 3)
    assert in_words(about) == (
        """--labels 'my labels.csv' --identity_from folder --held_out ann 'bob'"'"'s' --held_out_share 0.5 --seed 3"""
    )


@pytest.mark.parametrize(
    ("identity", "side", "trained", "found"),
    [
        ("ann", "train", {"bob"}, {"ann": 1}),  # the same file shows somebody else now
        ("ann", "held_out", {"bob"}, {}),
        ("ann", None, {"ann"}, {"ann": 1}),  # the file moved
        ("ann#1", None, {"ann"}, {"ann#1": 1}),
        ("ann#son", None, {"ann"}, {}),
        ("ann", None, {"bob"}, {}),
    ],
)
def test_who_leaves(identity, side, trained, found):
    rows = [replace(ROW, identity=identity), replace(ROW, identity="bob", split="train", source="bob/1.mp4")]
    assert leaving(rows, {"ann/1.mp4": side}.get, trained) == found
