"""Both pages, served by this process with the compact model, and a browser that may talk to nobody else."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from src.apps.launch import open_page
from src.config.argument_config import ArgumentConfig
from tests.apps.media import CAMERA, SHORT

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPENS_WITHIN_MS = 60_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the browser takes its time."""
    for item in items:
        if "open_tab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="session")
def camera(tmp_path_factory) -> Path:
    """What the browser's fake camera shows, over and over: the short driver beside black bars, as 640 x 480."""
    path = tmp_path_factory.mktemp("camera") / "camera.mjpeg"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(SHORT), "-vf", CAMERA, "-q:v", "3"]
    subprocess.run([*command, str(path)], check=True)
    return path


@pytest.fixture(scope="package")  # its event loop would be in the way of tests elsewhere
def browser(camera) -> Iterator[Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={camera}",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def people_address() -> Iterator[str]:
    with open_page(ArgumentConfig(model="compact", device="cpu", server_port=free_port()), animals=False) as address:
        yield address


@pytest.fixture(scope="package")
def animals_address() -> Iterator[str]:
    args = ArgumentConfig(model="compact", device="cpu", server_port=free_port(), flag_stitching=False)
    with open_page(args, animals=True) as address:
        yield address


@pytest.fixture
def open_tab(browser) -> Iterator[Callable[[str, str], Page]]:
    """Opens a page at one of its tabs; at the end no request has gone elsewhere and nothing failed in the browser."""
    pages: list[Page] = []
    requests: list[str] = []
    failures: list[str] = []

    def opened(address: str, tab: str = "Animate", width: int = 1440, height: int = 900) -> Page:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.on("request", lambda request: requests.append(request.url))
        page.on("pageerror", lambda error: failures.append(str(error)))
        page.goto(address)
        page.wait_for_selector("#animate", timeout=OPENS_WITHIN_MS)
        if tab != "Animate":
            page.get_by_role("tab", name=tab, exact=True).click()
        pages.append(page)
        return page

    yield opened
    for page in pages:
        page.close()
    hosts = {found[1] for url in requests if (found := re.match(r"(?:https?|wss?)://([^/:]+)", url))}
    assert hosts == {"127.0.0.1"}
    assert not failures
