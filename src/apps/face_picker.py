"""`FacePicker`: shows the faces of a picture if there are several, and lets one be chosen by a click."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..pipeline.find_faces import FacesFound
from .frame import Page
from .toasts import toasting

LARGEST = "largest"


class FacePicker:
    """The widget and its events.

    Args:
        page: the page.
        image: the widget with the picture, which holds a file.

    Attributes:
        choice: the option `faces`: "largest", or a number as text; a state that events take as input.
    """

    def __init__(self, page: Page, image: gr.Image) -> None:
        self._page = page
        self.choice = gr.State(LARGEST)
        self._found = gr.State(None)
        self._marked = gr.Image(
            label="Several faces: click on the one that is meant",
            interactive=False,
            visible=False,
            format="jpeg",
            buttons=[],
            height=300,
            elem_classes="face-picker",
        )
        outputs = [self._found, self.choice, self._marked]
        # not `upload`: a picture may also come from an example, or be taken away
        self.looked = image.change(
            toasting(self._look), image, outputs, show_progress="hidden", api_visibility="private"
        )
        self.picked = self._marked.select(
            toasting(self._pick),
            self._found,
            [self.choice, self._marked],
            show_progress="hidden",
            api_visibility="private",
        )

    def _look(self, path: str | None) -> tuple[FacesFound | None, str, Any]:
        if path is None:
            return None, LARGEST, gr.update(value=None, visible=False)
        found = self._page.wrapper.find_faces(path)
        if len(found.faces) < 2:
            return None, LARGEST, gr.update(value=None, visible=False)
        return found, str(found.largest), gr.update(value=found.marked(found.largest), visible=True)

    def _pick(self, found: FacesFound | None, event: gr.SelectData) -> tuple[str, Any]:
        if found is None:
            skipped: tuple[str, Any] = gr.skip()
            return skipped
        number = found.at(*event.index)
        return str(number), gr.update(value=found.marked(number))
