"""What both pages share: looks, texts, the line that names the model, and what all events need."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import gradio as gr

from ..config.argument_config import ArgumentConfig
from ..live_portrait_wrapper import LivePortraitWrapper
from ..weights.paths import assets_dir
from .runs import Runs

# Fonts of the visitor's own machine: a page must not fetch any from elsewhere.
_FONTS = ("Plus Jakarta Sans", "ui-sans-serif", "system-ui", "sans-serif")
_MONO = ("ui-monospace", "Consolas", "monospace")

CSS = """
.gradio-container { overflow: clip !important; width: 100% !important; max-width: 1440px !important; margin: 0 auto !important; }
.model-line { font-size: var(--text-sm); color: var(--body-text-color-subdued); text-align: right; }
.model-line b { color: var(--body-text-color); }
.face-picker img { cursor: pointer; }
.media video { max-height: 320px; }
.result video { max-height: 560px; }
.page-title h1 { margin-bottom: 0; }
@media (min-width: 1000px) { .stays-in-sight { position: sticky; top: 8px; align-self: flex-start; } }
@media (max-width: 999px) {
  .stays-in-sight { display: contents; }
  .stays-in-sight #edited-crop { order: -1; position: sticky; top: 0; z-index: 20; width: 100%; height: 38vh !important; }
  .stays-in-sight #before-after { width: 100%; }
}
@media (max-width: 600px) { .model-line { text-align: left; } }
"""


@dataclass(frozen=True)
class Page:
    """What the events of one page share.

    Attributes:
        wrapper: the model; the same for all visitors.
        args: the options of the command line; every event works on a copy.
        runs: what is running.
    """

    wrapper: LivePortraitWrapper
    args: ArgumentConfig
    runs: Runs


def theme() -> gr.Theme:
    """Soft, as in the original, with fonts that are there already."""
    return gr.themes.Soft(
        font=[gr.themes.Font(name) for name in _FONTS], font_mono=[gr.themes.Font(name) for name in _MONO]
    )


def text(name: str) -> str:
    """One of the page's texts, in Markdown."""
    return (assets_dir() / "gradio" / f"{name}.md").read_text(encoding="utf-8")


def header(page: Page, title: str) -> None:
    """The title, and which model is running where."""
    with gr.Row():
        with gr.Column(min_width=320):
            gr.Markdown(text(title), elem_classes="page-title")
        with gr.Column(min_width=320):
            gr.HTML(_model_line(page.wrapper), elem_id="model-line", elem_classes="model-line")


def examples(folder: str, names: Sequence[str]) -> list[list[str]]:
    """Files of the examples that are there, one a row."""
    paths = (assets_dir() / "examples" / folder / name for name in names)
    return [[str(path)] for path in paths if path.is_file()]


def example(name: str) -> str:
    """Path of one example, such as "source/s9.jpg"."""
    return str(assets_dir() / "examples" / Path(name))


def _model_line(wrapper: LivePortraitWrapper) -> str:
    engine = wrapper.engine
    about = {"compact": "our small weights, CC BY-NC-SA 4.0", "base": "official weights"}.get(
        engine.name, "official weights of animals"
    )
    return f"Model: <b>{html.escape(engine.name)}</b> ({about}) on <b>{html.escape(str(engine.device))}</b>"
