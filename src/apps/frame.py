"""What both pages share: looks, texts, the line that names the model, and what all events need."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gradio as gr

from ..config.argument_config import ArgumentConfig
from ..live_portrait_wrapper import LivePortraitWrapper
from ..weights.paths import assets_dir
from .runs import Runs

# Fonts of the visitor's own machine: a page must not fetch any from elsewhere.
_FONTS = ("Plus Jakarta Sans", "ui-sans-serif", "system-ui", "sans-serif")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}  # of events that take no time
_MONO = ("ui-monospace", "Consolas", "monospace")


@dataclass(frozen=True)
class Page:
    """What the events of one page share.

    Attributes:
        wrapper: the model; the same for all visitors.
        args: the options of the command line; every event works on a copy.
        runs: what is running.
        leaving: what is told the name of a visitor who has closed the page.
    """

    wrapper: LivePortraitWrapper
    args: ArgumentConfig
    runs: Runs
    leaving: list[Callable[[str], None]] = field(default_factory=list)

    def at_leave(self, forget: Callable[[str], None]) -> None:
        """Have something told when a visitor has closed the page."""
        self.leaving.append(forget)


def css() -> str:
    """What the pages change about Gradio's looks."""
    return (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


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


def output_options(args: ArgumentConfig) -> dict[str, Any]:
    """What the command line says about results, beside where they lie."""
    return {name: getattr(args, name) for name in ("crf", "audio", "audio_priority", "output_size")}


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
