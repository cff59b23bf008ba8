"""The page for people in a real browser: animate."""

import pytest
from playwright.sync_api import Page, expect

from tests.apps.media import D0, MONA_LISA, ROOT, SHORT, no_face, toast, upload

PLAYS = """(selector) => {
  const video = document.querySelector(selector + " video");
  return video && video.readyState >= 2 && video.currentTime > 0.2;
}"""


def played(page: Page, selector: str) -> tuple[int, int, float]:
    """Width, height and seconds of a video that is being played."""
    page.wait_for_function(PLAYS, arg=selector, timeout=60_000)
    video = page.locator(f"{selector} video").first
    return tuple(video.evaluate("(video) => [video.videoWidth, video.videoHeight, video.duration]"))


def test_portrait_and_driver_become_a_video_that_plays(people_address, open_tab):
    page = open_tab(people_address)
    upload(page, "#source-image", MONA_LISA)
    upload(page, "#driving-video", SHORT)
    expect(page.locator("#driving-video video")).to_be_visible()
    page.click("#animate")
    width, height, seconds = played(page, "#result-video")
    assert (width, height) == (720, 1280)
    assert seconds == pytest.approx(1.2, abs=0.1)
    assert page.locator("#concat-video video").evaluate("(video) => video.videoWidth") == 1536
    expect(page.locator("#report")).to_contain_text("30 frames at 25 fps")
    with page.expect_download() as download:
        page.locator("#result-video a[download]").click()
    assert download.value.suggested_filename == "s9--short.mp4"
    assert download.value.path().read_bytes()[4:8] == b"ftyp"


def test_the_running_model_is_named(people_address, open_tab):
    page = open_tab(people_address)
    for tab in ("Animate", "Retargeting and Editing Portraits", "Retargeting Video", "Live"):
        page.get_by_role("tab", name=tab, exact=True).click()
        expect(page.locator("#model-line")).to_contain_text("compact (our small weights, CC BY-NC-SA 4.0) on cpu")
        expect(page.locator("#model-line")).to_be_visible()


def test_faceless_picture_is_refused_with_a_toast(people_address, open_tab, tmp_path):
    page = open_tab(people_address)
    upload(page, "#source-image", no_face(tmp_path))
    assert "No face found in the source 'sky.png'" in toast(page)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a picture, honestly", "'odd.jpg' is a text file"),
        (b"", "'odd.jpg' is empty"),
        (MONA_LISA.read_bytes()[:4000], "'odd.jpg' is damaged"),
        (b"PK\x03\x04" + bytes(60), "'odd.jpg' is a ZIP archive"),
    ],
    ids=["text", "empty", "cut", "archive"],
)
def test_what_is_no_picture_is_refused_with_the_reason(people_address, open_tab, tmp_path, content, reason):
    page = open_tab(people_address)
    (tmp_path / "odd.jpg").write_bytes(content)
    upload(page, "#source-image", tmp_path / "odd.jpg")
    assert reason in toast(page)


def test_a_template_with_code_is_refused(people_address, open_tab, tmp_path):
    page = open_tab(people_address)
    upload(page, "#source-image", MONA_LISA)
    page.get_by_role("tab", name="Driving Pickle", exact=True).click()
    (tmp_path / "evil.pkl").write_bytes(b"\x80\x04cos\nsystem\n(S'id'\ntR.")
    upload(page, "#driving-template", tmp_path / "evil.pkl")
    expect(page.locator("#driving-template")).to_contain_text("evil")
    page.click("#animate")
    said = toast(page)
    assert "evil.pkl: the pickle asks for os.system" in said
    assert "/tmp" not in said


def test_missing_inputs_are_named(people_address, open_tab):
    page = open_tab(people_address)
    page.click("#animate")
    assert "There is no source image" in toast(page)


def test_a_run_is_cancelled(people_address, open_tab):
    page = open_tab(people_address)
    upload(page, "#source-image", MONA_LISA)
    upload(page, "#driving-video", D0)
    expect(page.locator("#driving-video video")).to_be_visible()
    page.click("#animate")
    page.get_by_text("Animating -").first.wait_for(timeout=60_000)
    assert "/250 frames" in page.locator("#result-video").inner_text()
    page.click("#cancel")
    assert "Stopped" in toast(page)
    expect(page.locator("#result-video video")).to_have_count(0)


def test_a_picture_as_driver_gives_pictures_to_compare(people_address, open_tab):
    page = open_tab(people_address)
    upload(page, "#source-image", MONA_LISA)
    page.get_by_role("tab", name="Driving Image", exact=True).click()
    upload(page, "#driving-image", ROOT / "assets/examples/source/s1.jpg")
    expect(page.locator("#driving-image img")).to_be_visible()
    page.click("#animate")
    expect(page.locator("#result-picture img").first).to_be_visible(timeout=30_000)
    assert page.locator("#result-picture img").count() == 2  # before and after
    expect(page.locator("#result-video")).to_be_hidden()


def test_an_example_row_fills_the_page(people_address, open_tab):
    page = open_tab(people_address)
    page.get_by_role("tab", name="Source Video", exact=True).click()
    page.get_by_role("tab", name="Driving Pickle", exact=True).click()
    page.locator("table tbody tr").nth(1).click()
    expect(page.locator("#source-image img")).to_be_visible()
    expect(page.locator("#driving-video video")).to_be_visible()
    page.click("#clear")
    expect(page.locator("#source-image img")).to_have_count(0)
    expect(page.locator("#driving-video video")).to_have_count(0)


def test_a_driver_is_recorded_with_the_camera(people_address, open_tab):
    page = open_tab(people_address)
    upload(page, "#source-image", MONA_LISA)
    page.locator("#driving-video").get_by_label("Capture from camera").click()
    page.locator("#driving-video").get_by_text("Click to Access Webcam").click()
    record = page.locator("#driving-video .button-wrap button").first
    expect(record).to_have_attribute("aria-label", "start recording")
    record.click()
    page.wait_for_timeout(1500)
    record.click()
    expect(page.locator("#driving-video video[src]")).to_be_visible(timeout=10_000)
    page.click("#animate")
    assert played(page, "#result-video")[2] > 0.5


def test_the_lips_of_a_video_are_opened(people_address, open_tab):
    page = open_tab(people_address, "Retargeting Video")
    upload(page, "#retarget-source", SHORT)
    expect(page.locator("#retarget-source video")).to_be_visible()
    page.get_by_label("number input for target lip-open ratio").last.fill("0.4")
    page.click("#retarget")
    page.wait_for_function("document.querySelector('#retargeted-video video')?.readyState >= 2", timeout=60_000)


@pytest.mark.parametrize("width", [1440, 390], ids=["desktop", "phone"])
@pytest.mark.parametrize("tab", ["Animate", "Retargeting and Editing Portraits", "Live"])
def test_nothing_is_wider_than_the_screen(people_address, open_tab, tab, width):
    page = open_tab(people_address, width=width)
    page.get_by_role("tab", name=tab, exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
