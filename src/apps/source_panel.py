"""`SourcePanel`: what is animated; a picture or, of people, a video."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..errors import InputError
from .controls import Controls, crop_controls, values_of
from .face_picker import FacePicker
from .frame import Page, text
from .picture import picture

IMAGE, VIDEO = "Image", "Video"


class SourcePanel:
    """The widgets of the source.

    Args:
        page: the page.
        pictures: example pictures.
        videos: example videos; None = a source is a picture.

    Attributes:
        image: the picture.
        video: the video; None if there can be none.
        tab: which of them is looked at: "Image" or "Video".
        faces: which face of a picture is meant.
        crop: the crop options.
    """

    def __init__(self, page: Page, pictures: list[list[str]], videos: list[list[str]] | None = None) -> None:
        gr.Markdown(text("upload_source" if videos is not None else "upload_animal"))
        self.tab = gr.State(IMAGE)
        self.video: gr.Video | None = None
        with gr.Tabs(overflow_behavior="wrap") as self.tabs:
            with gr.Tab("Source Image", id=IMAGE) as image_tab:
                self.image = picture("Source image", "source-image")
                gr.Examples(pictures, self.image, cache_examples=False, label="Examples")
                self.faces = FacePicker(page, self.image, tells=True)
            if videos is not None:
                with gr.Tab("Source Video", id=VIDEO) as video_tab:
                    self.video = gr.Video(
                        label="Source video", sources=["upload"], elem_id="source-video", elem_classes="media"
                    )
                    gr.Examples(videos, self.video, cache_examples=False, label="Examples")
                video_tab.select(lambda: VIDEO, outputs=self.tab, queue=False, api_visibility="private")
        image_tab.select(lambda: IMAGE, outputs=self.tab, queue=False, api_visibility="private")
        what = "Source Image or Video" if videos is not None else "Source Image"
        with gr.Accordion(f"Cropping Options for {what}", open=False):
            self.crop: Controls = crop_controls(page.args, "source")

    @property
    def media(self) -> list[Block]:
        """The widgets that hold files."""
        return [self.image] if self.video is None else [self.image, self.video]

    @property
    def inputs(self) -> set[Block]:
        """What an event needs for `options`."""
        return {*self.media, self.tab, self.faces.choice, *self.crop.values()}

    def options(self, given: Mapping[Block, Any]) -> dict[str, Any]:
        """The options of a run.

        Raises:
            InputError: there is no source.
        """
        is_video = self.video is not None and given[self.tab] == VIDEO
        source = given[self.video] if is_video and self.video is not None else given[self.image]
        if source is None:
            raise InputError(f"there is no source {'video' if is_video else 'image'}: upload one, or take an example")
        options = values_of(self.crop, given)
        # the faces of a picture were shown; what a video shows is seen when it is read
        faces = given[self.faces.choice] if options["flag_do_crop"] and not is_video else "largest"
        return {"source": source, "faces": faces, **options}
