"""`ResultsPanel`: the two results of a run: videos, or pictures with a slider between before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from PIL import Image, ImageOps

from ..pipeline.result import AnimationResult

_SUFFIXES = {".jpg", ".jpeg", ".png"}
_LARGEST = 1280  # pixels a side


class ResultsPanel:
    """The widgets of results.

    Args:
        with_gif: whether runs also make a GIF, as those of animals do.

    Attributes:
        outputs: the widgets that `show` fills.
        report: what the run did, in a line.
    """

    def __init__(self, *, with_gif: bool = False) -> None:
        with gr.Row():
            self.video = gr.Video(
                label="The animated video in the original image space",
                interactive=False,
                autoplay=True,
                loop=True,
                elem_id="result-video",
                buttons=["download"],
                elem_classes="result",
            )
            self.concat = gr.Video(
                label="The animated video: driving, source, result",
                interactive=False,
                elem_id="concat-video",
                buttons=["download"],
                elem_classes="result",
            )
        with gr.Row():
            self.picture = gr.ImageSlider(
                label="Before and after, in the original image space",
                interactive=False,
                visible=False,
                type="filepath",
                elem_id="result-picture",
            )
            self.concat_picture = gr.Image(
                label="The animated image: driving, source, result",
                interactive=False,
                visible=False,
                type="filepath",
                buttons=["download", "fullscreen"],
            )
        self.gif = _gif() if with_gif else None
        self.report = gr.Markdown(elem_id="report")

    @property
    def outputs(self) -> list[Block]:
        """The widgets in the order of `show`."""
        widgets: list[Block] = [self.video, self.concat, self.picture, self.concat_picture, self.report]
        return widgets if self.gif is None else [*widgets, self.gif]

    def show(self, result: AnimationResult, source: str, *, is_pasted: bool) -> list[Any]:
        """What the widgets get.

        Args:
            result: of the run.
            source: the picture or video before it.
            is_pasted: whether the result is the whole picture; otherwise it is the crop.
        """
        is_picture = Path(result).suffix.lower() in _SUFFIXES
        videos: tuple[Any, Any] = (None, None) if is_picture else (str(result), result.concat)
        pictures: tuple[Any, Any] = (None, None)
        if is_picture and result.concat is not None:
            before = _whole(source) if is_pasted else _source_tile(result.concat)
            pictures = ((before, str(result)), result.concat)
        report = "" if result.report is None else f"{result.report.line()}."
        shown: list[Any] = [gr.update(value=value, visible=not is_picture) for value in videos]
        shown += [gr.update(value=value, visible=is_picture) for value in pictures]
        shown.append(report)
        return shown if self.gif is None else [*shown, result.gif]

    def empty(self) -> list[Any]:
        """What the widgets get when everything is cleared."""
        shown: list[Any] = [gr.update(value=None, visible=True)] * 2 + [gr.update(value=None, visible=False)] * 2 + [""]
        return shown if self.gif is None else [*shown, None]


def _whole(source: str) -> Image.Image:
    """A picture as the result shows it: upright, and in a format that browsers know."""
    with Image.open(source) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    upright.thumbnail((_LARGEST, _LARGEST))
    return upright


def _source_tile(concat: str) -> Image.Image:
    """The source's crop, the last but one of the square tiles of a side-by-side picture."""
    with Image.open(concat) as opened:
        side, end = opened.height, opened.width
        return opened.convert("RGB").crop((end - 2 * side, 0, end - side, side))


def _gif() -> gr.Image:
    return gr.Image(
        label="The animated GIF",
        interactive=False,
        type="filepath",
        height=280,
        buttons=["download", "fullscreen"],
        elem_id="result-gif",
    )
