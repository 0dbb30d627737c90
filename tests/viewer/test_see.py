"""Looking closely: cuts, measuring, profiles, the as-built pose, plans, the tree and walking."""

import csv
import io
import json
from collections.abc import Generator
from typing import Any

import numpy as np
import pytest

from geometry.design import Mesh
from tests.viewer.conftest import COLUMNS, Site, give_scenes

ORIGIN = (5.0, 3.0, 2.0)
"""Of the model's scene: the median middle of the columns, whole metres."""
PLACE = """(place) => {
  const { camera, canvas } = globalThis.qtems.stage;
  camera.updateMatrixWorld();
  const seen = camera.position.clone().set(...place).project(camera);
  const box = canvas.getBoundingClientRect();
  return [box.left + (0.5 + 0.5 * seen.x) * box.width, box.top + (0.5 - 0.5 * seen.y) * box.height];
}"""
PIXEL = """([x, y]) => {
  const { renderer, scene, camera, canvas } = globalThis.qtems.stage;
  renderer.render(scene, camera);
  const gl = renderer.getContext();
  const box = canvas.getBoundingClientRect();
  const [wide, tall] = [gl.drawingBufferWidth / box.width, gl.drawingBufferHeight / box.height];
  const texel = new Uint8Array(4);
  const [at, up] = [Math.round((x - box.left) * wide), Math.round((box.bottom - y) * tall)];
  gl.readPixels(at, up, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, texel);
  return [...texel];
}"""
PICKED = """([x, y]) => {
  const { stage, pick } = globalThis.qtems;
  const box = stage.canvas.getBoundingClientRect();
  return pick(x - box.left, y - box.top);
}"""
FRAMES = """() => new Promise((done) => {
  globalThis.qtems.stage.invalidate();
  let left = 3;
  const next = () => (left-- ? requestAnimationFrame(next) : done());
  next();
})"""
POSE = {
    "translation_mm": [12.0, -5.0, None], "rotation_deg": [0.2, None, 0.5], "uncertainty_mm": [1.2, 1.4, None],
    "rotation_uncertainty_deg": [0.05, None, 0.08], "observable": [True, True, False, True, False, True],
    "coverage_factor": 2.0,
}  # fmt: skip


def prism(*outline: tuple[float, float], sides: int | None = None) -> Mesh:
    """Return a solid 3 m high over an outline that a fan from its first corner fills; of ``sides`` alone it is open."""
    low = np.array([(*corner, 0.0) for corner in outline])
    n = len(low)
    walls = [(k, (k + 1) % n, (k + 1) % n + n) for k in range(n)] + [(k, (k + 1) % n + n, k + n) for k in range(n)]
    lids = [(0, k + 1, k) for k in range(1, n - 1)] + [(n, n + k, n + k + 1) for k in range(1, n - 1)]
    faces = [*walls, *lids] if sides is None else [*walls[:sides], *walls[n : n + sides]]
    return Mesh(np.concatenate([low, low + np.array([0.0, 0.0, 3.0])]), np.array(faces, np.int32))


AWKWARD = {
    8: prism((6, 6), (6.5, 6), (6.5, 6.5), (6, 6.5), sides=3),  # one side and both ends are missing
    10: prism((3.15, 6.15), (3.35, 6.15), (3.35, 6.35), (3.15, 6.35)),  # inside column 10
    11: prism((9.1, 6.4), (9.5, 6.4), (9.5, 6.5), (9, 6.5), (9, 6), (9.1, 6)),  # an L
}
"""By their place: shapes that are awkward to cut."""


