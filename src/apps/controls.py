"""`Controls`: widgets by the name of the option that each one sets."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block

from ..config.argument_config import ArgumentConfig
from ..errors import InputError

SCALE, SHIFT = (1.8, 3.2, 0.05), (-0.5, 0.5, 0.01)  # range and step of crop sizes and shifts
Widget = TypeVar("Widget", gr.Number, gr.Slider)
_DIGITS = 12  # browsers send 0.30000000000000004

Controls = dict[str, Any]  # Gradio gives widgets their events at run time, unknown to a type checker


def number(label: str, value: float, low: float, high: float, step: float) -> gr.Number:
    """A number box with a range."""
    _check_start(label, value, low, high)
    return _as_sent(gr.Number(value, label=label, minimum=low, maximum=high, step=step, min_width=120))


def slider(label: str, value: float, low: float, high: float, step: float, elem_id: str | None = None) -> gr.Slider:
    """A slider."""
    _check_start(label, value, low, high)
    return _as_sent(gr.Slider(low, high, value, step=step, label=label, elem_id=elem_id))


def _as_sent(widget: Widget) -> Widget:
    """Take values as they come: what is out of range is told by what uses it, in a line and not in Gradio's words."""
    widget.preprocess = lambda payload: payload  # type: ignore[method-assign]
    return widget


def _check_start(label: str, value: float, low: float, high: float) -> None:
    """Raise for an option of the command line that the page could not show."""
    if not low <= value <= high:
        raise InputError(f"the page's '{label}' goes from {low:g} to {high:g}: it cannot begin with {value:g}")


def crop_controls(args: ArgumentConfig, side: str, suffix: str = "") -> Controls:
    """Number boxes for size and place of a crop.

    Args:
        args: the values to begin with.
        side: "source" or "driving", for the labels.
        suffix: of the options' names.
    """
    switch = "flag_crop_driving_video" if suffix else "flag_do_crop"
    with gr.Row(elem_classes="switches"):
        return {
            switch: gr.Checkbox(getattr(args, switch), label=f"do crop ({side})", min_width=120),
            f"scale{suffix}": number(f"{side} crop scale", getattr(args, f"scale{suffix}"), *SCALE),
            f"vx_ratio{suffix}": number(f"{side} crop x", getattr(args, f"vx_ratio{suffix}"), *SHIFT),
            f"vy_ratio{suffix}": number(f"{side} crop y", getattr(args, f"vy_ratio{suffix}"), *SHIFT),
        }


def values_of(controls: Mapping[str, Block], given: Mapping[Block, Any]) -> dict[str, Any]:
    """Option -> value, from what an event got; an emptied number box keeps its first value.

    Raises:
        InputError: a number box holds none.
    """
    found = {}
    for name, widget in controls.items():
        value = given[widget]
        if isinstance(widget, gr.Number | gr.Slider):
            value = widget.value if value is None else value
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise InputError(f"'{widget.label}' must be a number")
            value = round(float(value), _DIGITS)
        found[name] = value
    return found
