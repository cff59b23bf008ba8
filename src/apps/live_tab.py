"""`LiveTab`: a portrait that the visitor's camera drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from .controls import Controls, values_of
from .face_picker import FacePicker
from .frame import QUIET, Page, text
from .live_sessions import LiveSessions
from .picture import picture
from .toasts import toasting

_HERE = Path(__file__).parent
_LONGEST_SIDE = 720  # of the live picture: more would only cost time


class LiveTab:
    """The widgets and events.

    Args:
        page: the page.
        pictures: example portraits.
    """

    def __init__(self, page: Page, pictures: list[list[str]]) -> None:
        self._page, self._sessions = page, LiveSessions()
        gr.Markdown(text("live"))
        with gr.Row():
            with gr.Column(scale=1):
                self._image = picture("Portrait", "live-source", height=300)
                gr.Examples(pictures, self._image, cache_examples=False, label="Examples")
                self._faces = FacePicker(page, self._image)
                self._options: Controls = {
                    "flag_pasteback": gr.Checkbox(True, label="paste-back"),
                    "flag_relative_motion": gr.Checkbox(True, label="relative motion"),
                    "driving_multiplier": gr.Slider(0, 2, 1, step=0.02, label="driving multiplier"),
                }
            with gr.Column(scale=2):
                self._name = gr.Textbox(visible="hidden", elem_id="live-name")
                _camera(self._sessions)
        self._events()

    def _events(self) -> None:
        inputs: set[Block] = {self._image, self._faces.choice, self._name, *self._options.values()}
        self._faces.looked.failure(self._close, self._name, self._name, **QUIET)
        widgets = self._options.values()
        changed = [widget.release if isinstance(widget, gr.Slider) else widget.input for widget in widgets]
        for trigger in (self._faces.looked.success, self._faces.picked.success, *changed):
            opened = trigger(
                toasting(self._open), inputs, self._name, concurrency_limit=1, concurrency_id="live", **QUIET
            )
            opened.failure(self._close, self._name, self._name, **QUIET)

    def _close(self, name: str) -> str:
        """No portrait: an older one must not stand for the one that failed."""
        self._sessions.remove(name)
        return ""

    def _open(self, given: dict[Block, Any]) -> str:
        self._close(given[self._name])
        if given[self._image] is None:
            return ""
        session = self._page.wrapper.set_source(
            given[self._image],
            faces=given[self._faces.choice],
            output_size=_LONGEST_SIDE,
            **values_of(self._options, given),
        )
        return self._sessions.add(session)


def _camera(sessions: LiveSessions) -> None:
    """The camera, its buttons and the live picture."""

    def drive(request: Any) -> dict[str, Any]:
        return sessions.drive(request)

    gr.HTML(
        html_template=(_HERE / "live.html").read_text(encoding="utf-8"),
        css_template=(_HERE / "live.css").read_text(encoding="utf-8"),
        js_on_load=(_HERE / "live.js").read_text(encoding="utf-8"),
        server_functions=[drive],
        elem_id="live",
    )
