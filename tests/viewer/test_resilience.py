"""What goes wrong on site gives a message and a way on, and nothing that somebody typed is lost."""

# pyright: reportUnknownLambdaType=false

from typing import Any

from tests.viewer.conftest import Site
from tests.viewer.test_offline import enter, titles

POINTED = "() => document.querySelector('.tour .ring')?.clientWidth > 40"
LOST = "globalThis.qtems.stage.renderer.getContext().isContextLost()"
LOSE = "() => globalThis.qtems.stage.renderer.getContext().getExtension('WEBGL_lose_context').loseContext()"
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
SEND_NOW = "() => [...document.querySelectorAll('dialog button')].find(b => b.innerText.includes('Send now'))?.click()"


def test_a_view_that_the_device_took_away_comes_back(site: Site) -> None:
    page = site.inside(size=(900, 700))
    page.evaluate(LOSE)
    page.click(".notice[role=alert] button:has-text('Start it again')")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.wait_for_function(f"() => !{LOST}")
    assert page.evaluate(f"() => {LOST}") is False
    page.wait_for_function("() => globalThis.qtems.stage.renderer.info.render.triangles > 0")  # it is drawn again
    page.context.close()


def test_a_part_that_does_not_come_is_named_the_rest_is_shown_and_it_can_be_asked_for_again(site: Site) -> None:
    page = site.page(size=(900, 700))
    page.route("**/scene/tiles/**", lambda route: route.abort())
    page.goto(f"{site.url}/projects/{site.project}")
    enter(page, "admin")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".toggles button:has-text('Scan points')")
    page.wait_for_selector(".toast:has-text('Scan points')")
    page.unroute("**/scene/tiles/**")
    page.click(".toast button:has-text('Try again')")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.wait_for_function("() => performance.getEntriesByType('resource').some((one) => one.name.includes('/tiles/'))")
    assert page.locator(".toast").count() == 0
    site.leave(page)


def test_a_session_that_ends_while_somebody_types_costs_nothing(site: Site) -> None:
    page = site.inside(size=(900, 700))
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[3]}")
    page.click(".records .wide")
    page.fill("dialog input:not([type=file])", "Typed while signed in")
    page.context.clear_cookies()
    page.fill("dialog textarea", "and sent after the session had ended")
    page.click("dialog [type=submit]")
    page.wait_for_selector(".veil input[name=login]")
    enter(page, "admin")
    page.wait_for_selector(".veil", state="detached")
    page.wait_for_selector(".records .line:not(.pending):has-text('Typed while signed in')")
    assert titles(site).count("Typed while signed in") == 1
    site.leave(page)


def test_a_server_that_dies_while_somebody_writes_gets_it_once_it_is_back(site: Site) -> None:
    page = site.inside(size=(390, 844), touch=True)
    page.route("**/api/v1/**", lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"))
    page.tap(".tabs button >> nth=0")
    page.tap(".row:has-text('Column 6') >> nth=0")
    page.tap(".records .wide")
    page.fill("dialog input:not([type=file])", "Written to a dead server")
    page.tap("dialog [type=submit]")
    page.wait_for_selector(".sync:has-text('1 waiting')")
    page.tap(".sync")
    page.wait_for_selector("dialog button:has-text('Send now')")
    page.unroute("**/api/v1/**")
    page.evaluate(SEND_NOW)  # unless it was sent by itself in between
    page.wait_for_selector("dialog >> text=Everything is sent")
    assert titles(site).count("Written to a dead server") == 1
    site.leave(page)


def test_a_panel_that_is_first_wanted_without_a_server_says_so_and_comes_once_it_is_back(site: Site) -> None:
    page = site.inside(size=(900, 700))
    page.route("**/assets/topics-*", lambda route: route.abort())
    page.route("**/api/v1/health", lambda route: route.abort())
    page.click(".tasks [data-mode=topics]")
    page.wait_for_selector(".dock [role=alert]:has-text('The server does not answer')")
    page.wait_for_selector(".sync:has-text('Offline')")
    page.unroute_all()
    page.evaluate("dispatchEvent(new Event('online'))")
    page.wait_for_selector(".dock form:has-text('New topic from this view')")
    page.wait_for_selector(".sync", state="detached")
    assert page.locator(".dock [role=alert]").count() == 0, "what went wrong is not said any more"
    site.leave(page)


def test_a_panel_that_the_server_does_not_have_any_more_asks_for_a_reload(site: Site) -> None:
    page = site.inside(size=(900, 700))
    page.route("**/assets/views-*", lambda route: route.fulfill(status=404, body="gone"))
    page.click(".rail [data-mode=views]")
    page.wait_for_selector(".dock [role=alert]:has-text('may have a newer version')")
    page.unroute_all()
    page.click(".dock [role=alert] button:has-text('Reload')")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".rail [data-mode=views]")
    page.wait_for_selector(".dock form")
    assert page.locator(".dock [role=alert]").count() == 0, "what went wrong is not said any more"
    assert page.locator(".dock form input[maxlength]").is_editable(), "a view can be given a name"
    site.leave(page)


def test_twice_the_size_and_wider_spaced_nothing_is_cut_off(site: Site) -> None:
    page = site.inside(size=(640, 400))  # 1280 by 800 at 200 %
    page.add_style_tag(content=SPACED)
    overflowing = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(overflowing)
    page.click(".tabs button >> nth=0")
    assert page.evaluate(overflowing)
    page.click(".row:has-text('Column 1') >> nth=0")
    page.wait_for_selector(".measurements")
    assert page.evaluate(overflowing)
    page.locator(".records .wide").click()
    page.wait_for_selector("dialog[open]")
    button = page.locator("dialog [type=submit]")
    button.scroll_into_view_if_needed()
    assert page.evaluate("(node) => node.scrollWidth <= node.clientWidth", button.element_handle())
    site.leave(page)


def test_the_tour_is_offered_once_and_can_be_begun_again(site: Site) -> None:
    page = site.inside(size=(900, 700), first_time=True)
    page.click(".invitation .primary")
    seen: list[str] = []
    for n in range(1, 8):
        page.wait_for_selector(f".tour >> text={n} of 7")
        seen.append(page.inner_text("#tour-title"))
        page.wait_for_function(
            "() => document.querySelector('.tour .ring')?.clientWidth > 40"
        )  # it points at something
        page.keyboard.press("Enter")
    page.wait_for_selector(".tour", state="detached")
    assert len(set(seen)) == 7
    page.reload()
    page.wait_for_selector("canvas[data-phase=ready]")
    assert page.locator(".invitation").count() == 0
    page.keyboard.press("?")
    page.click("dialog button:has-text('Show me around')")
    page.wait_for_selector(".tour")
    page.keyboard.press("Escape")
    page.wait_for_selector(".tour", state="detached")
    site.leave(page)


def remembered(page: Any) -> tuple[str, str]:
    """Return the language and the colours of a page."""
    lang, theme = page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]")
    return lang, theme


def test_language_and_colours_are_remembered(site: Site) -> None:
    page = site.page()
    page.goto(site.url)
    page.click("button:has-text('中文')")
    page.click(".switches button >> nth=1")
    page.reload()
    page.wait_for_selector("form.enter >> text=登录")
    assert remembered(page) == ("zh-CN", "dark")
    site.leave(page)
