"""What the portrait editor's sliders say: kept in files, and as motion that comes and goes."""

import json
import math
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from src.errors import InputError, MissingFileError
from src.motion.expression import HIGHEST_TARGET, MAX_BYTES, Expression, load_expression, save_expression
from src.motion.keypoints import transform_keypoint
from src.motion.motion import Motion
from src.motion.retarget import transform_in_space
from src.motion.sliders import SLIDERS, edit_portrait, edited_motion
from src.motion.template import load_template, save_template
from src.motion.transfer import Transfer
from src.motion.transfer_options import TransferOptions
from tests.motion import goldens
from tests.tolerances import FLOAT32

NETWORKS = goldens.networks()
SOURCE = goldens.motion("src")[0]
NOT_SHIFTED_IN_DEPTH = replace(SOURCE, t=SOURCE.t * torch.tensor([1, 1, 0]))
RATIO, X_D = FLOAT32["ratio"].abs, FLOAT32["x_d"].abs
MIDDLE = 38  # of 76 frames: 25 come, 26 stay, 25 go

TURNED = {"input_head_pitch_variation": 8.0, "input_head_yaw_variation": -12.0, "input_head_roll_variation": 5.0}
EDITS = {
    "nothing": Expression(),
    "smile": Expression({"smile": 0.8, "eyebrow": -10.0}),
    "pose": Expression(TURNED),
    "zoom": Expression({"mov_x": 0.1, "mov_y": -0.05, "mov_z": 1.1}),
    "targets": Expression(eye_target=0.1, lip_target=0.4),
    "everything": Expression({**TURNED, "wink": 20.0, "mov_z": 0.93}, eye_target=0.5, lip_target=0.0),
}
every_edit = pytest.mark.parametrize("expression", EDITS.values(), ids=EDITS)

sliders = st.fixed_dictionaries({}, optional={name: st.floats(s.low, s.high) for name, s in SLIDERS.items()})
targets = st.none() | st.floats(0, HIGHEST_TARGET)


def near(actual: torch.Tensor, wanted: torch.Tensor, tolerance: float) -> None:
    torch.testing.assert_close(actual, wanted, rtol=0, atol=tolerance)


def same_motion(actual: Motion, wanted: Motion) -> None:
    for name in ("kp", "R", "exp", "t", "scale", "eye_ratio", "lip_ratio"):
        near(getattr(actual, name), getattr(wanted, name), RATIO)