@pytest.fixture(scope="module")
def by_storey(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The same with shapes that are awkward to cut, in a part a storey, as more than 3 million triangles come."""
    folder = tmp_path_factory.mktemp("by-storey") / "tiles"
    give_scenes(site.world, site.made, folder, part_triangles=80, shapes=AWKWARD)
    return site


@pytest.fixture(scope="module")
def desk(by_storey: Site) -> Generator[Any]:
    page = by_storey.inside()
    yield page
    by_storey.leave(page)


def mode(page: Any, label: str) -> None:
    page.click(f".rung:has-text('{label}')")
    page.wait_for_selector(f".dock h2:has-text('{label}')")


def screen(page: Any, x: float, y: float, z: float) -> tuple[float, float]:
    at = page.evaluate(PLACE, [x - ORIGIN[0], y - ORIGIN[1], z - ORIGIN[2]])
    return at[0], at[1]


def tap(page: Any, x: float, y: float, z: float) -> None:
    """Tap a place of the model, metres in the model's own coordinates."""
    page.mouse.click(*screen(page, x, y, z))


def test_a_cut_takes_away_what_is_drawn_and_its_handle_obeys_keys(desk: Any) -> None:
    # the front of column 3, seen from the south-east, above 2 m
    above, below = screen(desk, 6.5, 0.25, 2.6), screen(desk, 6.5, 0.25, 0.5)
    whole = [desk.evaluate(PIXEL, list(at)) for at in (above, below)]
    mode(desk, "Cut")
    desk.click("text=Plane across Z")
    field = desk.get_by_label("Plane Z").and_(desk.locator("input"))
    field.fill("2")
    field.press("Enter")
    desk.wait_for_function("() => Math.abs(globalThis.qtems.stage.planes[0]?.constant ?? 9) < 1e-6")
    cut = [desk.evaluate(PIXEL, list(at)) for at in (above, below)]
    assert cut[1] == whole[1], "below the cut it is as it was"
    assert cut[0] != whole[0], "above it is gone"
    handle = desk.locator(".handle[role=slider][aria-label='Plane Z']")
    handle.focus()
    desk.keyboard.press("ArrowUp")
    desk.wait_for_function("() => Math.abs(globalThis.qtems.stage.planes[0].constant + 0.05) < 1e-6")
    assert float(field.input_value()) == pytest.approx(1.95)
    desk.click("text=Box around the model")
    desk.wait_for_function("() => globalThis.qtems.stage.planes.length === 7")
    desk.click("text=Remove all cuts")
    desk.wait_for_function("() => globalThis.qtems.stage.planes.length === 0")
    desk.click(".dock header button")


def test_cuts_fill_just_what_is_inside(by_storey: Site) -> None:
    desk = by_storey.inside(size=(900, 700))
    mode(desk, "Cut")
    for axis, value in (("Z", "1.5"), ("Y", "6.1")):
        desk.click(f"text=Plane across {axis}")
        field = desk.get_by_label(f"Plane {axis}").and_(desk.locator("input"))
        field.fill(value)
        field.press("Enter")
    desk.get_by_role("button", name="Other side").last.click()
    desk.wait_for_function("() => globalThis.qtems.stage.planes.length === 2")
    desk.wait_for_selector(".dock >> text=Remove all cuts")
    looks = [
        # from above at the level cut: what is at x and y
        ((5, 6.2, 9), (5, 6.21, 1.5), {
            (3.05, 6.3, 1.5): 9, (3.25, 6.25, 1.5): 10, (3.45, 6.45, 1.5): 9, (3.05, 6.05, 1.5): None,
            (9.05, 6.2, 1.5): 11, (9.25, 6.45, 1.5): 11,
            (4, 6.3, 1.5): None,
        }),
        ((9.25, 6.19, 6), (9.25, 6.2, 1.5), {(9.25, 6.2, 1.5): None, (9.05, 6.2, 1.5): 11}),
        # from the south at the upright cut: what is at x and z
        ((5, -1, 0.9), (5, 6.1, 0.9), {
            (3.05, 6.1, 0.7): 9, (3.25, 6.1, 0.7): 9, (3.05, 6.1, 1.6): None, (9.05, 6.1, 0.7): 11,
            (9.05, 6.1, 1.6): None, (6.25, 6.1, 0.7): 8, (6.25, 6.1, 1.6): None,
        }),
    ]  # fmt: skip
    for eye, target, places in looks:
        ends = [value - low for end in (eye, target) for value, low in zip(end, ORIGIN, strict=True)]
        desk.evaluate("(ends) => globalThis.qtems.stage.controls.setLookAt(...ends, false)", ends)
        desk.evaluate(FRAMES)
        found = {place: desk.evaluate(PICKED, screen(desk, *place)) for place in places}
        assert found == places
    bright: dict[tuple[int, ...], int] = {}
    for k in range(12):  # hatched, so that it reads as a cut
        texel = tuple(desk.evaluate(PIXEL, screen(desk, 3.05 + 0.03 * k, 6.1, 0.7)))
        bright[texel] = bright.get(texel, 0) + 1
    assert len(bright) == 2, bright
    by_storey.leave(desk)


def test_measures_say_what_is_so_and_stay_in_the_list(desk: Any) -> None:
    mode(desk, "Measure")
    tap(desk, 6.02, 0.02, 2.99)
    tap(desk, 9.02, 0.02, 2.99)
    desk.wait_for_function("() => document.querySelectorAll('.measures li').length === 1")
    assert "3000.0 mm" in desk.inner_text(".measures li")
    assert "1: 3000.0 mm" in desk.inner_text(".marks.measured")
    desk.click("text=Model to scan")
    tap(desk, 6.5, 0.25, 2.0)
    desk.wait_for_selector(".hint:has-text('Too few scan points')")
    desk.select_option(".dock select", "0.2")
    tap(desk, 6.5, 0.25, 2.0)
    desk.wait_for_function("() => document.querySelectorAll('.measures li').length === 2")
    told = desk.inner_text(".measures li:nth-child(2)")
    assert "≥ 0.2 mm" in told, "the registration is not known: U is a least value"
    assert "0.0 mm" in told or "0.1 mm" in told
    desk.click(".measures li:nth-child(1) button")
    desk.wait_for_function("() => document.querySelectorAll('.measures li').length === 1")
    desk.click("text=Remove all")
    desk.click(".dock header button")


def test_a_profile_can_be_taken_away_as_numbers(desk: Any) -> None:
    desk.click(".row:not(.head):has-text('Column 3')")
    mode(desk, "Profile")
    desk.click(".dock button:text-is('Level')")
    desk.wait_for_selector("svg.profile")
    with desk.expect_download() as taken:
        desk.click("text=Save as CSV")
    rows = list(csv.DictReader(io.StringIO(taken.value.path().read_text())))
    outline = [row for row in rows if row["kind"] == "outline"]
    reach = [abs(float(row[name])) for row in outline for name in ("u_m", "v_m", "to_u_m", "to_v_m")]
    assert max(reach) == pytest.approx(0.25, abs=1e-4), "a column of half a metre"
    points = [row for row in rows if row["kind"] == "point"]
    assert points
    assert all(abs(abs(float(row["u_m"])) - 0.25) < 1e-3 for row in points), "they lie on two of its faces"
    assert {row["deviation_mm"] for row in points} == {"-8.0"}, "0.004 m times 2 - 4"
    desk.click(".dock header button")


def test_the_pose_as_built_names_what_was_not_seen(desk: Any) -> None:
    def posed(route: Any) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "pose": POSE}))

    desk.route("**/elements/E*", posed)
    desk.click(".row:not(.head):has-text('Column 4')")
    mode(desk, "As built")
    desk.click("text=50×")
    desk.wait_for_selector(".marks.built .measure-label")
    told = desk.locator(".marks.built").text_content()
    assert "13.0 mm (drawn 50×)" in told
    assert "Z: not seen" in told
    assert "turn about Y: not seen" in told
    assert desk.inner_text(".numbers").count("not seen") == 2
    desk.unroute("**/elements/E*")
    desk.click(".dock header button")


