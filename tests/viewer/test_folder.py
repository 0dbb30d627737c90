"""The 3D report: a folder that a browser opens from a disk, with no server anywhere."""

# pyright: reportUnknownLambdaType=false

import base64
import gzip
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from geometry.verdict import Outcome
from tests.twin.report.conftest import building_parts, make_result
from tests.viewer.conftest import STATIC
from tests.viewer.test_review import MIDDLE, complaints
from twin.report import html3d
from twin.report.folder import write_manifest
from twin.report.provenance import Provenance
from twin.report.write import write_reports
from twin.result import CheckResult

ARROW = """() => {
  let arrows = 0;
  globalThis.qtems.stage.scene.traverse((node) => { arrows += node.type === "ArrowHelper" || node.cone ? 1 : 0; });
  return arrows === 1;
}"""
"""The as-built ghost has its arrow."""
LARGEST_SCRIPT = 420_000
"""Bytes of the viewer in gzip; uncompressed on the disk it is about four times that."""


@pytest.fixture(scope="module")
def result() -> CheckResult:
    return make_result(building_parts())


@pytest.fixture(scope="module")
def folder(chromium: Any, result: CheckResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("check")
    viewer = STATIC / "folder"
    write_reports(result, Provenance.of(result, "0.1.0"), out, formats=["html3d"], viewer=viewer)
    return out / "html3d"


@pytest.fixture(params=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Any, folder: Path) -> Generator[Any]:
    phone = request.param == "phone"
    size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
    context = chromium.new_context(
        viewport=size, locale="en-GB", has_touch=phone, is_mobile=phone, reduced_motion="reduce"
    )
    context.set_default_timeout(20_000)
    context.set_offline(True)
    shown = context.new_page()
    shown.said = complaints(shown)
    shown.asked = []
    shown.on("request", lambda asked: shown.asked.append(asked.url))
    shown.goto(f"file://{folder}/index.html")
    shown.wait_for_selector("canvas[data-phase=ready]")
    yield shown
    context.close()


def in_file(folder: Path, name: str) -> Any:
    """Return what a script of the folder holds."""
    text = (folder / "data" / f"{name}.js").read_text("ascii")
    _, packed = json.loads("[" + text.removeprefix("qtemsFile(").removesuffix(");\n") + "]")
    return gzip.decompress(base64.b64decode(packed))


def test_a_person_looks_picks_and_reads_without_a_server(page: Any, result: CheckResult) -> None:
    x, y = page.evaluate(MIDDLE, [0, 0, 0])
    left, top = page.evaluate("() => { const b = qtems.stage.canvas.getBoundingClientRect(); return [b.left, b.top]; }")
    seen = result.elements[page.evaluate("([x, y]) => globalThis.qtems.pick(x, y)", [x - left, y - top])]
    page.mouse.click(x, y)
    page.wait_for_selector(f".detail .id:has-text('{seen.global_id}')")
    assert seen.name in page.inner_text(".detail h2")
    assert f"element={seen.global_id}" in page.url
    failing = next(e for e in result.elements if e.verdict is Outcome.FAIL and e.ifc_class == "IfcColumn")
    page.evaluate("(id) => { location.hash = `element=${id}`; }", failing.global_id)
    page.wait_for_selector(f".detail .id:has-text('{failing.global_id}')")
    page.wait_for_selector(".measurements .chart")
    assert "Fail" in page.inner_text(".detail .banner")
    assert page.locator(".records").count() == 0, "nobody is there to take a decision"
    page.locator(".detail .pictures img").scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.detail .pictures img').naturalWidth >= 600")
    assert failing.name in (page.get_attribute(".detail .pictures img", "alt") or "")
    told = " ".join(page.inner_text(".seen").split())
    assert "Of 260 spots" in told
    assert f"Setup 1 {failing.points:,} points" in told, "which station saw it, and how much"
    if page.viewport_size["width"] > 500:
        for rung in page.locator(".rail .rung").all():
            rung.click()
            page.wait_for_selector(".rail .rung[aria-pressed=true]")
            if rung.get_attribute("data-mode") == "profile":
                page.wait_for_selector("svg.profile path >> nth=3", state="attached")
            if rung.get_attribute("data-mode") == "built":
                page.wait_for_selector(".dock table.numbers tbody tr >> nth=1")
                page.wait_for_function(ARROW)
            rung.click()
            page.wait_for_selector(".rail .rung[aria-pressed=true]", state="detached")
    page.click(".switches button >> nth=0")
    page.wait_for_selector(".detail .banner:has-text('不合格')")
    assert {url.split(":")[0] for url in page.asked} <= {"file", "blob", "data"}
    assert page.said == []


def test_the_scan_is_shown_with_its_ramp_and_cut(page: Any, result: CheckResult) -> None:
    if page.viewport_size["width"] < 500:
        page.click(".tabs button >> nth=1")
    page.click(".toggles button:has-text('Scan points')")
    page.wait_for_selector(".ramp")
    page.wait_for_function(
        """() => {
          let points = 0;
          const count = (node) => { points += node.isPoints ? node.geometry.attributes.position.count : 0; };
          globalThis.qtems.stage.scene.traverse(count);
          return points > 0;
        }"""
    )
    page.locator(".ramp input[type=range] >> nth=0").fill("60")
    assert "+60 mm" in page.inner_text(".ramp")
    page.click(".toggles button:has-text('Section')")
    page.wait_for_function("() => globalThis.qtems.stage.planes.length === 1")
    page.click(".about summary")
    total = f"{len(result.scan.points):,}"
    assert f"{total} of {total} shown" in page.inner_text(".about")


def test_what_has_no_finding_has_no_picture(folder: Path, result: CheckResult) -> None:
    told = json.loads(in_file(folder, "elements/0.json"))
    shown = {one["global_id"] for one in told if one["picture"]}
    assert shown == {e.global_id for e in result.elements if e.verdict is Outcome.FAIL}
    files = sorted(one.name for one in (folder / "pictures").iterdir())
    assert files == sorted(Path(one["picture"]).name for one in told if one["picture"])
    assert sum((folder / "pictures" / name).stat().st_size for name in files) < 150_000 * len(files)


def _empty(within: Path) -> Path:
    (within / "viewer").mkdir()
    return within / "viewer"


def test_a_larger_scan_is_thinned_evenly_and_says_so(
    result: CheckResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = len(result.scan.points)
    monkeypatch.setattr(html3d, "MOST_POINTS", points // 3)
    html3d.write_folder(tmp_path / "html3d", result, Provenance.of(result, "0.1.0"), _empty(tmp_path), "zh")
    check = json.loads(in_file(tmp_path / "html3d", "check.json"))
    tileset = json.loads(in_file(tmp_path / "html3d", "check/tileset.json"))
    assert check["points"] == points
    assert tileset["extras"]["points"] == check["points_shown"] <= points // 3
    assert check["points_shown"] > points // 5


def test_the_script_is_small_and_brings_its_licences(folder: Path) -> None:
    assert len(gzip.compress((folder / "viewer.js").read_bytes(), 9)) <= LARGEST_SCRIPT
    assert "three" in (folder / "third-party-licences.txt").read_text("utf-8")
    before = (folder / "contents.sha256").read_text()
    write_manifest(folder)
    assert (folder / "contents.sha256").read_text() == before
