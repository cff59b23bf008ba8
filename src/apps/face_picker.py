"""`FacePicker`: shows the faces of a picture if there are several, and lets one be chosen by a click."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..errors import NoFaceError
from ..pipeline.find_faces import FacesFound
from .frame import QUIET, Page
from .runs import KEPT_SECONDS
from .toasts import plain, toasting

LARGEST = "largest"


class FacePicker:
    """The widget and its events.

    Args:
        page: the page.
        image: the widget with the picture, which holds a file.
        tells: say so if the picture shows no face; otherwise that is left to what is done with it.

    Attributes:
        choice: the option `faces`: "largest", or a number as text; a state that events take as input.
        looked: the event in which the faces of a new picture, or of none, are looked for.
        picked: the event in which another face is chosen.
    """

    def __init__(self, page: Page, image: gr.Image, *, tells: bool = False) -> None:
        self._page, self._tells = page, tells
        self.choice = gr.State(LARGEST)
        self._found = gr.State(None, time_to_live=KEPT_SECONDS)
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
        # not `upload`: a picture may also come from an example, or be taken away; what was chosen in the last one
        # must not be asked of the next, not even while that is being looked at
        emptied = image.change(_nothing, outputs=outputs, queue=False, **QUIET)
        self.looked = emptied.then(toasting(self._look), image, outputs, concurrency_limit=1, **QUIET)
        self.picked = self._marked.select(toasting(self._pick), self._found, [self.choice, self._marked], **QUIET)

    def _look(self, path: str | None) -> tuple[FacesFound | None, str, Any]:
        try:
            found = None if path is None else self._page.wrapper.find_faces(path)
        except NoFaceError as error:
            if self._tells:  # no error: without cropping, the whole picture is the face
                gr.Warning(plain(str(error)))
            return _nothing()
        if found is None or len(found.faces) < 2:
            return _nothing()
        return found, str(found.largest), gr.update(value=found.marked(found.largest), visible=True)

    def _pick(self, found: FacesFound | None, event: gr.SelectData) -> tuple[str, Any]:
        if found is None:
            skipped: tuple[str, Any] = gr.skip()
            return skipped
        number = found.at(*event.index)
        return str(number), gr.update(value=found.marked(number))


def _nothing() -> tuple[FacesFound | None, str, Any]:
    """Nothing to choose from."""
    return None, LARGEST, gr.update(value=None, visible=False)
