"""The page for cats and dogs in a real browser."""

from playwright.sync_api import expect

from tests.apps.media import SOURCES, toast, upload


def test_the_example_cat_moves(animals_address, open_tab):
    page = open_tab(animals_address)
    page.locator("table tbody tr").first.click()
    expect(page.locator("#source-image img")).to_be_visible()
    expect(page.locator("#driving-template")).to_contain_text("smile")
    page.click("#animate")
    page.wait_for_function("(document.querySelector('#result-video video')?.currentTime ?? 0) > 0.2", timeout=120_000)
    gif = page.locator("#result-gif img")
    expect(gif).to_be_visible()
    assert gif.get_attribute("src").endswith(".gif")


def test_a_person_is_refused(animals_address, open_tab):
    page = open_tab(animals_address)
    upload(page, "#source-image", SOURCES / "s1.jpg")
    assert "shows a person" in toast(page)