def edited(source: Motion, expression: Expression, flag_stitching: bool = True) -> torch.Tensor:
    return edit_portrait(
        source,
        expression.sliders,
        NETWORKS,
        eye_target=expression.eye_target,
        lip_target=expression.lip_target,
        flag_stitching=flag_stitching,
    )


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sliders": {"grimace": 1.0}}, "unknown slider 'grimace'; known are .*smile"),
        ({"sliders": {"smile": 1.31}}, r"slider smile must lie between -0\.3 and 1\.3, got 1\.31"),
        ({"sliders": {"mov_z": 0.0}}, r"slider mov_z must lie between 0\.9 and 1\.2"),
        ({"sliders": {"smile": math.nan}}, "smile .*got nan"),
        ({"sliders": {"smile": True}}, "smile .*got True"),
        ({"sliders": {"smile": "1"}}, "smile .*got '1'"),
        ({"sliders": {"smile": None}}, "smile .*got None"),
        ({"sliders": {"smile": 10**400}}, "smile must lie between"),
        ({"eye_target": 0.81}, r"eye_target must lie between 0\.0 and 0\.8"),
        ({"lip_target": -0.01}, "lip_target must lie between"),
        ({"lip_target": math.inf}, "lip_target .*got inf"),
        ({"eye_target": False}, "eye_target .*got False"),
    ],
)
def test_values_that_no_slider_has(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Expression(**given)


def test_the_ends_of_every_slider_are_allowed() -> None:
    for end in ("low", "high", "default"):
        values = {name: getattr(slider, end) for name, slider in SLIDERS.items()}
        assert Expression(values, 0, HIGHEST_TARGET).sliders == values


def test_an_expression_cannot_be_changed() -> None:
    values = {"smile": 1}
    expression = Expression(values, eye_target=0)
    values["smile"] = 99
    assert expression.sliders == {"smile": 1.0} and isinstance(expression.eye_target, float)
    with pytest.raises(TypeError):
        expression.sliders["smile"] = 99  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        expression.lip_target = 99  # type: ignore[misc]


# Files ----------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(sliders, targets, targets)
def test_round_trip(tmp_path_factory, values: dict[str, float], eyes: float | None, lips: float | None) -> None:
    expression = Expression(values, eyes, lips)
    path = tmp_path_factory.getbasetemp() / "expressions" / "mine.json"
    assert save_expression(expression, path) == path
    assert load_expression(path) == expression


def content(**changes: Any) -> str:
    right = {"format": "liveportrait-expression", "version": 1, "sliders": {"smile": 0.5}, "eye_target": None}
    return json.dumps(right | changes)


def test_what_may_be_missing_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_text(content())
    assert load_expression(tmp_path / "e.json") == Expression({"smile": 0.5})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "'e.json' is no expression: it cannot be read as JSON"),
        ("smile", "cannot be read as JSON"),
        ("[" * 60_000, "cannot be read as JSON"),
        ("\ufeff" + content(), "cannot be read as JSON"),
        (content(sliders={"smile": 5}).replace("5", "9" * 5000), "cannot be read as JSON"),
        ("[]", "is no expression that the portrait editor saved"),
        ("null", "is no expression that the portrait editor saved"),
        ("{}", "is no expression that the portrait editor saved"),
        (content(format="liveportrait-motion-template"), "is no expression that the portrait editor saved"),
        (content(format=["liveportrait-expression"]), "is no expression that the portrait editor saved"),
        (content(version=2), "is an expression of version 2, known is 1"),
        (content(version=None), "of version None"),
        (content(version=[0] * 9000), "of version"),
        (content(sliders=[["smile", 0.5]]), "its sliders are missing"),
        (content(sliders=None), "its sliders are missing"),
        (content(sliders={"grimace": 1}), "unknown slider 'grimace'"),
        (content(sliders={"g" * 9000: 1}), "unknown slider 'ggg"),
        (content(sliders={"smile": 2}), "slider smile must lie between"),
        (content(sliders={"smile": math.nan}), "slider smile .*got nan"),
        (content(sliders={"smile": -math.inf}), "slider smile .*got -inf"),
        (content(sliders={"smile": 5}).replace("5", "1e999"), "slider smile .*got inf"),
        (content(sliders={"smile": True}), "slider smile .*got True"),
        (content(sliders={"smile": "0.5"}), "slider smile .*got '0.5'"),
        (content(sliders={"smile": {"value": 1}}), "slider smile must lie between"),
        (content(sliders={"smile": [0] * 9000}), "slider smile must lie between"),
        (content(sliders={"smile": 5}).replace("5", "9" * 4000), "slider smile must lie between"),
        (content(eye_target=math.nan), "eye_target .*got nan"),
        (content(eye_target=True), "eye_target .*got True"),
        (content(lip_target=0.9), "lip_target must lie between"),
    ],
)
def test_files_that_are_no_expressions(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "e.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        load_expression(path)
    assert len(str(caught.value)) < 500 and str(tmp_path) not in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "e.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        load_expression(tmp_path / "e.json")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    path.write_text(content().ljust(MAX_BYTES))
    assert load_expression(path) == Expression({"smile": 0.5})
    path.write_text(content().ljust(MAX_BYTES + 1))
    with pytest.raises(InputError, match="the file is too large"):
        load_expression(path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for missing in (tmp_path / "none.json", tmp_path):
        with pytest.raises(MissingFileError, match="there is no expression at"):
            load_expression(missing)


def test_a_place_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "e.json", tmp_path):
        with pytest.raises(InputError, match="cannot be written"):
            save_expression(Expression(), path)


# Strength -------------------------------------------------------------------------------------------------------------


@every_edit
def test_strength_0_changes_nothing(expression: Expression) -> None:
    same_motion(expression.motion(SOURCE, NETWORKS, 0.0), SOURCE)


@every_edit
def test_strength_1_is_the_edit(expression: Expression) -> None:
    whole = expression.motion(SOURCE, NETWORKS)
    near(transform_in_space(whole, whole.R, whole.exp), edited(SOURCE, expression, flag_stitching=False), X_D)


def test_half_the_strength_is_half_of_everything() -> None:
    values = {"input_head_yaw_variation": 10.0, "smile": 1.0, "mov_z": 1.1}
    half = edited_motion(SOURCE, values, NETWORKS, eye_target=0.4, strength=0.5)
    wanted = edited_motion(SOURCE, {"input_head_yaw_variation": 5.0, "mov_z": 1.05}, NETWORKS)
    near(half.R, wanted.R, RATIO)
    near(half.scale, wanted.scale, RATIO)
    # what retargeting adds is a shift of keypoints: the expression is multiplied by the scale
    x_s, only_smile = transform_keypoint(SOURCE), edited_motion(SOURCE, {"smile": 1.0}, NETWORKS)
    shift = NETWORKS.retarget_eye(x_s, torch.cat([SOURCE.eye_ratio, torch.tensor([[0.4]])], dim=1))
    near(half.scale[:, None] * (half.exp - SOURCE.exp - (only_smile.exp - SOURCE.exp) / 2), shift / 2, RATIO)


# Motion over time -----------------------------------------------------------------------------------------------------


@every_edit
def test_a_template_comes_stays_and_goes(expression: Expression) -> None:
    template = expression.template(SOURCE, NETWORKS, "base")
    motion = template.motion
    assert template.n_frames == 76 and template.fps == 25 and template.model == "base"
    for end in (0, 75):
        same_motion(motion[end], SOURCE)
    for stays in (25, MIDDLE, 50):
        same_motion(motion[stays], expression.motion(SOURCE, NETWORKS))
    same_motion(motion[list(range(75, -1, -1))], motion)  # it goes as it came


def test_a_template_moves_smoothly() -> None:
    exp = EDITS["smile"].template(SOURCE, NETWORKS, "base").motion.exp
    steps = exp.diff(dim=0).flatten(1).norm(dim=1)
    assert (steps[:25] > 0).all() and not steps[25:50].any()
    assert steps.max() < 2 * (exp[MIDDLE] - exp[0]).norm() / 25 and steps[0] < steps[12] > steps[24]


def transferred(expression: Expression, source: Motion, frame: int, *, flag_stitching: bool = True) -> torch.Tensor:
    driving = expression.template(source, NETWORKS, "base").motion
    transfer = Transfer(TransferOptions(flag_stitching=flag_stitching), source, driving, networks=NETWORKS)
    return transfer.x_d(driving[frame], source)


@every_edit
def test_the_portrait_driven_by_its_own_template_is_the_edited_one(expression: Expression) -> None:
    near(transferred(expression, NOT_SHIFTED_IN_DEPTH, MIDDLE), edited(NOT_SHIFTED_IN_DEPTH, expression), X_D)
    x_s = transform_keypoint(SOURCE)
    near(transferred(expression, SOURCE, 0), NETWORKS.stitch(x_s, x_s), X_D)


@every_edit
def test_only_the_editor_keeps_the_shift_in_depth(expression: Expression) -> None:
    shift = SOURCE.t[:, None] * torch.tensor([0, 0, 1])
    assert shift.abs().max() > 100 * X_D
    driven = transferred(expression, SOURCE, MIDDLE, flag_stitching=False)
    near(driven + shift, edited(SOURCE, expression, flag_stitching=False), X_D)


def test_another_portrait_takes_on_the_same_change() -> None:
    other, expression = goldens.motion("drv")[0], EDITS["smile"]
    driving = expression.template(SOURCE, NETWORKS, "base").motion
    options = TransferOptions(flag_stitching=False)
    x_d = Transfer(options, other, driving, networks=NETWORKS).x_d(driving[MIDDLE], other)
    change = other.scale[:, None] * (driving.exp[MIDDLE] - SOURCE.exp)
    near(x_d - transform_keypoint(other), change, X_D)


def test_a_template_survives_its_file(tmp_path: Path) -> None:
    template = EDITS["everything"].template(SOURCE, NETWORKS, "compact")
    for name in ("e.safetensors", "e.pkl"):
        again = load_template(save_template(template, tmp_path / name))
        assert (again.n_frames, again.fps, again.model) == (76, 25, "compact")
        for part in ("R", "exp", "t", "scale", "eye_ratio", "lip_ratio"):
            torch.testing.assert_close(getattr(again.motion, part), getattr(template.motion, part), rtol=0, atol=0)


def test_a_target_needs_the_portraits_own_opening() -> None:
    unmeasured = replace(SOURCE, eye_ratio=None, lip_ratio=None)
    assert Expression({"smile": 1.0}).template(unmeasured, NETWORKS, "base").n_frames == 76
    for part in ("eye", "lip"):
        with pytest.raises(InputError, match=f"needs the {part} opening of the source"):
            Expression(**{f"{part}_target": 0.4}).template(unmeasured, NETWORKS, "base")
