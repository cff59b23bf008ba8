"""`VideoTab`: the lips of a video, opened, closed or silenced (spec: pipeline, section 16.3)."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.blocks import Block

from ..errors import InputError
from ..motion.expression import HIGHEST_TARGET
from .controls import SCALE, Controls, number, slider, values_of
from .frame import Page, output_options, text
from .progress import DONE, cancels, shown_in
from .toasts import toasting

_SMOOTHNESS = 3e-6


class VideoTab:
    """The widgets and events.

    Args:
        page: the page.
        videos: example videos.
    """

    def __init__(self, page: Page, videos: list[list[str]]) -> None:
        self._page = page
        gr.Markdown(text("retarget_video"))
        with gr.Row():
            with gr.Column():
                self._video = gr.Video(
                    label="Source video", sources=["upload"], elem_id="retarget-source", elem_classes="media"
                )
                gr.Examples(videos, self._video, cache_examples=False, label="Examples")
            with gr.Column():
                self._controls = self._options()
                with gr.Row():
                    retarget = gr.Button("Retargeting Video", variant="primary", elem_id="retarget")
                    cancel = gr.Button("Cancel")
        with gr.Row():
            self._concat = gr.Video(
                label="Source and result", interactive=False, buttons=["download"], elem_classes="media"
            )
            self._result = gr.Video(
                label="The retargeted video",
                interactive=False,
                elem_id="retargeted-video",
                buttons=["download"],
                elem_classes="media",
            )
        event = retarget.click(
            toasting(self._retarget),
            {self._video, *self._controls.values()},
            [self._concat, self._result],
            concurrency_id="model",
            api_visibility="private",
        )
        cancels(cancel, self._page.runs, event)

    def _options(self) -> Controls:
        args = self._page.args
        return {
            "flag_do_crop": gr.Checkbox(args.flag_do_crop, label="do crop (source)"),
            "scale": slider("crop scale", args.scale, *SCALE),
            "lip_ratio": slider("target lip-open ratio", 0, 0, HIGHEST_TARGET, 0.01),
            "observation_variance": number("motion smooth strength", _SMOOTHNESS, 1e-11, 1e-2, 1e-8),
            "silence_lips": gr.Checkbox(False, label="keeping the lip silent"),
        }

    def _retarget(
        self, given: dict[Block, Any], request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> list[Any]:
        if given[self._video] is None:
            raise InputError("there is no source video: upload one, or take an example")
        options = values_of(self._controls, given)
        with self._page.runs.begin(str(request.session_hash)) as run:
            result = self._page.wrapper.retarget_video(
                given[self._video],
                progress=run.reporting(shown_in(progress)),
                output_dir=str(run.folder),
                **output_options(self._page.args),
                **options,
            )
            gr.Success(DONE)
            return [result.concat, str(result)]