def test_a_plan_pins_what_is_wrong_on_a_storey(desk: Any) -> None:
    mode(desk, "Plan")
    desk.select_option(".dock select", "Level 0")
    desk.wait_for_function("() => document.querySelectorAll('.pin').length === 2")
    scale = desk.evaluate("() => globalThis.qtems.stage.parallel.zoom")
    note, legend = desk.locator(".axes").bounding_box(), desk.locator(".overlay").bounding_box()
    for pin in desk.locator(".pin").all():
        box = pin.bounding_box()
        assert legend["y"] + legend["height"] <= box["y"] + 8, "below the legend"
        assert box["y"] + box["height"] <= note["y"] + 8, "above the note that says where north is not known"
    desk.click(".pin[aria-label='Column 1: Fail']")
    desk.wait_for_selector(".detail h2:has-text('Column 1')")
    desk.wait_for_selector(".pin[aria-label='Column 1: Fail'][aria-current]")
    assert desk.evaluate("() => globalThis.qtems.stage.camera.isOrthographicCamera")
    assert desk.evaluate("() => globalThis.qtems.stage.parallel.zoom") == scale, "seen among the rest, as before"
    desk.click(".dock header button")
    desk.wait_for_function("() => globalThis.qtems.stage.camera.isPerspectiveCamera === true")
    desk.wait_for_function("() => globalThis.qtems.stage.perspective.zoom === 1")  # the plan's scale is the plan's
    desk.wait_for_function("() => document.querySelectorAll('.pin').length === 0")
    assert desk.evaluate("() => globalThis.qtems.stage.planes.length") == 0


