"""The portrait editor in a real browser."""

import json
import statistics
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import Page, expect

from src.live_portrait_wrapper import LivePortraitWrapper
from src.motion.sliders import SLIDERS
from tests.apps.media import D0, MONA_LISA, no_face, pixels, toast, two_faces, upload

TAB = "Retargeting and Editing Portraits"
CROP = "#edited-crop img"
MOVE = """(slider, value) => {
  const range = slider.querySelector("input[type=range]");
  range.value = value;
  range.dispatchEvent(new Event("input", { bubbles: true }));
}"""
CHANGED = """(old) => {
  const image = document.querySelector("#edited-crop img");
  return image && image.src !== old && image.complete && image.naturalWidth;
}"""


@pytest.fixture
def editor(people_address, open_tab) -> Page:
    """The editor with a portrait in it."""
    page = open_tab(people_address, TAB)
    upload(page, "#edit-source", MONA_LISA)
    page.locator(CROP).wait_for(timeout=20_000)
    expect(value_of(page, "input_eye_ratio")).not_to_have_value("0")
    return page


def value_of(page: Page, slider: str):
    return page.locator(f"#{slider} input[type=number]")


def move(page: Page, slider: str, value: float) -> float:
    """Move a slider and wait for the new picture; the seconds that took."""
    old = page.locator(CROP).get_attribute("src")
    begin = time.perf_counter()
    page.locator(f"#{slider}").evaluate(MOVE, value)
    page.wait_for_function(CHANGED, arg=old, timeout=10_000, polling="raf")
    return time.perf_counter() - begin


def assert_settles(page: Page, picture: np.ndarray) -> None:
    """The crop becomes a picture, whatever a busy machine takes for that, and stays it."""
    end = time.monotonic() + 15
    while np.abs(pixels(page.locator(CROP)) - picture).mean() >= 0.5 and time.monotonic() < end:
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000)
    assert np.abs(pixels(page.locator(CROP)) - picture).mean() < 0.5


def test_sliders_are_those_of_the_original(people_address, open_tab):
    page = open_tab(people_address, TAB)
    shown = {}
    for name in SLIDERS:
        slider = page.locator(f"#{name} input[type=range]")
        shown[name] = tuple(float(slider.get_attribute(part)) for part in ("min", "max", "step"))
        assert float(value_of(page, name).input_value()) == SLIDERS[name].default
    assert shown == {name: (slider.low, slider.high, slider.step) for name, slider in SLIDERS.items()}
    for name in ("input_eye_ratio", "input_lip_ratio"):
        assert page.locator(f"#{name} input[type=range]").get_attribute("max") == "0.8"


def test_a_slider_changes_the_picture(editor):
    before = pixels(editor.locator(CROP))
    move(editor, "input_head_yaw_variation", 15)
    after = pixels(editor.locator(CROP))
    assert after.shape == (512, 512, 3)
    assert np.abs(after - before).mean() > 2
    compared = editor.locator("#before-after img")
    source, edited = pixels(compared.nth(0)), pixels(compared.nth(1))
    assert source.shape == edited.shape == (1280, 720, 3)
    assert np.abs(source[1100:] - edited[1100:]).mean() < 2  # the hands stay
    assert np.abs(source[200:600] - edited[200:600]).mean() > 2


def test_edits_are_quick_and_leak_nothing(editor, capsys):
    """In this process are the page, the model and the tests; what the browser takes is its own."""
    for value in (0.11, 0.21, 0.31, 0.41, 0.51, 0.61, 0.71, 0.81, 0.91, 1.01):
        move(editor, "smile", value)
    process = psutil.Process()
    before, size = process.memory_info().rss, sum(path.stat().st_size for path in files(editor))
    seconds = [move(editor, "smile", 0.05 * number) for number in range(1, 21)]
    grown = (process.memory_info().rss - before) / 1e6
    written = sum(path.stat().st_size for path in files(editor)) - size
    median = statistics.median(seconds)
    with capsys.disabled():
        print(f"\n  edit to new picture: median {median * 1e3:.0f} ms; 20 edits: {grown:+.1f} MB")
    assert median < 0.3
    assert grown < 30
    assert written == 0  # nothing is left on the disk either


