"""Room that has to be free beside elements, asked for in the browser: files are sent, boxes drawn and tapped."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from geometry.readers import read_design
from tests.api.web.live import followed, found, live_server, worker_beside
from tests.api.web.planted import upload
from tests.api.web.world import World, make_world
from tests.geometry.readers.ifc_models import Model
from tests.viewer.conftest import STATIC
from tests.viewer.pages import Pages, sign_in
from tests.viewer.test_access import AXE, examined

RULES = """\
access: 1
rules:
  - {name: before doors, for: {classes: [IfcDoor]}, towards: front, distance_mm: 1000, grow_mm: 100}
"""


@dataclass(frozen=True)
class House:
    """A server with a model of a wall, its door, and a crate before it; and files on a desk."""

    world: World
    url: str
    project: str
    desk: Path
    pages: Pages
    column: str
    """GlobalId of a column that leans into the crate, as scanned."""

    def inside(self) -> Any:
        """Return a page that shows the model."""
        page = self.pages.take(size=(1280, 800), language="en-GB", touch=False)
        sign_in(page, self.url, "admin")
        page.goto(f"{self.url}/projects/{self.project}")
        page.wait_for_selector("canvas[data-phase=ready]")
        return page


@pytest.fixture(scope="module")
def house(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    desk = tmp_path_factory.mktemp("rooms")
    made = Model("mm")
    wall = made.add("IfcWall", made.block((4.0, 0.3, 3.0)), at=(0, 0, 0), name="Wall")
    opening = made.opening(wall, made.block((1.0, 0.3, 2.0)), at=(1.5, 0.0, 0.0))
    door = made.add("IfcDoor", made.block((1.0, 0.1, 2.0)), at=(0, 0, 0), name="Door 1")
    door.ObjectPlacement = made.place((2.5, 0.2, 0.0), (-1.0, 0.0, 0.0))
    made.make("IfcRelFillsElement", made.guid(), None, None, None, opening, door)
    made.add("IfcFurniture", made.block((0.5, 0.5, 0.5)), at=(1.8, 0.8, 0.2), name="Crate")
    made.add("IfcColumn", made.block((0.3, 0.3, 3.0)), at=(3.2, 0.8, 0.0), name="Column 1")
    ifc = made.write(desk / "house.ifc")
    column = next(one for one in read_design(ifc).elements.values() if one.name == "Column 1")
    head = ["ply", "format ascii 1.0", "element vertex 8", *(f"property double {axis}" for axis in "xyz")]
    head += ["element face 12", "property list uchar int vertex_indices", "end_header"]
    rows = [f"{x - 0.9:.6f} {y:.6f} {z:.6f}" for x, y, z in column.mesh.vertices]
    assert (len(rows), len(column.mesh.faces)) == (8, 12)
    faces = [f"3 {a} {b} {c}" for a, b, c in column.mesh.faces]
    (desk / "column.ply").write_text("\n".join([*head, *rows, *faces, ""]), "ascii")
    (desk / "rules.yaml").write_text(RULES, "utf-8")
    (desk / "wrong.yaml").write_text(RULES.replace("front", "frond"), "utf-8")
    world = make_world(desk / "data", static_dir=STATIC)
    project, admin = found(world), world.administrator()
    with worker_beside(world, desk / "cache"), live_server(world) as (host, port):
        root = f"/projects/{project}"
        of = upload(admin, project, "house.ifc", ifc.read_bytes())
        followed(admin, root, admin.post(f"{root}/models", {"upload": of}))
        yield House(world, f"http://{host}:{port}", project, desk, pages, column.global_id)


BOX = """() => {
  const { stage } = globalThis.qtems;
  let found = null;
  stage.scene.traverse((node) => {
    if (node.isMesh && node.material.opacity === 0.22) found = node.geometry.attributes.position;
  });
  if (!found?.count) return null;
  const at = (k) => [...Array(found.count).keys()].map((n) => found.getComponent(n, k));
  const sides = [0, 1, 2].map((k) => Math.max(...at(k)) - Math.min(...at(k)));
  return { boxes: found.count / 36, sides: sides.map((one) => Math.round(1000 * one)) };
}"""
MIDDLE = """() => {
  const { stage } = globalThis.qtems;
  let found = null;
  stage.scene.traverse((node) => {
    if (node.isMesh && node.material.opacity === 0.22) found = node.geometry.attributes.position;
  });
  const at = [0, 1, 2].map((k) => {
    const all = [...Array(found.count).keys()].map((n) => found.getComponent(n, k));
    return (Math.max(...all) + Math.min(...all)) / 2;
  });
  stage.camera.updateMatrixWorld();
  const seen = stage.camera.position.clone().set(at[0], at[1], at[2] + 0.8).project(stage.camera);
  const { left, top, width, height } = stage.canvas.getBoundingClientRect();
  return [left + (0.5 + 0.5 * seen.x) * width, top + (0.5 - 0.5 * seen.y) * height];
}"""


def test_what_stands_before_a_door_is_asked_for_drawn_and_tapped(house: House) -> None:
    page = house.inside()
    page.click(".tasks [data-mode=simulation]")
    page.wait_for_selector("details.fold[open] summary:has-text('Ask for another')")
    files = page.locator(".dock form input[type=file]")
    files.first.set_input_files(house.desk / "wrong.yaml")
    page.click(".dock form button[type=submit]")
    page.wait_for_selector(".dock [role=alert]:has-text('wrong.yaml: line 3: rules[0].towards')")
    files.first.set_input_files(house.desk / "rules.yaml")
    page.click(".dock summary:has-text('Parts as scanned')")
    page.wait_for_selector("text=Choose an element in the model")
    page.locator(".row", has_text="Column 1").first.click()
    files.nth(1).set_input_files(house.desk / "column.ply")
    page.wait_for_selector(".dock .scanned:has-text('column.ply')")
    page.click(".dock form button[type=submit]")
    page.wait_for_selector(".dock .tag.action_needed")
    page.click(".dock summary:has-text('Settings')")
    page.wait_for_selector(".dock dl:has-text('rules.yaml'):has-text('column.ply')")
    page.click(".dock button:has-text('Show in the model')")
    page.wait_for_function(f"() => ({BOX})()?.boxes === 1")
    assert page.evaluate(BOX)["sides"] == [1200, 1000, 2100], "one box, however much stands in it"
    page.evaluate("() => globalThis.qtems.stage.controls.setLookAt(5, 8, 4, 1.9, 0.7, 1, false)")
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    page.mouse.click(*page.evaluate(MIDDLE))
    page.wait_for_selector(".dock .clashing:has-text('before doors: 1000 mm in front have to be free, 600.0 mm are')")
    said = page.locator(".dock .clashing")
    assert said.bounding_box()["y"] > 0, "what is said of it is in sight"
    assert page.locator(".dock .line[aria-pressed=true]:has-text('Door 1 × ')").count() == 1
    page.click(".dock .clashing button:has-text('Show everything again')")
    assert page.locator(".dock .line:has-text('Door 1 × Column 1')").count() == 1, "as scanned it stands there, too"
    assert (examined(page, AXE.read_text(encoding="utf-8"), "room") if AXE.is_file() else []) == []
    house.pages.leave(page)
