"""Registering by hand: a building that looks the same from both ends is refused, and a person says which way it is."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from geometry.arrays import FloatArray
from geometry.pose import Pose
from tests.api.web.live import found, live_server, worker_beside
from tests.api.web.planted import upload
from tests.api.web.test_checks_whole import followed
from tests.api.web.world import PASSWORD, World, make_world
from tests.geometry.registration.buildings import Box, Scanned, of_boxes, scan_of
from tests.viewer.conftest import STATIC

PIERS = [(0.0, 0.0), (7.2, 0.0), (0.0, 4.2), (7.2, 4.2)]
BOXES: list[Box] = [
    (-0.5, -0.5, -0.3, 8.5, 5.5, 0.0),
    *((x, y, 0.0, x + 0.8, y + 0.8, 2.0) for x, y in PIERS),
    (2.0, 0.1, 0.0, 6.0, 0.4, 1.0),
    (2.0, 4.6, 0.0, 6.0, 4.9, 1.0),
]
"""A slab, four piers and two walls: turned by 180 degrees it is the same."""
STATIONS = ((1.5, -2.5, 4.0), (10.5, 1.0, 4.0), (4.0, 2.2, 4.2), (-2.0, 6.5, 4.0))
CORNERS = np.array([(0, 0, 2), (8, 0, 2), (8, 5, 2), (0, 5, 2.0)])
"""The piers' outer corners on top."""
SCREEN = """([tool, places]) => {
  const stage = globalThis[tool].stage;
  const camera = stage.camera;
  camera.updateMatrixWorld();
  const box = stage.canvas.getBoundingClientRect();
  return places.map((place) => {
    const seen = camera.position.clone().set(...place).project(camera);
    return [box.left + (0.5 + 0.5 * seen.x) * box.width, box.top + (0.5 - 0.5 * seen.y) * box.height];
  });
}"""
NEAREST = """(places) => {
  const best = places.map(() => 1e9);
  globalThis.qtems.stage.scene.traverseVisible((one) => {
    if (!one.isPoints) return;
    const positions = one.geometry.getAttribute("position");
    const p = globalThis.qtems.stage.camera.position.clone();
    for (let k = 0; k < positions.count; k += 1) {
      p.fromBufferAttribute(positions, k).applyMatrix4(one.matrixWorld);
      places.forEach((at, n) => {
        best[n] = Math.min(best[n], Math.hypot(p.x - at[0], p.y - at[1], p.z - at[2]));
      });
    }
  });
  return Math.max(...best);
}"""
"""How far the corners are from the scan that is laid over the model, at most."""
LOOK = "([tool, at]) => globalThis[tool].stage.controls.setLookAt(...at, false)"


@dataclass(frozen=True)
class Yard:
    """A server whose newest check was refused, and the truth that it does not know."""

    world: World
    url: str
    project: str
    epoch: str
    refused: str
    scanned: Scanned
    browser: Any

    @property
    def T_scan_design(self) -> Pose:
        """Between coordinates as in the files."""
        relative = self.scanned.T_design_scan.inverse()
        return Pose.from_parts(relative.rotation, relative.translation + self.scanned.scan.origin)

    def page(self, size: tuple[int, int] = (1000, 640), *, language: str = "en-GB", touch: bool = False) -> Any:
        """Return a page that registers by hand."""
        fresh = self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale=language, has_touch=touch, is_mobile=touch,
            reduced_motion="reduce",
        )  # fmt: skip
        fresh.set_default_timeout(30_000)
        page = fresh.new_page()
        page.goto(f"{self.url}/projects/{self.project}")
        page.fill("input[name=login]", "admin")
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("canvas[data-phase=ready]")
        page.click(".strip.warn button")
        both_ready(page)
        return page


