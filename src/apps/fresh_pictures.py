"""Widgets for pictures that change all the time: Gradio would keep every one of them as a file for hours."""

from __future__ import annotations

import gradio as gr
from gradio import processing_utils
from gradio.components.imageslider import SliderData
from gradio.data_classes import ImageData

from ..face.face import Rgb
from .jpeg import jpeg, jpeg_text

_QUALITY = 92


def fresh_image(label: str, elem_id: str, height: int) -> gr.Image:
    """A picture that comes as an array (H, W, 3) uint8."""
    widget = gr.Image(
        label=label, interactive=False, height=height, buttons=["download", "fullscreen"], elem_id=elem_id
    )
    widget.postprocess = _image  # type: ignore[method-assign, assignment]
    return widget


def fresh_slider(label: str, elem_id: str, height: int) -> gr.ImageSlider:
    """Before and after: a file of `stays`, and an array (H, W, 3) uint8."""
    widget = gr.ImageSlider(label=label, interactive=False, max_height=height, elem_id=elem_id)
    widget.postprocess = _pair  # type: ignore[method-assign, assignment]
    return widget


def stays(slider: gr.ImageSlider, rgb: Rgb) -> str:
    """The file of a picture that is shown beside many others, among those that Gradio removes after some hours."""
    return processing_utils.save_bytes_to_cache(jpeg(rgb, _QUALITY), "before.jpg", slider.GRADIO_CACHE)


def _image(value: Rgb | None) -> ImageData | None:
    return None if value is None else ImageData(url=f"data:image/jpeg;base64,{jpeg_text(value, _QUALITY)}")


def _pair(value: tuple[str, Rgb] | None) -> SliderData | None:
    if value is None:
        return None
    return SliderData(root=(ImageData(path=value[0]), _image(value[1])))
