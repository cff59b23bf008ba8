"""How a run shows how far it is, and how a button ends it."""

from __future__ import annotations

import gradio as gr

from ..pipeline.progress import Progress
from .runs import Runs


def shown_in(progress: gr.Progress) -> Progress:
    """A run's progress as Gradio shows it: the stage, and frames done."""

    def show(stage: str, done: int, total: int | None) -> None:
        progress((done, total), desc=stage, unit="frames")

    return show


def cancels(button: gr.Button, runs: Runs) -> None:
    """Let a button end the run of the visitor who clicks on it."""

    def cancel(request: gr.Request) -> None:
        if not runs.cancel(str(request.session_hash)):
            gr.Info("Nothing is running.")

    button.click(cancel, queue=False, api_visibility="private")


def forget_visitors(blocks: gr.Blocks, runs: Runs) -> None:
    """Have runs end and results go when a page is closed."""

    def leave(request: gr.Request) -> None:
        runs.leave(str(request.session_hash))

    blocks.unload(leave)
