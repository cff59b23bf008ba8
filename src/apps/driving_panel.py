"""`DrivingPanel`: what it is animated with; a video, a picture or a motion template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from ..errors import InputError
from .controls import Controls, crop_controls, values_of
from .frame import Page, text
from .picture import picture

VIDEO, IMAGE, PICKLE = "Video", "Image", "Pickle"
_WORDS = {VIDEO: "driving video", IMAGE: "driving image", PICKLE: "motion template"}


class DrivingPanel:
    """The widgets of the driver.

    Args:
        page: the page.
        kinds: the tabs from left to right; the first one is open.
        examples: of each kind.

    Attributes:
        widgets: kind to the widget that holds the file.
        tab: which of them is looked at.
        crop: the crop options.
    """

    def __init__(self, page: Page, kinds: Sequence[str], examples: Mapping[str, list[list[str]]]) -> None:
        gr.Markdown(text("upload_driving"))
        self.tab = gr.State(kinds[0])
        self.widgets: Controls = {}
        with gr.Tabs(overflow_behavior="wrap") as self.tabs:
            for kind in kinds:
                with gr.Tab(f"Driving {kind}", id=kind) as tab:
                    self.widgets[kind] = _widget(kind)
                    if examples.get(kind):
                        gr.Examples(examples[kind], self.widgets[kind], cache_examples=False, label="Examples")
                tab.select(lambda kind=kind: kind, outputs=self.tab, queue=False, api_visibility="private")
        with gr.Accordion("Cropping Options for Driving Video", open=False):
            self.crop: Controls = crop_controls(page.args, "driving", "_crop_driving_video")
            if page.wrapper.engine.always_crops_driving:
                gr.Markdown("The compact model always crops the driver to its face.")

    @property
    def inputs(self) -> set[Block]:
        """What an event needs for `options`."""
        return {*self.widgets.values(), self.tab, *self.crop.values()}

    def options(self, given: Mapping[Block, Any]) -> dict[str, Any]:
        """The options of a run.

        Raises:
            InputError: there is no driver.
        """
        kind = given[self.tab]
        driving = given[self.widgets[kind]]
        if driving is None:
            raise InputError(f"there is no {_WORDS[kind]}: upload one, or take an example")
        return {"driving": driving, **values_of(self.crop, given)}


def _widget(kind: str) -> Component:
    if kind == VIDEO:
        return gr.Video(
            label="Driving video",
            sources=["upload", "webcam"],
            webcam_options=gr.WebcamOptions(mirror=False),  # mirroring it would need an ffmpeg on the path
            elem_id="driving-video",
            elem_classes="media",
        )
    if kind == IMAGE:
        return picture("Driving image", "driving-image", sources=("upload", "webcam", "clipboard"))
    # judged by its content: a template may have any name
    return gr.File(
        label="Motion template (.pkl or .safetensors)", type="filepath", height=170, elem_id="driving-template"
    )