def both_ready(page: Any) -> None:
    page.wait_for_selector(".beside canvas[data-phase=ready]")
    page.wait_for_selector(".view > .stage > canvas[data-phase=ready]")
    page.wait_for_function("() => globalThis.qtemsScan && !globalThis.qtemsScan.busy()")


def obj_of(boxes: Sequence[Box]) -> bytes:
    """Return boxes as an OBJ file, an object each."""
    lines, first = list[str](), 1
    for number, element in enumerate(of_boxes(boxes).elements.values()):
        mesh = element.mesh
        lines.append(f"o part {number}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in mesh.vertices]
        lines += [f"f {a + first} {b + first} {c + first}" for a, b, c in mesh.faces]
        first += len(mesh.vertices)
    return "\n".join(lines).encode()


def ptx_of(scanned: Scanned) -> bytes:
    """Return a scan as a PTX file, a block for each station."""
    scan, blocks = scanned.scan, list[str]()
    for number, station in enumerate(scan.stations):
        assert station.position is not None
        at = " ".join(f"{v:.6f}" for v in station.position + scan.origin)
        points = scan.points[scan.station_index == number] - station.position
        head = [str(len(points)), "1", at, "1 0 0", "0 1 0", "0 0 1", "1 0 0 0", "0 1 0 0", "0 0 1 0", f"{at} 1"]
        blocks += [*head, *(f"{x:.5f} {y:.5f} {z:.5f} 0.5" for x, y, z in points)]
    return ("\n".join(blocks) + "\n").encode()


@pytest.fixture(scope="module")
def yard(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Generator[Yard]:
    folder = tmp_path_factory.mktemp("yard")
    world = make_world(folder / "data", static_dir=STATIC)
    with worker_beside(world, folder / "cache"):
        admin, inside = world.administrator(), found(world)
        project = f"/projects/{inside}"
        model = upload(admin, inside, "yard.obj", obj_of(BOXES))
        taken = followed(admin, project, admin.post(f"{project}/models", {"upload": model}))
        scanned = scan_of(of_boxes(BOXES), STATIONS, rays=150_000, reach=20.0, yaw=2.0, shift=(120.0, -40.0, 7.0))
        scan = upload(admin, inside, "yard.ptx", ptx_of(scanned), piece=8 << 20)
        given = {"name": "Week 47", "captured_at": "2026-11-20T14:30:00+08:00", "uploads": [scan]}
        captured = followed(admin, project, admin.post(f"{project}/scans", given))
        asked = {"revision": taken["makes"], "epoch": captured["makes"], "tolerance_mm": "10", "formats": []}
        checked = followed(admin, project, admin.post(f"{project}/checks", asked))
        assert checked["result"]["registration"] == "refused"
        with live_server(world) as (host, port):
            yield Yard(world, f"http://{host}:{port}", inside, captured["makes"], checked["makes"], scanned, chromium)


def origins(yard: Yard, page: Any) -> tuple[FloatArray, FloatArray]:
    """Return what the coordinates of both stages are relative to."""
    read = "async (url) => await (await fetch(url)).json()"
    models = yard.world.administrator().get(f"/projects/{yard.project}/models").json()["items"]
    scene = page.evaluate(read, f"/api/v1/projects/{yard.project}/models/{models[0]['id']}/scene/model.json")
    tiles = page.evaluate(read, f"/api/v1/projects/{yard.project}/scans/{yard.epoch}/scene/tileset.json")
    return np.array(scene["origin_m"]), np.array(tiles["extras"]["origin_m"])


def look(page: Any, tool: str, eye: FloatArray, target: FloatArray) -> None:
    page.evaluate(LOOK, [tool, [*eye.tolist(), *target.tolist()]])
    page.wait_for_function(
        "([tool, eye]) => Math.hypot(...eye.map((v, k) => v - globalThis[tool].stage.camera.position.getComponent(k)))"
        " < 1e-3",
        arg=[tool, eye.tolist()],
    )
    page.wait_for_function("() => !globalThis.qtemsScan.busy()")


def pick(yard: Yard, page: Any, which: Sequence[int], *, tap: Any = None) -> None:
    """Pick the same corners in both views, one after the other."""
    of_model, of_scan = origins(yard, page)
    T = yard.T_scan_design
    for at in which:
        corner = CORNERS[at : at + 1]
        outward = corner + (corner - [4.0, 2.5, 1.0]) * [0.5, 0.5, 1.0] + [0, 0, 1.2]
        for tool, move, origin in (("qtems", None, of_model), ("qtemsScan", T, of_scan)):
            places = [p if move is None else move.apply(p) for p in (outward, corner)]
            eye, target = ((p - origin)[0] for p in places)
            look(page, tool, eye, target)
            (x, y), before = page.evaluate(SCREEN, [tool, [target.tolist()]])[0], page.inner_text(".pairing .lead")
            (tap or page.mouse.click)(x + 2, y + 2)
            page.wait_for_function("(t) => document.querySelector('.pairing .lead').innerText !== t", arg=before)


def test_a_person_registers_what_was_refused(yard: Yard) -> None:
    page = yard.page()
    page.wait_for_selector(".rivals .line >> nth=1")
    told = page.inner_text(".rivals")
    assert "turned by 180°" in told, "what distinguishes them is said"
    page.click(".rivals .line >> nth=1")
    assert page.get_attribute(".rivals .line >> nth=1", "aria-pressed") == "true"
    corners = (CORNERS - origins(yard, page)[0]).tolist()
    page.wait_for_function(f"(places) => ({NEAREST})(places) < 0.15", arg=corners, polling=400)
    page.click(".rivals .line >> nth=1")
    page.uncheck("text=Move both views together")
    assert page.locator(".pairing .primary").is_disabled()
    pick(yard, page, [0, 1, 2, 3])
    assert page.locator(".picked").count() == 4
    assert page.locator(".letter.pair").count() == 8, "numbered in both views"
    assert "4 pairs" in page.inner_text(".rms")
    page.locator(".pairing .primary").scroll_into_view_if_needed()
    page.click(".pairing button[aria-label='Undo']")  # in sight however far one has scrolled
    page.wait_for_selector(".letter.half")
    page.keyboard.press("Control+Shift+z")
    page.reload()
    page.wait_for_selector("canvas[data-phase=ready]")
    page.click(".strip.warn button")
    both_ready(page)
    assert page.locator(".picked").count() == 4, "they outlive a reload"
    page.check("text=Show the scan on the model")
    page.wait_for_function(f"(places) => ({NEAREST})(places) < 0.15", arg=corners, polling=400)
    page.click(".pairing .primary")
    page.wait_for_function(
        "() => !document.querySelector('.pairing') || document.querySelector('.pairing .fault')", timeout=90_000
    )
    assert page.locator(".pairing").count() == 0, page.inner_text(".pairing")
    page.wait_for_selector("canvas[data-phase=ready]")
    checks = yard.world.administrator().get(f"/projects/{yard.project}/checks").json()["items"]
    made = next(one for one in checks if one["id"] != yard.refused)
    assert f"check={made['id']}" in page.url
    assert (made["registration"]["method"], made["counts"]) == ("picked", True)
    matrix = np.array(made["registration"]["T_design_scan"], float).reshape(4, 4)
    back = (matrix @ np.c_[yard.T_scan_design.apply(CORNERS), np.ones(4)].T).T[:, :3]
    off = np.linalg.norm(back - CORNERS, axis=1)
    assert off.max() < 0.005, f"{1000 * off.max():.1f} mm"
    report = yard.world.administrator().get(f"/projects/{yard.project}/checks/{made['id']}/report").json()
    assert "registered by hand by" in " ".join(report["notes"])
    assert page.evaluate("localStorage.getItem('qtems.unsent.pairs." + yard.epoch + "')") is None
    page.context.close()
