"""Serve a page."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from ..config.argument_config import ArgumentConfig
from ..errors import InputError
from ..live_portrait_wrapper import LivePortraitWrapper, LivePortraitWrapperAnimal
from ..media.user_path import check_writable, user_path
from .animals_page import animals_page
from .frame import Page, css, theme
from .people_page import people_page
from .runs import Runs

_log = logging.getLogger(__name__)

PORT, PORT_OF_ANIMALS = 7860, 7861
_LARGEST_UPLOAD = "200mb"
_VISITORS = 50  # whose states are kept
_AT_ONCE = 4  # events of one kind; the model takes them in turn
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_UPLOADS = "GRADIO_TEMP_DIR"


@contextmanager
def open_page(args: ArgumentConfig, *, animals: bool) -> Iterator[str]:
    """Load the model and serve its page as long as the context lasts.

    Args:
        args: model, device, address and port.
        animals: the page of animals.

    Yields:
        The address of the page.

    Raises:
        LivePortraitError: a model that cannot be had, a port that is taken.
    """
    wrapper = (LivePortraitWrapperAnimal if animals else LivePortraitWrapper).from_arguments(args)
    with _folder(args.gradio_temp_dir) as folder:
        runs = Runs(folder)
        page = Page(wrapper, args, runs)
        blocks = animals_page(page) if animals else people_page(page)
        blocks.queue(default_concurrency_limit=_AT_ONCE)
        _launch(blocks, args, PORT_OF_ANIMALS if animals else PORT)
        try:
            yield str(blocks.share_url or blocks.local_url)
        finally:
            runs.close()
            blocks.close(verbose=False)


def _launch(blocks: gr.Blocks, args: ArgumentConfig, port: int) -> None:
    port = args.server_port or port
    if args.share or args.server_name not in _LOOPBACK:
        _log.warning("others can open the page: it has no password, and whoever opens it uses this machine")
    try:
        blocks.launch(
            server_name=args.server_name,
            server_port=port,
            share=args.share,
            prevent_thread_lock=True,
            quiet=True,
            show_error=True,
            theme=theme(),
            css=css(),
            footer_links=["settings"],
            max_file_size=_LARGEST_UPLOAD,
            state_session_capacity=_VISITORS,
            ssr_mode=False,
            pwa=False,
        )
    except OSError as error:
        raise InputError(
            f"the port {port} of {args.server_name} is taken or may not be used: --server_port names another one"
        ) from error


@contextmanager
def _folder(given: str | None) -> Iterator[Path]:
    """A folder for results; Gradio keeps uploads in one beside it. What we made ourselves is removed at the end."""
    if given is not None:
        check_writable(user_path(given, "gradio_temp_dir") / "file")
        user_path(given, "gradio_temp_dir").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="liveportrait-page-", dir=given, ignore_cleanup_errors=True) as folder:
        results, before = Path(folder) / "results", os.environ.get(_UPLOADS)
        results.mkdir()
        os.environ[_UPLOADS] = str(Path(folder) / "uploads")  # read when widgets are made
        try:
            yield results
        finally:
            os.environ.pop(_UPLOADS, None)
            os.environ.update({} if before is None else {_UPLOADS: before})
