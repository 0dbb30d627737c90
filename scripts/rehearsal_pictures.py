"""Make docs/images/rehearsal-*.png: what the pages of assemble, stackup, fitup, simulate and schedule look like.

    .venv/bin/python scripts/rehearsal_pictures.py

Runs the samples and the first example of each page of docs/, and photographs one part of each report. Needs Debian's
chromium and the test tools; only whoever changes the look of the pages runs it.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
QTEMS = [sys.executable, "-m", "api.start"]
SHOTS = {
    "order": ("assembly.html", ".stages"),
    "clash": ("assembly.html", ".shots:not(.stages) article"),
    "stackup": ("stackup.html", "section:nth-of-type(2)"),
    "fitup": ("fitup.html", "section:nth-of-type(2)"),
    "simulate": ("simulate.html", "section:has(ul.legend)"),
    "schedule": ("schedule.html", "section:nth-of-type(1)"),
}
"""Picture: the page, and the part of it that is shown."""


def main() -> None:
    """Make the reports in a temporary folder, then the pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run([sys.executable, "-m", "samples", "--kind", "steel", "--out", str(folder / "steel")])
        model, line = str(folder / "steel" / "design.ifc"), str(ROOT / "examples" / "battery_line" / "today.yaml")
        commands = {
            "order": ["assemble", model, "--tasks", "--insertion", "200mm"],
            "stackup": ["stackup", example(folder, "stackup")],
            "fitup": ["fitup", splice(folder)],
            "simulate": ["simulate", line, "--replications", "10"],
            "schedule": ["schedule", example(folder, "schedule")],
        }
        for made, command in commands.items():
            run([*QTEMS, *command, "--out", str(folder / made), "--quiet"])
        photograph(folder)


def run(command: list[str]) -> None:
    """Run a command; 1 says that something is out of tolerance, which is what the samples are for."""
    status = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
    if status not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit status {status}")


def example(folder: Path, name: str) -> str:
    """Write the first example of a page of docs/ into a file; return its path."""
    text = (ROOT / "docs" / f"{name}.md").read_text("utf-8")
    found = re.search(rf"```yaml\n({name}: 1\s.*?)```", text, re.DOTALL)
    if found is None:
        raise SystemExit(f"docs/{name}.md: no example that begins with '{name}: 1'")
    path = folder / f"{name}.yaml"
    path.write_text(found[1], "utf-8")
    return str(path)


def splice(folder: Path) -> str:
    """Write a splice of two drilled plates, one hole of which is off; return its path."""
    places = [(row, column) for row in range(4) for column in range(3)]
    off = {(1, 2): 1.6}
    holes = ", ".join(
        f"{{name: {x + 1}.{y + 1}, at: [{100 * x}, {75 * y + off.get((x, y), 0.0)}], diameter: 22, sd: 0.15}}"
        for x, y in places
    )
    path = folder / "fitup.yaml"
    path.write_text(
        "fitup: 1\nname: Column splice\nunit: mm\nparts:\n"
        "  lower: {grid: {rows: 4, columns: 3, pitch: [100, 75], diameter: 22, sd: 0.3}}\n"
        f"  upper: {{holes: [{holes}]}}\n"
        "joints: [{fixed: lower, moving: upper, bolt: 20, ream_to: 26}]\n",
        "utf-8",
    )
    return str(path)


def photograph(folder: Path) -> None:
    """Write the pictures."""
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1000, "height": 1200})
        for name, (file, part) in SHOTS.items():
            made = folder / ("order" if name == "clash" else name)
            page.goto((made / file).as_uri())
            target = ROOT / "docs" / "images" / f"rehearsal-{name}.png"
            page.locator(part).first.screenshot(path=target)
            Image.open(target).convert("RGB").quantize(256).save(target, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
