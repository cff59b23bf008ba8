import json
from dataclasses import replace

import pytest

from src.errors import InputError
from src.training.recipe import Recipe
from src.training.same_run import compare, differences, labels

LABELS = {"model": "compact", "stage": 1, "seed": 0, "recipe": '{"data": {"sources": 2}}', "processes": 1, "data": "a"}
TAUGHT = LABELS | {"teacher": "one"}


def test_only_what_differs_is_said():
    before = {"data": {"sources": 2, "size": 64}, "losses": {"l1": 1.0, "l2": 2.0}, "old": 3}
    now = {"data": {"sources": 8, "size": 64}, "losses": {"l1": 1.0, "new": 0.5}}
    assert differences(before, now) == [
        "data.sources: 2 -> 8",
        "losses.new: nothing -> 0.5",
        "losses.l2: 2.0 -> nothing",
        "old: 3 -> nothing",
    ]
    assert differences(now, now) == []


def test_labels(tmp_path, caplog):
    compare(LABELS, LABELS, tmp_path)
    assert not caplog.text
    compare(LABELS, LABELS | {"recipe": '{"data": {"sources": 8}}', "processes": 2, "data": "b"}, tmp_path)
    assert caplog.messages == [
        "this is not the same run any more: data.sources: 2 -> 8, processes: 1 -> 2, data: other shots"
    ]


def test_another_teacher_is_said(tmp_path, caplog):
    compare(TAUGHT, TAUGHT, tmp_path)
    compare(LABELS, TAUGHT, tmp_path)  # a checkpoint that does not know yet
    assert not caplog.text
    compare(TAUGHT, TAUGHT | {"teacher": "other"}, tmp_path)
    assert caplog.messages == ["this is not the same run any more: init: other weights"]


@pytest.mark.parametrize(("name", "value"), [("model", "base"), ("stage", 2), ("seed", 1)])
def test_another_run_is_refused(tmp_path, name, value):
    with pytest.raises(InputError, match=f"holds a run with {name} .*, not {value!r}"):
        compare(LABELS, LABELS | {name: value}, tmp_path)


def test_what_an_older_checkpoint_does_not_know_had_its_default(tmp_path, caplog):
    """And a loss that only one of both has weighs nothing in the other."""
    recipe = Recipe("compact", losses={"pixels": 1.0, "new": 0.0})
    now = labels(recipe, seed=0, data="a")
    old = json.loads(now["recipe"])
    del old["dropout"], old["optimizer"]["betas"], old["losses"]["new"]
    compare(now | {"recipe": json.dumps(old)}, now, tmp_path)
    assert not caplog.text
    later = replace(recipe, dropout=0.2, losses={"pixels": 1.0, "new": 0.5})
    compare(now | {"recipe": json.dumps(old)}, labels(later, seed=0, data="a"), tmp_path)
    assert caplog.messages == ["this is not the same run any more: dropout: 0.0 -> 0.2, losses.new: 0.0 -> 0.5"]
