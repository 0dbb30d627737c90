"""What a simulation shows over the model: a document that is opened, stepped through and played."""

import json
from typing import Any

import pytest

from tests.api.web.planted import CAPTURED, context
from tests.viewer.conftest import Site
from tests.viewer.test_access import AXE, examined
from tests.viewer.test_review import complaints
from twin.record import Evidence, EvidenceKind
from twin.rehearsal_record import Rehearsal, RehearsalKind, RehearsalOutcome
from twin.store import records
from twin.store.blob_register import keep_all

AT = """(place) => {
  const { stage, pick } = globalThis.qtems;
  stage.camera.updateMatrixWorld();
  const seen = stage.camera.position.clone().set(...place).project(stage.camera);
  const { clientWidth, clientHeight } = stage.canvas;
  return pick((0.5 + 0.5 * seen.x) * clientWidth, (0.5 - 0.5 * seen.y) * clientHeight);
}"""


def opened(page: Any, document: object) -> None:
    content = json.dumps(document).encode()
    file = {"name": "order.json", "mimeType": "application/json", "buffer": content}
    page.set_input_files(".dock input[accept='.json']", files=[file])


def test_an_order_of_erection_is_played_and_clashes_are_marked(site: Site) -> None:
    page = site.inside()
    said = complaints(page)
    scene = f"/projects/{site.project}/models/{site.made.revision}/scene/model.json"
    origin = site.world.administrator().get(scene).json()["origin_m"]
    first, second, *_ = site.made.global_ids
    middle = site.design.elements[first].mesh.bounds().mean(axis=0) - origin
    lifted = [*middle[:2].tolist(), float(middle[2]) + 6.0]
    document = {
        "schema": "qtems.overlay/1", "title": "Erection order",
        "values": {"name": "Risk", "unit": "%", "low": 0, "high": 100, "elements": {second: 80}},
        "tracks": [{"element": first, "keys": [
            {"t": 0, "visible": False},
            {"t": 2, "visible": True, "move_m": [0, 0, 6], "state": "lifted"},
            {"t": 5, "move_m": [0, 0, 0], "state": "blocked", "colour": "#d55e00"},
        ]}],
        "clashes": [{"id": "1", "elements": [first, second], "at_m": [0, 0, 3], "depth_mm": 12, "label": "Two"}],
    }  # fmt: skip
    page.click(".tasks [data-mode=simulation]")
    opened(page, {**document, "schema": "qtems.overlay/9"})
    page.wait_for_selector(".dock [role=alert]:has-text('qtems.overlay/9')")
    opened(page, document)
    page.wait_for_selector(".dock strong:has-text('Erection order')")
    assert page.locator(".dock [role=alert]:has-text('overlay')").count() == 0
    assert page.evaluate(AT, middle.tolist()) != 0, "it is not there yet"
    page.wait_for_selector(".pin-clash")
    assert " ".join(page.inner_text(".player .legend").split()) == "✕ blocked"
    assert "Risk" in page.inner_text(".tools"), "the view's own legend says it, too"
    page.click(".dock button[aria-label='One step on']")
    page.wait_for_selector(".dock output:has-text('Step 1 of 1')")
    page.wait_for_selector(".player .comes:has-text('Column 1')")
    page.wait_for_selector(".player .comes:has-text('lifted')")
    page.evaluate("(z) => globalThis.qtems.stage.controls.setLookAt(-9, -14, z, 0, 0, z, false)", lifted[2])
    page.wait_for_function(f"(place) => ({AT})(place) === 0", arg=lifted)
    page.click(".dock [role=group] .primary")
    page.wait_for_selector(".player .comes:has-text('blocked')")
    page.wait_for_selector(".dock [role=group] .primary:has-text('Play')")
    page.wait_for_function(f"(place) => ({AT})(place) !== 0", arg=lifted)
    page.click(".dock .line:has-text('Two')")
    page.click(".dock [role=status] .line:has-text('Column 1')")
    page.wait_for_selector(f".detail .id:has-text('{first}')")
    page.wait_for_selector(".dock p[role=status]:has-text('blocked')")
    page.click(".dock button[aria-label='One step back']")
    page.wait_for_selector(".player .comes:has-text('lifted')")
    page.click(".dock .line:has-text('✕'):has-text('Step 1 of 1')")  # a blocked step leads to its moment
    page.wait_for_selector(".player .comes:has-text('blocked')")
    page.click(".dock button:has-text('End')")
    page.wait_for_selector(".pin-clash", state="detached")
    assert said == []
    site.leave(page)


@pytest.mark.parametrize("size", [(390, 844), (844, 390)])
def test_on_a_phone_what_is_played_is_controlled_without_scrolling(site: Site, size: tuple[int, int]) -> None:
    rehearsed(site, [])
    page = site.inside(size=size, touch=True, language="zh-CN")
    page.tap(".tabs button >> nth=3")
    page.tap(".tasks [data-mode=simulation]")
    page.wait_for_selector(".dock summary:has-text('设置')")
    keys = [{"t": 0, "visible": False}, {"t": 3, "visible": True, "colour": "#0072b2", "state": "in place"}]
    tracks = [{"element": name, "keys": keys} for name in site.made.global_ids]
    opened(page, {"schema": "qtems.overlay/1", "title": "Order", "tracks": tracks})
    page.wait_for_selector(".player .legend")
    page.locator(".right").evaluate("(side) => side.scrollTo(0, side.scrollHeight)")
    ground = page.locator(".player").evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert ground.startswith("rgb("), "what scrolls behind it is not read through it"
    for control in page.locator(".player button").all():
        box = control.bounding_box()
        assert 0 <= box["y"] <= size[1] - 52 - box["height"] if size[0] < 500 else 0 <= box["y"] < size[1] - 44
        assert min(box["width"], box["height"]) >= 44
    page.tap(".player button[aria-label='下一步']")
    page.wait_for_selector(".player output:has-text('第 1 步，共 1 步')")
    assert (examined(page, AXE.read_text(encoding="utf-8"), "look ahead") if AXE.is_file() else []) == []
    site.leave(page)


