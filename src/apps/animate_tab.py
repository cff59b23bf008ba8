"""`AnimateTab`: a source, a driver, options, and the button that animates (spec: pipeline, sections 16.1 and 16.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.blocks import Block

from .controls import Controls, values_of
from .driving_panel import DrivingPanel
from .frame import Page, output_options, text
from .progress import DONE, cancels, shown_in
from .results_panel import ResultsPanel
from .source_panel import SourcePanel
from .toasts import toasting


class AnimateTab:
    """The events around the button "Animate".

    Args:
        page: the page.
        source: what is animated.
        driving: what it is animated with.
        options: widgets of the other options.
        results: where results appear.
    """

    def __init__(
        self, page: Page, source: SourcePanel, driving: DrivingPanel, options: Controls, results: ResultsPanel
    ) -> None:
        self._page, self._source, self._driving, self._options, self._results = page, source, driving, options, results

    def buttons(self) -> None:
        """Animate, cancel, clear; call it where they should stand."""
        gr.Markdown(text("animate"))
        with gr.Row():
            animate = gr.Button("Animate", variant="primary", elem_id="animate")
            cancel = gr.Button("Cancel", elem_id="cancel")
            clear = gr.Button("Clear", elem_id="clear")
        widgets = self._source.inputs | self._driving.inputs | set(self._options.values())
        event = animate.click(
            toasting(self._animate),
            inputs=widgets,
            outputs=self._results.outputs,
            scroll_to_output=True,
            show_progress_on=[self._results.video, self._results.concat],
            concurrency_id="model",
            api_visibility="private",
        )
        cancels(cancel, self._page.runs, event)
        clear.click(
            self._clear,
            outputs=[*self._source.media, *self._driving.widgets.values(), *self._results.outputs],
            cancels=[event],
            api_visibility="private",
        )

    def _animate(
        self, given: dict[Block, Any], request: gr.Request, progress: gr.Progress = gr.Progress()
    ) -> list[Any]:
        options = self._source.options(given) | self._driving.options(given) | values_of(self._options, given)
        with self._page.runs.begin(str(request.session_hash)) as run:
            result = self._page.wrapper.execute(
                progress=run.reporting(shown_in(progress)),
                output_dir=str(run.folder),
                **output_options(self._page.args),
                **options,
            )
            gr.Success(DONE)
            return self._results.show(result, options["source"], is_pasted=self._pastes(options))

    def _pastes(self, options: Mapping[str, Any]) -> bool:
        """Whether a result is the whole picture."""
        return all(options[name] for name in ("flag_pasteback", "flag_do_crop", "flag_stitching"))

    def _clear(self, request: gr.Request) -> list[Any]:
        self._page.runs.cancel(str(request.session_hash))
        return [None] * (len(self._source.media) + len(self._driving.widgets)) + self._results.empty()