def files(page: Page) -> list[Path]:
    """What the page keeps in its folder of uploads."""
    source = page.locator("#before-after img").first.get_attribute("src")
    uploads = Path(source.partition("file=")[2]).parents[1]
    assert uploads.name == "uploads"
    return [path for path in uploads.rglob("*") if path.is_file()]


def test_reset_resets_everything(editor):
    own = [value_of(editor, name).input_value() for name in ("input_eye_ratio", "input_lip_ratio")]
    neutral = pixels(editor.locator(CROP))
    move(editor, "smile", 1.2)
    move(editor, "mov_z", 1.1)
    move(editor, "input_lip_ratio", 0.5)
    editor.get_by_role("checkbox", name="stitching").uncheck()
    editor.click("#edit-reset")
    for name, slider in SLIDERS.items():
        expect(value_of(editor, name)).to_have_value(f"{slider.default:g}")
    expect(editor.get_by_role("checkbox", name="stitching")).to_be_checked()
    assert [value_of(editor, name).input_value() for name in ("input_eye_ratio", "input_lip_ratio")] == own
    assert_settles(editor, neutral)


def test_reset_leaves_the_portrait_open(editor, monkeypatch):
    """Opened anew a moment later, it would take back what the visitor has set since."""
    opened = []
    monkeypatch.setattr(LivePortraitWrapper, "open_editor", lambda *args, **options: opened.append(options))
    neutral = pixels(editor.locator(CROP))
    move(editor, "smile", 1.2)
    editor.click("#edit-reset")
    expect(value_of(editor, "smile")).to_have_value("0")
    assert_settles(editor, neutral)
    assert opened == []


def test_an_expression_is_saved_and_loaded(editor, tmp_path):
    move(editor, "smile", 1.2)
    move(editor, "input_lip_ratio", 0.5)
    smiling = pixels(editor.locator(CROP))
    path = saved(editor, "#edit-save", tmp_path / "expression.json")
    content = json.loads(path.read_text())
    assert content["sliders"]["smile"] == 1.2
    assert content["lip_target"] == 0.5
    assert content["eye_target"] is None
    editor.click("#edit-reset")
    expect(value_of(editor, "smile")).to_have_value("0")
    with editor.expect_file_chooser() as chooser:
        editor.click("#edit-load")
    chooser.value.set_files(str(path))
    expect(value_of(editor, "smile")).to_have_value("1.2")
    expect(value_of(editor, "input_lip_ratio")).to_have_value("0.5")
    assert_settles(editor, smiling)
    expect(value_of(editor, "smile")).to_have_value("1.2")
    expect(value_of(editor, "input_lip_ratio")).to_have_value("0.5")


def test_an_edit_becomes_a_motion_template(editor, tmp_path):
    move(editor, "smile", 1.2)
    path = saved(editor, "#edit-export", tmp_path / "smile.safetensors")
    wrapper = LivePortraitWrapper(model="compact", device="cpu")
    result = wrapper.execute(
        source_image=MONA_LISA, driving_video=path, output=str(tmp_path / "result.mp4"), flag_pasteback=False
    )
    assert result.n_frames == 76
    assert result.fps == 25


def saved(page: Page, button: str, path):
    """What a button offers as a download."""
    page.click(button)
    link = page.locator("#edit-file a[download], #edit-file .download a").first
    link.wait_for(timeout=10_000)
    with page.expect_download() as download:
        link.click()
    download.value.save_as(path)
    return path


def test_the_second_face_is_edited_if_it_is_clicked_on(people_address, open_tab, tmp_path):
    page = open_tab(people_address, TAB)
    upload(page, "#edit-source", two_faces(tmp_path))
    page.locator(CROP).wait_for(timeout=20_000)
    picker = page.locator(".face-picker:visible img")
    expect(picker).to_be_visible()
    largest, old = pixels(page.locator(CROP)), page.locator(CROP).get_attribute("src")
    size = picker.bounding_box()
    picker.click(position={"x": size["width"] * 0.72, "y": size["height"] * 0.5})
    page.wait_for_function(CHANGED, arg=old, timeout=10_000)
    assert np.abs(pixels(page.locator(CROP)) - largest).mean() > 20


