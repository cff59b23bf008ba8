"""How a run shows how far it is, and how a button ends it."""

from __future__ import annotations

import gradio as gr
from gradio.events import Dependency

from ..pipeline.progress import Progress
from .frame import Page
from .runs import Runs

DONE = "Done. The results can be downloaded at their upper right corners."


def shown_in(progress: gr.Progress) -> Progress:
    """A run's progress as Gradio shows it: the stage, and frames done."""

    def show(stage: str, done: int, total: int | None) -> None:
        progress((done, total), desc=stage, unit="frames")

    return show


def cancels(button: gr.Button, runs: Runs, event: Dependency) -> None:
    """Let a button end the run of the visitor who clicks on it, or take it from the queue if it waits there.

    Args:
        button: the button.
        runs: what is running.
        event: the click that begins a run.
    """

    def cancel(request: gr.Request) -> None:
        if runs.cancel(str(request.session_hash)):
            gr.Info("Stopped: nothing was written.")
        else:
            gr.Info("Nothing of yours is running any more.")

    button.click(cancel, cancels=[event], api_visibility="private")


def forget_visitors(blocks: gr.Blocks, page: Page) -> None:
    """Have runs end and results go when a page is closed."""

    def leave(request: gr.Request) -> None:
        for forget in (page.runs.leave, *page.leaving):
            forget(str(request.session_hash))

    blocks.unload(leave)
