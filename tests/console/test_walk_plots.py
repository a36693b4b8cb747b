"""The plots in Chromium: what a bar stands for is told by pointer and by keys, on any screen and in both languages."""

import pytest
from playwright.async_api import FloatRect, Locator, expect

from tests.console.chromium import Theme, Window
from tests.console.conftest import Windows
from tests.support.site import Site

pytestmark = pytest.mark.console

APPEARANCES: list[tuple[str, Theme, int]] = [("zh-CN", "light", 1280), ("en", "dark", 320)]
# Texts of a plot that are cut off, or over each other.
CROWDED = """(plot) => {
    const texts = [...plot.querySelectorAll('svg text')].map((text) => [text.textContent, text.getBoundingClientRect()])
    const frame = plot.getBoundingClientRect()
    const out = texts.filter(([, box]) => box.left < frame.left || box.right > frame.right)
    const over = texts.filter(([, a], index) => texts.slice(0, index).some(([, b]) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
    return [...out, ...over].map(([text]) => text)
}"""

# What is shown of a bar, its row in the table, and what is said of it: at one moment, as the numbers may change.
TEXTS = """([figure, index]) => {
    const texts = (within, path) => [...within?.querySelectorAll(path) ?? []].map((element) => element.textContent)
    const shown = texts(figure.querySelector('[data-values]'), 'p:first-child, span:last-child')
    const listed = texts([...figure.querySelectorAll('tbody tr')].at(index), 'th, td')
    return [shown, listed, figure.querySelector('[type=range]').getAttribute('aria-valuetext')]
}"""
IS_SHOWN = f"(of) => {{ const [shown, listed] = ({TEXTS})(of); return shown[0] === listed[0] }}"


@pytest.mark.parametrize(("language", "theme", "width"), APPEARANCES, ids=str)
async def test_a_bar_tells_its_values_under_the_pointer_and_by_arrow_keys(
    site: Site, windows: Windows, language: str, theme: Theme, width: int
) -> None:
    await site.create_task(await site.tenant(), "a cat")
    window = await windows(language, theme, width=width)
    await _sign_in(window, site)
    page = window.page
    figure = page.locator("figure").first
    values, slider = figure.locator("[data-values]"), figure.get_by_role("slider")
    await expect(figure.locator("rect").first).to_be_visible()
    await window.until_loaded()
    assert await figure.locator("tbody th").count() > 2

    # What is above may move it a little, whenever the page reads anew.
    await figure.evaluate("(figure) => figure.scrollIntoView({block: 'center'})")
    plot = figure.locator("[data-plot]")
    right = (await _box(plot))["width"] - 3
    await plot.hover(position={"x": right, "y": 60})
    await _tells(window, -1)
    box = await _box(plot)
    await page.mouse.move(box["x"] + right, box["y"] - 20)
    await expect(values).to_have_count(0)

    await slider.focus()
    await _tells(window, -1)
    await page.keyboard.press("ArrowLeft")
    await _tells(window, -2)
    await page.keyboard.press("Home")
    await _tells(window, 0)
    assert await window.axe() == []
    await page.keyboard.press("Escape")
    await expect(values).to_have_count(0)
    await page.keyboard.press("g")
    await page.keyboard.press("t")
    await expect(window.heading("tenants:title")).to_be_visible()


@pytest.mark.parametrize("width", [320, 1280], ids=str)
async def test_no_text_of_a_plot_is_cut_off_or_covers_another(site: Site, windows: Windows, width: int) -> None:
    await site.create_task(await site.tenant(), "a cat")
    window = await windows("en", width=width)
    await _sign_in(window, site)
    plots = window.page.locator("[data-plot]")
    for path in ("/console/overview", "/console/overview?range=month", "/console/usage"):
        await window.open(path)
        await expect(plots.first.locator("text").first).to_be_visible()
        await window.until_loaded()
        for plot in await plots.all():
            assert await plot.evaluate(CROWDED) == [], path
            assert await plot.locator("text").count() > 3


async def _sign_in(window: Window, site: Site) -> None:
    await window.open("/console/overview")
    await window.sign_in(await site.owner())
    await window.until_signed_in()


async def _tells(window: Window, index: int) -> None:
    """Checks that the values of a bar are shown, within the window, as the table has them."""
    figure = window.page.locator("figure").first
    of = [await figure.element_handle(), index]
    await window.page.wait_for_function(IS_SHOWN, arg=of)
    await expect(figure.locator("[data-values]")).to_be_in_viewport(ratio=1)
    shown, listed, told = await window.page.evaluate(TEXTS, of)
    assert shown == listed
    assert told.startswith(f"{shown[0]}, ")


async def _box(element: Locator) -> FloatRect:
    box = await element.bounding_box()
    assert box is not None
    return box