def test_mistakes_are_told(people_address, open_tab, tmp_path):
    page = open_tab(people_address, TAB)
    page.locator("#smile").evaluate(MOVE, 0.5)
    assert "There is no portrait yet" in toast(page)
    page.locator(".toast-close").first.click()
    expect(page.locator(".toast-body")).to_have_count(0)
    upload(page, "#edit-source", no_face(tmp_path))
    assert "No face found" in toast(page)


def test_a_typed_crop_scale_counts(editor):
    old = editor.locator(CROP).get_attribute("src")
    box = editor.get_by_label("number input for crop scale").first
    box.fill("1.8")
    box.blur()
    editor.wait_for_function(CHANGED, arg=old, timeout=10_000)


def test_what_is_set_while_another_crop_opens_stays(editor, monkeypatch):
    move(editor, "input_lip_ratio", 0.5)
    opens = LivePortraitWrapper.open_editor

    def slowly(*args, **options):
        time.sleep(2)
        return opens(*args, **options)

    monkeypatch.setattr(LivePortraitWrapper, "open_editor", slowly)
    old = editor.locator(CROP).get_attribute("src")
    editor.get_by_label("range slider for crop scale").first.focus()
    editor.keyboard.press("ArrowRight")
    editor.wait_for_timeout(700)
    editor.locator("#input_lip_ratio").evaluate(MOVE, 0.3)
    editor.wait_for_function(CHANGED, arg=old, timeout=10_000)
    editor.wait_for_timeout(1500)
    expect(value_of(editor, "input_lip_ratio")).to_have_value("0.3")


def test_another_crop_keeps_what_was_set(editor):
    move(editor, "input_lip_ratio", 0.5)
    eyes = value_of(editor, "input_eye_ratio").input_value()
    old = editor.locator(CROP).get_attribute("src")
    editor.get_by_label("range slider for crop scale").first.focus()
    editor.keyboard.press("ArrowRight")
    editor.wait_for_function(CHANGED, arg=old, timeout=10_000)
    editor.wait_for_timeout(1000)
    expect(value_of(editor, "input_lip_ratio")).to_have_value("0.5")
    assert abs(float(value_of(editor, "input_eye_ratio").input_value()) - float(eyes)) < 0.05


def test_the_arrow_beside_a_slider_takes_it_back(editor):
    neutral = pixels(editor.locator(CROP))
    move(editor, "input_head_yaw_variation", 15)
    old = editor.locator(CROP).get_attribute("src")
    editor.locator("#input_head_yaw_variation button").first.click()
    editor.wait_for_function(CHANGED, arg=old, timeout=10_000)
    assert np.abs(pixels(editor.locator(CROP)) - neutral).mean() < 0.5


def test_a_number_out_of_range_is_told(editor):
    value_of(editor, "smile").fill("9")
    value_of(editor, "smile").blur()
    assert "slider smile must lie between -0.3 and 1.3, got 9" in toast(editor).lower()


def test_no_older_portrait_stands_for_one_that_fails(editor, tmp_path):
    editor.locator("#edit-source").get_by_label("Remove Image").click()
    upload(editor, "#edit-source", no_face(tmp_path))
    assert "No face found" in toast(editor)
    expect(editor.locator(CROP)).to_have_count(0)
    expect(editor.locator(".toast-body")).to_have_count(1)  # said once
    editor.locator("#smile").evaluate(MOVE, 0.5)
    expect(editor.locator(".toast-body", has_text="There is no portrait yet")).to_be_visible()


def test_a_portrait_stays_while_another_is_animated(editor):
    """Several events of one visitor at a time."""
    editor.get_by_role("tab", name="Animate", exact=True).click()
    upload(editor, "#source-image", MONA_LISA)
    upload(editor, "#driving-video", D0)
    expect(editor.locator("#driving-video video")).to_be_visible()
    editor.click("#animate")
    editor.get_by_text("Animating -").first.wait_for(timeout=60_000)
    editor.get_by_role("tab", name=TAB, exact=True).click()
    assert move(editor, "smile", 1.0) < 5
    editor.get_by_role("tab", name="Animate", exact=True).click()
    editor.click("#cancel")
