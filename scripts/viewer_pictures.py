"""Make docs/images/viewer-*.png: what the viewer looks like, on desk and phone, in both languages.

    .venv/bin/python scripts/viewer_pictures.py

starts ``qtems serve`` in a temporary folder, lives the story of ``scripts/story.py`` there and takes the pictures with
Debian's chromium; about five minutes. With ``--url`` it looks at a server that was told the story. Only whoever
changes the look of the viewer runs it.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.rest_people import API, PASSWORD, Trace, own_server  # noqa: E402
from scripts.story import tell, visits  # noqa: E402
from scripts.viewer_scenes import Yard, due_inspection, refused_yard  # noqa: E402

DESK, PHONE = (1280, 800), (390, 844)
FLAGS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
SHOWN = "Wall P1 porch"


@dataclass(frozen=True)
class Looker:
    """Somebody who looks at the project of the story."""

    browser: Any
    url: str

    def page(
        self, size: tuple[int, int] = DESK, language: str = "en-GB", login: str = "quinn", project: str = ""
    ) -> Any:
        """Return a page that shows the model."""
        context = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, has_touch=size == PHONE,
            is_mobile=size == PHONE, reduced_motion="reduce", service_workers="block",
        )  # fmt: skip
        context.set_default_timeout(90_000)
        context.add_init_script("localStorage.setItem('qtems.toured', '1')")
        page = context.new_page()
        asked = {"login": login, "password": PASSWORD}
        assert context.request.post(f"{self.url}{API}/auth/sign-in", data=asked).ok
        first = context.request.get(f"{self.url}{API}/projects").json()["items"][0]["id"]
        page.goto(f"{self.url}/projects/{project or first}")
        page.wait_for_selector("canvas[data-phase=ready]")
        return page

    def take(self, name: str, do: Callable[[Any], None], **of_page: Any) -> None:
        """Do something on a page and keep what is seen then."""
        page = self.page(**of_page)
        do(page)
        page.wait_for_timeout(1500)
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(256).save(ROOT / "docs" / "images" / f"viewer-{name}.png", optimize=True)
        page.context.close()
        print(name)


def choose(page: Any) -> None:
    """Choose the element that is shown, and look at the whole model again."""
    page.click(f".row:has-text('{SHOWN}') >> nth=0")
    page.wait_for_selector(".measurements")
    page.click(".corner .round")


def choose_on_phone(page: Any) -> None:
    """Choose the element from the table of a phone."""
    table(page)
    page.tap(f".row:has-text('{SHOWN}') >> nth=0")
    page.wait_for_selector(".measurements")


def table(page: Any) -> None:
    """Show the table of a phone."""
    page.tap(".tabs button >> nth=0")


def mode(name: str) -> Callable[[Any], None]:
    """Open a tool or a task."""

    def begin(page: Any) -> None:
        page.click(f".rung[data-mode={name}]")
        page.wait_for_selector(".dock > header + :not([role=status])")

    return begin


def scan(page: Any) -> None:
    """Lay the scan over the model, with an element chosen."""
    choose(page)
    page.click(".toggles .chip >> nth=2")
    page.wait_for_timeout(4000)


def compare(page: Any) -> None:
    """Show what changed between two scans."""
    mode("compare")(page)
    page.click(".compare .chip:has-text('Two scans')")
    page.wait_for_selector(".line.changed")


def photo(page: Any) -> None:
    """Pin a photo to a place of the model: a picture of the model itself stands for one."""
    shot = page.locator(".stage").screenshot()
    mode("photos")(page)
    page.set_input_files(
        ".dock input[type=file] >> nth=-1", files=[{"name": "porch.png", "mimeType": "image/png", "buffer": shot}]
    )
    box = page.locator(".stage").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.62 * box["height"])
    page.fill(".dock form input:not([type=file]), .dock textarea", "Edge of the slab, chipped")
    page.click(".dock button:has-text('Keep the photo')")
    page.wait_for_selector(".pin-photo")


def ahead(page: Any) -> None:
    """Let the server find an order of assembly, and play it."""
    mode("simulation")(page)
    page.get_by_label("Order of assembly").select_option("found")
    page.click(".dock .primary")
    page.click(".dock button:has-text('Play the order') >> nth=0", timeout=300_000)
    page.wait_for_selector(".player .legend")
    page.locator(".player input[type=range]").evaluate(
        "(one) => { one.value = 0.6 * one.max; one.dispatchEvent(new Event('input', { bubbles: true })); }"
    )


def inspection(page: Any) -> None:
    """Begin an inspection, name an instrument, and answer what fails."""
    mode("inspect")(page)
    dock = page.locator(".dock")
    dock.locator(".box", has_text="axis and plumb").get_by_role("button", name="Plan and begin").click()
    for label, value in (("Kind", "tape"), ("Serial number", "T-7"), ("Calibrated on", "2026-01-01"),
                         ("Calibrated until", "2030-01-01"), ("U (k=2)", "1")):  # fmt: skip
        dock.get_by_label(label).first.fill(value)
    dock.get_by_role("button", name="Add an instrument").click()
    dock.get_by_role("checkbox", name="tape T-7").wait_for()
    dock.get_by_role("button", name="Begin the inspection").click()
    axis = page.get_by_role("article", name="Axis position", exact=True)
    axis.get_by_label("Reading (mm)").fill("12")
    axis.get_by_text("With this answer: Fail").wait_for()
    page.get_by_role("button", name="Show in 3D").first.click()
    page.wait_for_timeout(2000)
    page.locator("article h4, article strong").first.evaluate("(one) => one.scrollIntoView({ block: 'center' })")


def by_hand(yard: Yard) -> Callable[[Any], None]:
    """Pick three pairs where a check was refused."""

    def do(page: Any) -> None:
        page.click(".strip.warn button")
        for side in (".beside canvas", ".view > .stage > canvas"):
            page.wait_for_selector(f"{side}[data-phase=ready]")
        page.wait_for_selector(".rivals .line >> nth=1")
        page.uncheck("text=Move both views together")
        yard.pick(page, (0, 1, 2))

    return do


def pictures(url: str) -> None:
    """Take all of them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        looker = Looker(browser, url)
        looker.take("desk", choose)
        looker.take("desk-zh", choose, language="zh-CN")
        looker.take("scan", scan)
        looker.take("compare", compare)
        looker.take("plan", mode("plan"))
        looker.take("begin", mode("begin"))
        looker.take("phone", choose_on_phone, size=PHONE)
        looker.take("phone-zh", table, size=PHONE, language="zh-CN")
        looker.take("phone-tasks", lambda page: page.tap(".tabs button >> nth=3"), size=PHONE)
        looker.take("photos", photo)
        looker.take("simulation", ahead)
        due_inspection(url)
        looker.take("inspection", inspection, login="carl")
        yard = refused_yard(url)
        looker.take("hand", by_hand(yard), login="olga", project=yard.project)
        browser.close()


def main() -> None:
    """Tell the story where it is not told yet, and look."""
    parser = argparse.ArgumentParser(description="Make docs/images/viewer-*.png.")
    parser.add_argument("--url", help="a server on which scripts/story.py has been told")
    given = parser.parse_args()
    if given.url:
        pictures(given.url)
        return
    with tempfile.TemporaryDirectory(prefix="qtems-visits-") as folder, own_server() as (url, once):
        tell(url, once, Trace(), *visits(Path(folder), 500_000))
        pictures(url)


if __name__ == "__main__":
    main()
