"""Make docs/images/report.png from the demo's HTML report: the summary and the storeys.

    make demo && .venv/bin/python scripts/report_picture.py

Needs Debian's chromium; only whoever changes the look of the report runs it.
"""

import subprocess
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
WINDOW = (1280, 2250)
KEPT = ((0, 0, 1280, 716), (0, 996, 1280, 1572))
"""Which parts of the page are shown, one below the other: left, top, right, bottom."""


def main() -> None:
    """Take the picture."""
    page = (ROOT / "out" / "demo" / "report.html").as_uri()
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "page.png"
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        size = f"--window-size={WINDOW[0]},{WINDOW[1]}"
        subprocess.run(["chromium", *options, size, f"--screenshot={shot}", page], check=True, capture_output=True)
        parts = [Image.open(shot).convert("RGB").crop(box) for box in KEPT]
    picture = Image.new("RGB", (WINDOW[0], sum(part.height for part in parts)))
    top = 0
    for part in parts:
        picture.paste(part, (0, top))
        top += part.height
    target = ROOT / "docs" / "images" / "report.png"
    target.parent.mkdir(exist_ok=True)
    picture.resize((1000, round(picture.height * 1000 / picture.width))).quantize(256).save(target, optimize=True)


if __name__ == "__main__":
    main()
