"""`LiveTab`: a portrait that the visitor's camera drives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block

from .controls import Controls, slider, values_of
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
                self._faces = FacePicker(page, self._image)
                gr.Examples(pictures, self._image, cache_examples=False, label="Examples")
                self._options: Controls = {
                    "flag_pasteback": gr.Checkbox(True, label="paste-back"),
                    "flag_relative_motion": gr.Checkbox(True, label="relative motion"),
                    "driving_multiplier": slider("driving multiplier", 1, 0, 2, 0.02),
                }
            with gr.Column(scale=2):
                self._name = gr.Textbox(visible="hidden", elem_id="live-name")
                _camera(self._sessions)
        self._events()

    def _events(self) -> None:
        inputs: set[Block] = {self._image, self._faces.choice, *self._options.values()}
        changed = [widget.change for widget in self._options.values()]
        for trigger in (self._faces.looked.success, self._faces.picked.success, *changed):
            event = trigger(
                toasting(self._open), inputs, self._name, concurrency_limit=1, concurrency_id="live", **QUIET
            )
            event.failure(self._close, None, self._name, **QUIET)
        self._faces.looked.failure(self._close, None, self._name, **QUIET)
        self._page.at_leave(self._sessions.leave)

    def _close(self, request: gr.Request) -> str:
        """No portrait: an older one must not stand for the one that failed."""
        self._sessions.leave(str(request.session_hash))
        return ""

    def _open(self, given: dict[Block, Any], request: gr.Request) -> str:
        """Set the portrait; returns the name of its session."""
        if given[self._image] is None:
            return self._close(request)
        options = values_of(self._options, given)
        size = _LONGEST_SIDE if options["flag_pasteback"] else None  # a crop has a size of its own
        session = self._page.wrapper.set_source(
            given[self._image], faces=given[self._faces.choice], output_size=size, **options
        )
        return self._sessions.add(session, str(request.session_hash))


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
