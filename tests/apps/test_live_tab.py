"""A camera drives a portrait in a real browser; the camera is a file that Chromium plays."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.apps.media import MONA_LISA, pixels, two_faces, upload

RESULT = "#live [data-live=result]"
STATS = "#live [data-live=stats]"
FRAMES = "Number(document.querySelector('#live [data-frames]')?.dataset.frames ?? 0)"
NAME = "document.querySelector('#live-name textarea, #live-name input')?.value"  # of the open portrait
SLOW_DECODE = """() => {
  HTMLImageElement.prototype.decode = () => new Promise((done) => { window.decoded = done; });
}"""
SECONDS = 6


@pytest.fixture
def live(people_address, open_tab) -> Page:
    return open_tab(people_address, "Live")


def start(page: Page) -> None:
    page.get_by_role("button", name="Start camera").click()
    page.wait_for_function(f"{FRAMES} > 5", timeout=30_000)


def test_the_camera_drives_the_portrait(live, capsys):
    upload(live, "#live-source", MONA_LISA)
    start(live)
    first, before = pixels(live.locator(RESULT)), live.evaluate(FRAMES)
    live.wait_for_timeout(SECONDS * 1000)
    rate = (live.evaluate(FRAMES) - before) / SECONDS
    latency = re.search(r"latency (\d+) ms", live.locator(STATS).inner_text())
    with capsys.disabled():
        print(f"\n  live: {rate:.1f} frames a second, latency {latency[1]} ms")
    assert rate > 5  # a machine that does nothing else gives twice that
    last = pixels(live.locator(RESULT))
    assert last.shape == first.shape == (720, 404, 3)
    assert np.abs(last - first).mean() > 0.3
    live.get_by_role("button", name="Stop").click()
    expect(live.locator("#live")).to_contain_text("The camera is off")
    live.wait_for_timeout(500)
    stopped = live.evaluate(FRAMES)
    live.wait_for_timeout(1000)
    assert live.evaluate(FRAMES) == stopped


def test_a_picture_that_is_still_decoded_does_not_undo_stop(live):
    upload(live, "#live-source", MONA_LISA)
    start(live)
    live.evaluate(SLOW_DECODE)
    live.wait_for_function("() => !!window.decoded")  # a picture waits
    live.get_by_role("button", name="Stop").click()
    live.evaluate("() => window.decoded()")
    live.wait_for_timeout(500)
    expect(live.locator("#live")).to_contain_text("The camera is off")
    expect(live.locator(STATS)).to_be_empty()


def test_the_chosen_face_is_driven(live, tmp_path):
    upload(live, "#live-source", two_faces(tmp_path))
    picker = live.locator(".face-picker:visible img")
    expect(picker).to_be_visible()
    start(live)
    moved = differences(live)
    assert moved[0] > 2 * moved[1]  # the largest face is on the left
    size = picker.bounding_box()
    session = live.evaluate(NAME)
    picker.click(position={"x": size["width"] * 0.72, "y": size["height"] * 0.5})
    live.wait_for_function(f"(old) => {NAME} && {NAME} !== old", arg=session, timeout=30_000)
    live.wait_for_timeout(1500)
    moved = differences(live)
    assert moved[1] > 2 * moved[0]


def differences(page: Page) -> list[float]:
    """How much the left and the right half of the live picture change within a second or two."""
    seen = []
    for _ in range(6):
        seen.append(pixels(page.locator(RESULT)))
        page.wait_for_timeout(300)
    spread = np.ptp(np.stack(seen), axis=0)
    half = spread.shape[1] // 2
    return [float(spread[:, :half].mean()), float(spread[:, half:].mean())]


def test_without_a_portrait_it_says_so(live):
    live.get_by_role("button", name="Start camera").click()
    expect(live.locator("#live")).to_contain_text("Choose a portrait first")
