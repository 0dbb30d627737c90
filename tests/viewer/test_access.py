"""Everybody can use it: no violation of WCAG 2.2 AA that a machine can find, targets for fingers, keys all the way."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.web.world import PASSWORD
from tests.viewer.conftest import Site

AXE = Path(__file__).resolve().parents[2] / "viewer" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (rules) => {
  const { violations } = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return violations.flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.target} ${node.failureSummary.replaceAll("\\n", " ")}`));
}"""
SMALL = """() => {
  const what = "button, select, textarea, summary, a[href], input, [role=row]:not(.head)";
  return [...document.querySelectorAll(what)]
    .filter((one) => one.checkVisibility() && !one.closest("[inert]") && one.type !== "hidden")
    .map((one) => ["checkbox", "radio", "file"].includes(one.type) && one.closest("label") || one)
    .filter((one) => {
      const { width, height } = one.getBoundingClientRect();
      return width > 0 && (width < 43.5 || height < 43.5);
    })
    .map((one) => one.outerHTML.slice(0, 160));
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    if not AXE.is_file():
        pytest.skip("axe-core is not there: make viewer installs it into viewer/node_modules")
    return AXE.read_text(encoding="utf-8")


def examined(page: Any, axe: str, screen: str) -> list[str]:
    """Return what is wrong with a screen: by the rules of WCAG 2.2 AA, and targets below 44 px."""
    page.evaluate(axe)
    found = [f"{screen}: {one}" for one in page.evaluate(RUN, RULES)]
    return found + [f"{screen}: smaller than 44 px: {one}" for one in page.evaluate(SMALL)]


@pytest.mark.parametrize(
    ("size", "theme", "language"),
    [((1280, 800), "light", "en-GB"), ((1280, 800), "dark", "zh-CN"), ((390, 844), "dark", "en-GB")],
)
def test_no_screen_shuts_anybody_out(site: Site, axe: str, size: tuple[int, int], theme: str, language: str) -> None:
    phone = size[0] < 500
    page = site.page(size=size, language=language, touch=phone)
    page.emulate_media(color_scheme=theme)
    found: list[str] = []

    def look(screen: str) -> None:
        found.extend(examined(page, axe, screen))

    page.goto(site.url)
    page.wait_for_selector("form.enter")
    look("sign-in")
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("ul.cards a")
    look("projects")
    page.click("ul.cards a")
    page.wait_for_selector("canvas[data-phase=ready]")
    look("project")
    for sheet in range(3) if phone else ():
        page.tap(f".tabs button >> nth={sheet}")
        look(f"sheet {sheet}")
    if phone:
        page.tap(".tabs button >> nth=0")
        page.tap(".row:not(.head) >> nth=0")
    else:
        page.click(".row:not(.head) >> nth=0")
    page.wait_for_selector(".measurements")
    look("details")
    page.locator(".records .wide").click()
    page.wait_for_selector("dialog[open]")
    look("raising a nonconformance")
    page.keyboard.press("Escape")
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)
    page.context.close()


def tabbed_to(page: Any, holds: str, *, at_most: int = 60, back: bool = False) -> None:
    """Press Tab until the element with the focus fits a CSS selector."""
    for _ in range(at_most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("(holds) => document.activeElement?.matches(holds)", holds):
            return
    pytest.fail(f"the Tab key does not reach {holds}")


def test_keys_alone_lead_from_signing_in_to_a_nonconformance(site: Site) -> None:
    page = site.page()
    page.goto(f"{site.url}/projects/{site.project}")
    page.wait_for_selector("form.enter")
    page.keyboard.press("Tab")
    page.keyboard.type("admin")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("canvas[data-phase=ready]")
    press: Callable[[str], None] = page.keyboard.press
    tabbed_to(page, "input[type=search]")
    page.keyboard.type("Column 1")  # 1, 10, 11, 12
    page.wait_for_function("() => document.querySelectorAll('.row:not(.head)').length === 4")
    tabbed_to(page, "[role=columnheader]:nth-child(2) button")
    press("Enter")
    press("Enter")
    page.wait_for_selector("[role=columnheader][aria-sort=descending]")
    assert "Column 12" in page.inner_text(".row:not(.head) >> nth=0")
    tabbed_to(page, "[role=grid]", back=True)
    press("ArrowDown")
    page.wait_for_selector(".detail h2:has-text('Column 12')")
    active = page.get_attribute("[role=grid]", "aria-activedescendant")
    assert "Column 12" in page.inner_text(f"[id='{active}']"), "a screen reader hears which row it is"
    press("ArrowDown")
    page.wait_for_selector(".detail h2:has-text('Column 11')")
    tabbed_to(page, ".records .wide")
    press("Enter")
    page.wait_for_selector("dialog[open]")
    tabbed_to(page, "dialog input")
    page.keyboard.type("Chipped by a crane")
    tabbed_to(page, "dialog [type=submit]")
    press("Enter")
    page.wait_for_selector("dialog", state="detached")
    page.wait_for_selector(".records .line:has-text('Chipped by a crane')")
    page.wait_for_function("() => document.activeElement.matches('.records .wide')")  # the focus is back where it was
    page.context.close()
