"""Widgets by the name of the option that each one sets."""

import gradio as gr
import pytest

from src.apps.controls import SCALE, crop_controls, number, slider, values_of
from src.config.argument_config import ArgumentConfig
from src.errors import InputError


def values(widget, value):
    return values_of({"it": widget}, {widget: value})["it"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(0.1 + 0.2, 0.3), (-0.30000000000000004, -0.3), (2, 2.0), (1.15 + 1e-13, 1.15), (1e-7, 1e-7), (0, 0.0)],
)
@pytest.mark.parametrize("widget", [gr.Number(1.0), gr.Slider(-5, 5, 1.0)], ids=["number", "slider"])
def test_numbers_as_they_were_meant(widget, given, wanted):
    found = values(widget, given)
    assert found == wanted and isinstance(found, float)


def test_an_emptied_box_keeps_its_first_value():
    assert values(number("scale", 2.3, *SCALE), None) == 2.3
    assert values(gr.Number(0), None) == 0.0


def test_other_widgets_pass():
    assert values(gr.Checkbox(True), False) is False
    assert values(gr.Checkbox(False), True) is True
    assert values(gr.Dropdown(["all", "lip"], value="all"), "lip") == "lip"
    assert values(gr.Textbox("a"), None) is None


def test_only_the_named_widgets_are_taken_in_their_order():
    first, second, other = gr.Number(1), gr.Checkbox(True), gr.Number(2)
    found = values_of({"b": first, "a": second}, {other: 9, second: True, first: 4})
    assert list(found.items()) == [("b", 4.0), ("a", True)]


@pytest.mark.parametrize("suffix", ["", "_crop_driving_video"])
def test_crop_boxes_begin_with_the_options(suffix):
    """Their names are those of options, and what they begin with is in their range."""
    args = ArgumentConfig()
    with gr.Blocks():
        controls = crop_controls(args, "source", suffix)
    found = values_of(controls, {widget: widget.value for widget in controls.values()})
    switch = next(iter(found))
    assert found.pop(switch) is getattr(args, switch)
    assert found == {name: getattr(args, name) for name in found} and len(found) == 3
    for name in found:
        assert name.endswith(suffix) and controls[name].minimum <= controls[name].value <= controls[name].maximum


def test_what_a_page_cannot_show_is_refused_at_once():
    with (
        gr.Blocks(),
        pytest.raises(InputError, match=r"'source crop scale' .* cannot begin with 5"),
    ):
        crop_controls(ArgumentConfig(scale=5.0), "source")


@pytest.mark.parametrize("value", ["much", True, float("nan"), [1]])
def test_what_is_no_number_is_refused(value):
    with gr.Blocks():
        widget = slider("smile", 0, -1, 1, 0.1)
    with pytest.raises(InputError, match="'smile' must be a number"):
        values_of({"smile": widget}, {widget: value})


def test_numbers_out_of_range_are_left_to_what_uses_them():
    with gr.Blocks():
        widget = slider("smile", 0, -1, 1, 0.1)
    assert widget.preprocess(99) == 99
