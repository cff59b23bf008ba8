"""`picture()`: Gradio's picture widget, made to hand over the file as it was uploaded."""

from __future__ import annotations

from typing import Literal

import gradio as gr
from gradio.data_classes import ImageData

Origin = Literal["upload", "webcam", "clipboard"]


def picture(
    label: str, elem_id: str, *, sources: tuple[Origin, ...] = ("upload", "clipboard"), height: int = 360
) -> gr.Image:
    """A widget for a picture that this project reads itself.

    Gradio would look into the file first, and answer what it cannot read with an error that nobody understands.

    Args:
        label: shown above it.
        elem_id: its id on the page.
        sources: where pictures come from.
        height: in pixels of the page.
    """
    widget = gr.Image(type="filepath", label=label, elem_id=elem_id, sources=list(sources), height=height)
    # no class of our own: Gradio would write a stub file beside its source whenever it is imported
    widget.preprocess = _path  # type: ignore[method-assign]
    return widget


def _path(payload: ImageData | None) -> str | None:
    return None if payload is None else payload.path
