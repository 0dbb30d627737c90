"""A person reviews a checked model: signs in, looks, taps, decides; on a desk and on a phone, in both languages."""

# pyright: reportUnknownLambdaType=false

from typing import Any

import pytest

from tests.viewer.conftest import COLUMNS, Site

FAILING = (COLUMNS + 2) // 3
PICK = """([x, y]) => {
  const canvas = document.querySelector("canvas");
  const { left, top } = canvas.getBoundingClientRect();
  return [left + x, top + y];
}"""
MIDDLE = """(place) => {
  const stage = globalThis.qtems.stage;
  const camera = stage.camera;
  camera.updateMatrixWorld();
  const seen = camera.position.clone().set(...place).project(camera);
  const box = stage.canvas.getBoundingClientRect();
  return [box.left + (0.5 + 0.5 * seen.x) * box.width, box.top + (0.5 - 0.5 * seen.y) * box.height];
}"""


def middle_of(site: Site, page: Any, n: int) -> tuple[float, float]:
    """Return where the middle of the n-th column is on the screen."""
    name = site.made.global_ids[n]
    place = site.design.elements[name].mesh.bounds().mean(axis=0) - page.evaluate(
        "async (url) => (await (await fetch(url)).json()).origin_m",
        f"/api/v1/projects/{site.project}/models/{site.made.revision}/scene/model.json",
    )
    x, y = page.evaluate(MIDDLE, place.tolist())
    return x, y


