"""Make docs/images/report.png from the demo's HTML report: the summary and the storeys.

    make demo && .venv/bin/python scripts/report_picture.py

Needs Debian's chromium and the test tools; only whoever changes the look of the report runs it.
"""

from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
WIDTH, SHOWN = 1280, 1000
ENDS = """() => {
  const end = (one) => one.getBoundingClientRect().bottom + scrollY;
  const storeys = document.querySelector("#storeys");
  const figures = [...storeys.querySelectorAll("figure, article")];
  const first = figures[0].getBoundingClientRect().top;
  const row = figures.filter((one) => one.getBoundingClientRect().top < first + 20);
  return [end(document.querySelector("#summary")), storeys.getBoundingClientRect().top + scrollY,
    Math.max(...row.map(end))];
}"""
"""Where the summary ends, where the storeys begin, and where the first row of them ends."""


def main() -> None:
    """Take the picture."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 900})
        page.goto((ROOT / "out" / "demo" / "report.html").as_uri())
        summary, begin, end = page.evaluate(ENDS)
        whole = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
        browser.close()
    parts = [whole.crop((0, 0, WIDTH, round(summary) + 24)), whole.crop((0, round(begin) - 8, WIDTH, round(end) + 24))]
    picture = Image.new("RGB", (WIDTH, sum(part.height for part in parts)))
    top = 0
    for part in parts:
        picture.paste(part, (0, top))
        top += part.height
    target = ROOT / "docs" / "images" / "report.png"
    target.parent.mkdir(exist_ok=True)
    picture.resize((SHOWN, round(picture.height * SHOWN / WIDTH))).quantize(256).save(target, optimize=True)


if __name__ == "__main__":
    main()
