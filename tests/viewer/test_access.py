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
RUN = """async ([rules, where]) => {
  const { violations } = await axe.run({
    include: [where ?? "html"], exclude: [".handles"],  // in the scene, each beside a field that does the same
  }, { runOnly: rules, resultTypes: ["violations"] });
  return violations.flatMap((one) => one.nodes.map((node) =>
    `${one.id}: ${node.target} ${node.failureSummary.replaceAll("\\n", " ")}`));
}"""
SMALL = """() => {
  const what = "button, select, textarea, summary, a[href], input, [role=row]:not(.head), " +
    "[role=treeitem], [role=slider]";
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


def examined(page: Any, axe: str, screen: str, where: str | None = None) -> list[str]:
    """Return what is wrong with a screen or a part of it: by the rules of WCAG 2.2 AA, and targets below 44 px."""
    if not page.evaluate("() => 'axe' in globalThis"):
        page.evaluate(axe)
    found = [f"{screen}: {one}" for one in page.evaluate(RUN, [RULES, where])]
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

    def look(screen: str, where: str | None = None) -> None:
        found.extend(examined(page, axe, screen, where))

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
    for sheet in range(4) if phone else ():
        page.tap(f".tabs button >> nth={sheet}")
        look(f"sheet {sheet}")
    if phone:
        page.tap(".tabs button >> nth=0")
        page.tap(".row:not(.head) >> nth=0")
    else:
        page.click(".row:not(.head) >> nth=0")
    page.wait_for_selector(".measurements")
    page.click(".records .wide")
    page.wait_for_selector("dialog[open]")
    look("raising a nonconformance", "dialog[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    look("help", "dialog[open]")
    page.locator("dialog[open] .primary").first.click()
    for step in range(7):
        page.wait_for_function("(n) => document.querySelector('.tour .dim')?.innerText.includes(n)", arg=str(step + 1))
        look(f"tour {step + 1}", ".tour")
        page.locator(".tour .primary").click()
    page.wait_for_selector(".tour", state="detached")
    if language == "zh-CN":  # once: the tools are the same in both
        assert len(modes_in_turn(page, lambda name: found.extend(examined(page, axe, name, ".work")))) >= 14
    for turned in (size, size[::-1]) if phone else ():
        page.set_viewport_size({"width": turned[0], "height": turned[1]})
        modes_in_turn(page, lambda name: found.extend(f"{name}: below 44 px: {one}" for one in page.evaluate(SMALL)))
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)
    site.leave(page)


@pytest.mark.parametrize(("size", "language"), [((820, 1180), "zh-CN"), ((1180, 820), "en-GB")])
def test_on_a_tablet_every_panel_is_for_everybody(site: Site, axe: str, size: tuple[int, int], language: str) -> None:
    page = site.inside(size=size, language=language, touch=True)
    found: list[str] = []
    page.tap(".row:not(.head) >> nth=0")
    page.wait_for_selector(".measurements")
    under = (
        page.inner_text(".row.chosen .under")
        if size[0] < size[1]
        else "".join(page.locator(".row.chosen").all_inner_texts())
    )
    assert "Level" in under, "class and storey are told where they have no column of their own"
    found += examined(page, axe, "details")
    assert len(modes_in_turn(page, lambda name: found.extend(examined(page, axe, name, ".dock")))) >= 14
    fits = (
        "() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
    )
    assert page.evaluate(fits) == [0, 0], "nothing lies beyond the edges"
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)
    site.leave(page)


def modes_in_turn(page: Any, look: Callable[[str], None]) -> list[str]:
    """Open each mode, with something in it where that takes one press; look at it and close it. Return their names."""
    press = "([where, n]) => document.querySelectorAll(where)[n]?.click()"
    names: list[str] = page.evaluate("() => [...document.querySelectorAll('.rung')].map((one) => one.dataset.mode)")
    for name in names:
        page.evaluate(press, [f".rung[data-mode={name}]", 0])
        page.wait_for_selector(".dock > header + :not([role=status])", state="attached")
        if name == "sections":
            page.evaluate(press, [".dock .stack button", 0])  # the box, then a plane
            page.evaluate(press, [".dock .stack button", 2])
            page.wait_for_function("() => document.querySelectorAll('.handle').length === 7")
        look(name)
        if name == "sections":
            page.evaluate("() => [...document.querySelectorAll('.dock button')].at(-1)?.click()")
        page.evaluate(press, [f".rung[data-mode={name}]", 0])
    return names


def tabbed_to(page: Any, holds: str, *, at_most: int = 60, back: bool = False) -> None:
    """Press Tab until the element with the focus fits a CSS selector."""
    for _ in range(at_most):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("(holds) => document.activeElement?.matches(holds)", holds):
            return
    pytest.fail(f"the Tab key does not reach {holds}")


def test_keys_alone_lead_into_a_tool_and_back(site: Site) -> None:
    page = site.inside()
    for name in ("sections", "measure", "views"):
        rung = page.locator(f".rung[data-mode={name}]")
        rung.focus()
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.activeElement.matches('.dock h2')")
        page.wait_for_selector(".dock > header + :not([role=status])")
        reached = 0
        for _ in range(60):
            page.keyboard.press("Tab")
            if not page.evaluate("() => document.activeElement.closest('.dock') !== null"):
                break
            reached += 1
        inside = page.evaluate(
            "() => [...document.querySelectorAll('.dock :is(button, input, select, textarea, summary, a[href])')]"
            ".filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0).length"
        )
        assert reached == inside, f"{name}: each control of the panel once, then out of it again"
        tabbed_to(page, ".dock header button", back=True)
        page.keyboard.press("Enter")
        page.wait_for_function("(name) => document.activeElement.dataset.mode === name", arg=name)
    site.leave(page)


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
    site.leave(page)
