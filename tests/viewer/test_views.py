"""Views that come back: links, saved views, BCF topics with viewpoints, files to download."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest

from tests.viewer.conftest import Site

POSE = """() => {
  const { stage } = globalThis.qtems;
  const at = (v) => [v.x, v.y, v.z];
  const place = stage.camera.position.clone();
  return [at(stage.controls.getPosition(place)), at(stage.controls.getTarget(place))];
}"""
SETTLED = """(wanted) => {
  const now = globalThis.qtems.stage.controls.getPosition(globalThis.qtems.stage.camera.position.clone());
  return Math.hypot(now.x - wanted[0], now.y - wanted[1], now.z - wanted[2]) < 0.002;
}"""
EYE = [7.0, -9.0, 6.5]
GO = "(eye) => globalThis.qtems.stage.controls.setLookAt(...eye, 4, 3, 1, false)"


def show_something(site: Site, page: Any) -> None:
    """Move the camera, cut, filter, hide the third column and choose the first."""
    page.click(".toggles button:has-text('Section')")
    page.locator(".tools input[type=range]").first.fill("0.5")
    for n in (2, 0):
        page.evaluate("() => document.querySelector('.rows').scrollTo(0, 0)")
        page.click(f".row:has-text('Column {n + 1}') >> nth=0")
        page.wait_for_selector(f".detail .id:has-text('{site.made.global_ids[n]}')")
        if n == 2:
            page.click(".detail .actions button:has-text('Hide')")
    page.select_option(".filters .pair select >> nth=1", "Level 0")
    page.evaluate(GO, EYE)


def is_shown_again(site: Site, page: Any) -> None:
    page.wait_for_selector(f".detail .id:has-text('{site.made.global_ids[0]}')")
    page.wait_for_function(SETTLED, arg=EYE)
    assert page.evaluate(POSE)[1] == pytest.approx([4, 3, 1], abs=0.002)
    assert page.evaluate("() => globalThis.qtems.stage.planes.map((one) => one.constant)") == [pytest.approx(0.5)]
    assert page.input_value(".filters .pair select >> nth=1") == "Level 0"
    page.wait_for_selector(".detail .actions button:has-text('Show hidden')")


def test_a_link_and_a_saved_view_bring_everything_back(site: Site) -> None:
    page = site.inside()
    show_something(site, page)
    page.click(".rail button:has-text('Views')")
    page.fill(".dock input[maxlength='120']", "Ground floor")
    page.click(".dock .check input")
    page.click(".dock button[type=submit]")
    page.wait_for_selector(".dock .line:has-text('Ground floor')")
    assert page.input_value(".dock input[maxlength='120']") == ""
    kept = site.world.administrator().get(f"/projects/{site.project}/views").json()["items"]
    assert [(one["name"], one["shared"]) for one in kept] == [("Ground floor", True)]
    page.goto(f"{site.url}/projects/{site.project}?{kept[0]['place']}")
    page.wait_for_selector("canvas[data-phase=ready]")
    is_shown_again(site, page)
    page.goto(f"{site.url}/projects/{site.project}")
    page.wait_for_selector("canvas[data-phase=ready]")
    assert page.evaluate("() => globalThis.qtems.stage.planes.length") == 0
    page.click(".rail button:has-text('Views')")
    page.click(".dock .line:has-text('Ground floor')")
    is_shown_again(site, page)
    page.click(".dock button[aria-label^='Take the view']")
    page.wait_for_selector(".dock .empty")
    site.leave(page)


def test_a_topic_is_made_of_what_is_seen_and_shows_it_again_here_and_in_a_file(site: Site) -> None:
    page = site.inside()
    show_something(site, page)
    page.click(".tasks button:has-text('BCF')")
    page.fill(".dock form input", "Column is out of plumb")
    page.fill(".dock form textarea", "seen from the south")
    page.click(".dock button[type=submit]")
    page.wait_for_selector(".viewpoint img")
    page.wait_for_function("() => document.querySelector('.viewpoint img').naturalWidth > 100")
    assert page.input_value(".dock form input") == ""
    admin = site.world.administrator()
    origin = np.array(
        admin.get(f"/projects/{site.project}/models/{site.made.revision}/scene/model.json").json()["origin_m"]
    )
    at = f"/bcf/3.0/projects/{site.project}/topics"
    topic = next(one for one in admin.get(at).json() if one["title"] == "Column is out of plumb")
    view = admin.get(f"{at}/{topic['guid']}/viewpoints").json()[0]
    camera = view["perspective_camera"]
    assert [camera["camera_view_point"][axis] for axis in "xyz"] == pytest.approx(list(EYE + origin), abs=1e-3)
    assert view["clipping_planes"][0]["direction"] == {"x": 0.0, "y": 0.0, "z": 1.0}
    assert view["clipping_planes"][0]["location"]["z"] == pytest.approx(0.5 + origin[2], abs=1e-3)
    page.goto(f"{site.url}/projects/{site.project}")
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".tasks button:has-text('BCF')")
    page.click(".dock .line:has-text('Column is out of plumb')")
    page.click(".viewpoint")
    page.wait_for_selector(f".detail .id:has-text('{site.made.global_ids[0]}')")
    page.wait_for_function(SETTLED, arg=EYE)
    assert page.evaluate("() => globalThis.qtems.stage.planes.map((one) => one.constant)") == [pytest.approx(0.5)]
    page.wait_for_selector(".detail .actions button:has-text('Show hidden')")
    page.check(".dock .check input[aria-label*='Column is out of plumb']")
    with page.expect_download() as loading:
        page.click(".dock a:has-text('1 as BCF 2.1')")
    content = loading.value.path().read_bytes()
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert [name for name in names if name.endswith("markup.bcf")] == [f"{topic['guid']}/markup.bcf"]
    assert any(name.endswith(".png") for name in names)
    file = {"name": "a.bcfzip", "mimeType": "application/octet-stream", "buffer": content}
    page.set_input_files(".dock input[type=file]", files=[file])
    page.wait_for_selector(".dock [role=status] li:has-text('Column is out of plumb')")
    assert admin.get(at).json() != []
    assert len([one for one in admin.get(at).json() if one["title"] == topic["title"]]) == 1, "nothing twice"
    site.leave(page)


def test_what_the_check_left_is_downloaded(site: Site) -> None:
    page = site.inside()
    page.click(".tasks button:has-text('Reports')")
    with page.expect_download() as loading:
        page.click(".dock a:has-text('report.html')")
    assert loading.value.path().read_bytes().startswith(b"<!doctype html>")
    assert page.locator(".dock a:has-text('report.json')").count() == 1
    site.leave(page)