def test_the_tree_goes_by_keyboard_and_says_what_is_hidden(desk: Any) -> None:
    mode(desk, "Tree")
    desk.locator("[role=treeitem]").first.focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowDown", " "):
        desk.keyboard.press(key)
    desk.wait_for_selector("[role=treeitem][aria-level='1']:has-text('partly shown')")
    leaf = desk.locator("[role=treeitem]:focus")
    assert leaf.get_attribute("aria-level") == "3"
    assert "hidden" in leaf.text_content()
    assert desk.locator("[role=treeitem][aria-level='3']").count() == COLUMNS // 2
    desk.keyboard.press("Enter")
    desk.wait_for_selector("[role=treeitem]:focus[aria-selected=true]")
    desk.click(".dock button:text-is('Show hidden')")
    desk.wait_for_selector("[role=treeitem]:focus, [role=treeitem]:has-text(', shown')")
    desk.click(".dock header button")


def test_one_walks_at_the_height_of_ones_eyes_and_comes_back(desk: Any) -> None:
    before = desk.evaluate("() => globalThis.qtems.stage.camera.position.toArray()")
    mode(desk, "Walk")
    desk.wait_for_selector(".joystick")
    height = "() => Math.abs(globalThis.qtems.stage.camera.position.z + 2 - 1.6) < 1e-3"
    desk.wait_for_function(height)
    start = desk.evaluate("() => globalThis.qtems.stage.camera.position.toArray()")
    desk.keyboard.down("s")
    desk.wait_for_function(
        "([x, y]) => Math.hypot(globalThis.qtems.stage.camera.position.x - x, "
        "globalThis.qtems.stage.camera.position.y - y) > 0.3",
        arg=start,
    )
    desk.keyboard.up("s")
    assert desk.evaluate(height)
    desk.keyboard.press("Escape")
    desk.wait_for_function(
        "(place) => globalThis.qtems.stage.camera.position.toArray().every((v, k) => Math.abs(v - place[k]) < 1e-3)",
        arg=before,
    )
    assert desk.locator(".joystick").count() == 0


def test_on_a_phone_the_tools_are_in_the_sheet_and_each_can_be_touched(by_storey: Site) -> None:
    page = by_storey.inside(size=(390, 844), touch=True, language="zh-CN")
    assert not page.locator(".rung").first.is_visible()
    page.tap(".tabs button:nth-child(2)")
    boxes = [one.bounding_box() for one in page.locator(".overlay .rung").all()]
    assert len(boxes) >= 7
    assert all(box["width"] >= 44 and box["height"] >= 44 for box in boxes)
    page.tap(".rung:has-text('测量')")
    page.wait_for_selector(".dock h2:has-text('测量')")
    canvas, dock = page.locator("canvas").bounding_box(), page.locator(".dock").bounding_box()
    assert dock["y"] >= canvas["y"] + 200, "the view is seen beside the panel"
    by_storey.leave(page)


def test_a_storey_is_taken_out_of_memory_and_comes_back_when_it_is_wanted(by_storey: Site) -> None:
    page = by_storey.inside()
    geometries = "() => globalThis.qtems.stage.renderer.info.memory.geometries"
    page.wait_for_function(f"() => ({geometries})() >= 4")
    upper = [screen(page, 3.5, 0.25, 2.0), screen(page, 6.5, 0.25, 2.0)]
    box = page.locator("canvas").bounding_box()
    of = "([x, y]) => globalThis.qtems.point(x, y, {radius: 0})?.featureId ?? null"
    at = [[x - box["x"], y - box["y"]] for x, y in upper]
    assert [page.evaluate(of, one) for one in at] == [1, 2]
    mode(page, "Tree")
    page.click(".dock summary:has-text('2 of 2 storeys')")
    page.uncheck(".dock label:has-text('Level 1') input")
    page.wait_for_selector(".dock summary:has-text('1 of 2 storeys')")
    assert [page.evaluate(of, one) for one in at] == [None, 2], "column 2 is on level 1, column 3 on level 0"
    page.click(".row:not(.head):has-text('Column 2')")
    page.wait_for_selector(".dock summary:has-text('2 of 2 storeys')")
    page.wait_for_function(f"() => ({geometries})() >= 4")
    by_storey.leave(page)
