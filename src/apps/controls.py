"""`Controls`: widgets by the name of the option that each one sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..config.argument_config import ArgumentConfig

SCALE, SHIFT = (1.8, 3.2, 0.05), (-0.5, 0.5, 0.01)  # range and step of crop sizes and shifts
_DIGITS = 12  # browsers send 0.30000000000000004

Controls = dict[str, Any]  # Gradio gives widgets their events at run time, unknown to a type checker


def number(label: str, value: float, low: float, high: float, step: float) -> gr.Number:
    """A number box with a range."""
    return gr.Number(value, label=label, minimum=low, maximum=high, step=step, min_width=120)


def crop_controls(args: ArgumentConfig, side: str, *, is_on: bool, suffix: str = "") -> Controls:
    """Number boxes for size and place of a crop.

    Args:
        args: the values to begin with.
        side: "source" or "driving", for the labels.
        is_on: whether the box "do crop" begins ticked.
        suffix: of the options' names.
    """
    switch = "flag_crop_driving_video" if suffix else "flag_do_crop"
    with gr.Row(elem_classes="switches"):
        return {
            switch: gr.Checkbox(is_on, label=f"do crop ({side})", min_width=120),
            f"scale{suffix}": number(f"{side} crop scale", getattr(args, f"scale{suffix}"), *SCALE),
            f"vx_ratio{suffix}": number(f"{side} crop x", getattr(args, f"vx_ratio{suffix}"), *SHIFT),
            f"vy_ratio{suffix}": number(f"{side} crop y", getattr(args, f"vy_ratio{suffix}"), *SHIFT),
        }


def values_of(controls: Mapping[str, Block], given: Mapping[Block, Any]) -> dict[str, Any]:
    """Option -> value, from what an event got; an emptied number box keeps its first value."""
    found = {}
    for name, widget in controls.items():
        value = given[widget]
        if isinstance(widget, gr.Number | gr.Slider):
            value = round(float(widget.value if value is None else value), _DIGITS)
        found[name] = value
    return found