def complaints(page: Any) -> list[str]:
    """Collect what the browser complains of from now on."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    return said


def test_a_wrong_password_is_said_and_the_right_one_goes_on(site: Site) -> None:
    page = site.page()
    page.goto(site.url)
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", "wrong")
    page.click("button[type=submit]")
    page.wait_for_function("() => document.querySelector('[role=alert]').textContent !== ''")
    assert page.inner_text("[role=alert]") == "Login or password is wrong."
    assert page.input_value("input[name=login]") == "admin", "what was typed stays"
    page.fill("input[name=password]", "four words not together")
    page.click("button[type=submit]")
    page.wait_for_selector("ul.cards a")
    assert "Tower" in page.inner_text("ul.cards")
    site.leave(page)


def test_the_table_tells_what_the_check_found(site: Site) -> None:
    page = site.inside()
    chips = page.inner_text(".chips")
    assert f"Fail {FAILING}" in chips.replace("\n", " ")
    page.click(".chips button:has-text('Fail')")
    rows = page.locator(".row:not(.head)")
    assert rows.count() == FAILING
    assert all(text.startswith("✕") for text in rows.all_inner_texts())
    page.fill("input[type=search]", "Column 7")
    page.wait_for_function("() => document.querySelectorAll('.row:not(.head)').length === 1")
    page.click("text=Clear filters")
    page.wait_for_function(f"() => document.querySelectorAll('.row:not(.head)').length === {COLUMNS}")
    site.leave(page)


@pytest.mark.parametrize("n", [0, 3, 7])
def test_what_is_tapped_is_what_is_told_and_the_link_shows_it_again(site: Site, n: int) -> None:
    page = site.inside()
    said = complaints(page)
    x, y = middle_of(site, page, n)
    page.mouse.click(x, y)
    page.wait_for_selector(f".detail h2:has-text('Column {n + 1}')")
    assert page.inner_text(".detail .id") == site.made.global_ids[n]
    page.wait_for_selector(".measurements")
    told = page.inner_text(".measurements")
    assert ("+14.2" in told) == (n % 3 == 0)
    assert "GB 50204-2015" in told
    assert page.locator(".row.chosen").count() == 1, "the table follows"
    link = page.url
    page.goto(link)
    page.wait_for_selector(f".detail h2:has-text('Column {n + 1}')")
    assert said == []
    site.leave(page)


def test_an_empty_place_chooses_nothing(site: Site) -> None:
    page = site.inside()
    page.mouse.click(*page.evaluate(PICK, [500, 700]))
    page.wait_for_selector("text=Tap an element")
    assert page.locator(".detail .id").count() == page.locator(".row.chosen").count() == 0
    site.leave(page)


def test_a_row_shows_its_element_and_keys_move_on(site: Site) -> None:
    page = site.inside()
    page.click(".row:not(.head) >> nth=0")
    first = page.inner_text(".detail .id")
    page.focus(".rows")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(f"() => document.querySelector('.detail .id').textContent !== '{first}'")
    second = page.inner_text(".detail .id")
    assert {first, second} <= set(site.made.global_ids)
    assert first != second
    site.leave(page)


def test_the_scan_is_streamed_and_its_ramp_follows_the_range(site: Site) -> None:
    page = site.inside()
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if "/scene/tiles/" in answer.url else None)
    page.click(".toggles button:has-text('Scan points')")
    page.wait_for_selector(".ramp")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some((one) => one.name.includes('/scene/tiles/'))"
    )
    assert asked
    page.locator(".ramp input[type=range] >> nth=0").fill("60")
    assert "+60 mm" in page.inner_text(".ramp")
    site.leave(page)


def test_a_finding_is_dismissed_with_a_reason_that_outlives_a_reload(site: Site) -> None:
    page = site.inside()
    page.click(".row:has-text('Column 1') >> nth=0")
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[0]}")
    page.click(".records .box button:has-text('Dismiss')")
    page.fill(".records textarea", "a board lies on it")
    page.reload()
    page.wait_for_selector(".records textarea")
    assert page.input_value(".records textarea") == "a board lies on it"
    page.click(".records .box button:has-text('Cancel')")
    site.leave(page)


def test_a_nonconformance_is_raised_and_talked_about(site: Site) -> None:
    page = site.inside()
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[4]}")
    page.click(".records .wide")
    page.fill("dialog input", "Edge is broken off")
    page.fill("dialog textarea", "about 20 cm")
    page.click("dialog button[type=submit]")
    page.click(".records .line:has-text('Edge is broken off')")
    talk = page.locator("dialog form", has=page.get_by_label("Write a comment"))
    talk.locator("textarea").fill("seen by Ann too")
    talk.locator("button[type=submit]").click()
    page.wait_for_selector("dialog .talk >> text=seen by Ann too")
    listed = site.world.administrator().get(f"/projects/{site.project}/ncrs").json()["items"]
    assert [(one["title"], one["global_ids"]) for one in listed] == [("Edge is broken off", [site.made.global_ids[4]])]
    site.leave(page)


def test_a_session_that_ends_asks_again_over_what_is_open(site: Site) -> None:
    page = site.inside()
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[5]}")
    page.click(".records .wide")
    page.fill("dialog input", "Kept title")
    page.keyboard.press("Escape")
    page.context.clear_cookies()
    page.click(".row:not(.head) >> nth=1")
    page.wait_for_selector(".veil input[name=login]")
    page.fill(".veil input[name=login]", "admin")
    page.fill(".veil input[name=password]", "four words not together")
    page.click(".veil button[type=submit]")
    page.wait_for_selector(".veil", state="detached")
    page.wait_for_selector(".measurements")  # what was refused meanwhile is asked for again
    page.goto(f"{site.url}/projects/{site.project}?element={site.made.global_ids[5]}")
    page.click(".records .wide")
    assert page.input_value("dialog input") == "Kept title"
    site.leave(page)


@pytest.mark.parametrize("language", ["en-GB", "zh-CN"])
def test_a_phone_shows_model_table_and_details_one_at_a_time(site: Site, language: str) -> None:
    page = site.inside(size=(390, 844), language=language, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is beside the screen"
    x, y = middle_of(site, page, 5)
    page.touchscreen.tap(x, y)
    page.wait_for_selector(".detail h2:has-text('Column 6')")
    assert page.locator(".right").is_visible()
    page.tap(".tabs button >> nth=0")
    assert page.locator(".left").is_visible()
    assert not page.locator(".right").is_visible()
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, input:not([type=range])')]"
        ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML)"
    )
    assert small == [], "each can be hit with a finger"
    assert (page.inner_text(".tabs button >> nth=0") == "表格") == (language == "zh-CN")
    site.leave(page)


def test_a_server_that_is_gone_is_said_with_a_way_on(site: Site) -> None:
    page = site.inside()
    page.route("**/api/v1/**", lambda route: route.abort())
    page.click(".row:not(.head) >> nth=2")
    page.wait_for_selector(".detail [role=alert] button")
    page.unroute("**/api/v1/**")
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_selector(".measurements")  # asked for again by itself
    assert "GB 50204-2015" in page.inner_text(".measurements"), "the way on leads to what was asked for"
    site.leave(page)


def test_what_hides_an_element_that_one_goes_to_steps_aside_until_it_is_wanted_back(site: Site) -> None:
    page = site.inside()
    page.evaluate("() => globalThis.qtems.stage.controls.setLookAt(0, -30, 0, 0, 0, 0, false)")
    page.click(".row:has-text('Column 5') >> nth=0")  # stands behind the first one
    way = """() => {
      let texels = null;
      const { stage } = globalThis.qtems;
      stage.scene.traverse((node) => { texels ??= node.material?.uniforms?.uStyle?.value.image.data ?? null; });
      return [0, 1, 4].map((id) => texels[4 * id + 3]);
    }"""
    page.click(".detail button:has-text('Show what hides it (1)')")
    assert page.evaluate(way) == [200, 200, 255], "solid, solid, chosen"
    page.click(".row:has-text('Column 6') >> nth=0")
    page.wait_for_selector(".detail button:has-text('Show what hides it (1)')")
    assert page.evaluate(way)[:2] == [200, 80], "the second one hides the sixth, and steps back to a ghost"
    site.leave(page)


@pytest.mark.parametrize("width", [1280, 1440])
def test_words_of_a_table_are_not_broken_in_two(site: Site, width: int) -> None:
    page = site.inside(size=(width, 800))
    page.wait_for_selector(".rows .row:not(.head)")
    wraps = """() => {
      const cells = document.querySelector('.rows .row:not(.head)').children;
      const said = { 0: 'Indeterminate', 3: 'Column', 4: 'Erdgeschoss' };
      return Object.entries(said).map(([n, word]) => {
        const holder = n === '0' ? cells[0].querySelector('.called') : cells[n];
        holder.textContent = word;
        const range = document.createRange();
        range.selectNodeContents(holder);
        const box = range.getBoundingClientRect();
        const next = cells[Number(n) + 1]?.getBoundingClientRect().left ?? Infinity;
        const whole = cells[n].scrollWidth <= cells[n].clientWidth;
        return range.getClientRects().length === 1 && box.right + 4 <= next && whole;
      });
    }"""
    assert page.evaluate(wraps) == [True, True, True]
    site.leave(page)