LOOKS = """() => {
  const { stage } = globalThis.qtems;
  let texels = null;
  stage.scene.traverse((node) => { texels ??= node.material?.uniforms?.uStyle?.value.image.data ?? null; });
  return [...Array(12).keys()].map((id) => texels[4 * id + 3]);
}"""
GHOST = 80


def rehearsed(site: Site, clashes: list[dict[str, Any]]) -> None:
    """Keep what a virtual assembly of the model found, as its job does."""
    services = site.world.services
    asked_by = str(site.world.administrator().get("/auth/me").json()["user"]["id"])
    document = {"schema": "qtems.overlay/1", "title": "hall.ifc", "clashes": clashes}
    kept = services.blobs.put([json.dumps(document).encode()])
    file = Evidence(EvidenceKind.REPORT, kept.sha256, "assembly-overlay.json", "application/json")
    with services.store.write(context(site.world)) as unit:
        unit.add(
            records.REHEARSAL,
            Rehearsal(
                services.store.new_id(), site.project, RehearsalKind.ASSEMBLY, "hall.ifc", "0.1.0", 0, CAPTURED,
                CAPTURED, RehearsalOutcome.ACTION_NEEDED, (file,), {"clearance_mm": "50", "sequence": "found"},
                site.made.revision, None, asked_by,
            ),
        )  # fmt: skip
        keep_all(unit, services.blobs, {kept.sha256: "application/json"})


def test_clashes_are_listed_the_deepest_first_and_their_numbers_fit_their_pins(site: Site) -> None:
    names = site.made.global_ids
    at = site.design.elements[names[0]].mesh.bounds().mean(axis=0).tolist()
    depths = [20.0, 80.0, 43.3, None, 200.0, *(10.0,) * 13]
    clashes = [
        {"id": f"c{n}", "elements": [names[0], names[1 + n % 11]], "at_m": at, "depth_mm": depth, "label": "hard"}
        for n, depth in enumerate(depths)
    ]
    page = site.inside()
    page.click(".tasks [data-mode=simulation]")
    opened(page, {"schema": "qtems.overlay/1", "title": "hall.ifc", "clashes": clashes})
    lines = page.locator(".dock li .line .small")
    lines.first.wait_for()
    told = [text.split(" · ")[-1] for text in lines.all_inner_texts()]
    assert told[:4] == ["200.0 mm", "80.0 mm", "43.3 mm", "20.0 mm"], "a depth has no sign"
    assert "mm" not in told[-1], "what has no depth comes last"
    page.locator(".dock select:has(option[value=depth])").select_option("kind")
    page.wait_for_function("() => document.querySelector('.dock li .line .small').textContent.includes('20.0 mm')")
    pin = page.locator(".pin-clash.many")
    pin.wait_for()
    assert pin.inner_text() == "✕18"
    wide = pin.evaluate("""(pin) => {
      const said = document.createRange();
      said.selectNodeContents(pin);
      return [said.getBoundingClientRect().width, pin.clientWidth - 14];
    }""")
    assert wide[0] + 4 <= wide[1], f"{wide[0]} px of text in a mark of {wide[1]} px"
    site.leave(page)


def test_clashes_that_the_server_found_are_listed_and_both_parts_shown_alone(site: Site) -> None:
    first, second, *_ = site.made.global_ids
    at = site.design.elements[first].mesh.bounds().mean(axis=0).tolist()
    clash = {"id": "c1", "elements": [first, second], "at_m": at, "depth_mm": 120.0, "label": "hard"}
    rehearsed(site, [clash])
    page = site.inside()
    said = complaints(page)
    page.click(".tasks [data-mode=simulation]")
    page.click(".dock summary:has-text('Settings')")
    told = " ".join(page.inner_text(".dock details .facts").split())
    assert "Model tower ☃.ifc, revision 1 Parts stay apart by (mm) 50 Order of assembly Find one that works" in told
    assert "Random seed 0 Asked by" in told
    page.click(".dock button:has-text('Show in the model')")
    page.click(".dock .line:has-text('Overlap')")
    page.wait_for_selector(".dock [role=status] >> text=Column 1")
    page.wait_for_function(f"() => ({LOOKS})().filter((way) => way > {GHOST}).length === 2")
    ways = page.evaluate(LOOKS)
    assert [way > GHOST for way in ways[:3]] == [True, True, False], "everything else steps back"
    page.click(".dock button:has-text('Show everything again')")
    page.wait_for_function(f"() => ({LOOKS})().every((way) => way > {GHOST})")
    assert said == []
    site.leave(page)
