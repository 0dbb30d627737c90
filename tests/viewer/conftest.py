"""The viewer in a real Chromium, before a real server: what people see and can do.

The tests need the viewer as built by ``make viewer``, the package playwright and a Chromium (Debian: ``chromium``);
without one of them they say so and are skipped. WebGL is drawn by the processor (SwiftShader), so models are small.
"""

import importlib.util
import os
import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geometry.design import DesignModel, Element, Mesh
from geometry.source import SourceFile
from tests.api.web.live import found, live_server
from tests.api.web.planted import Planted, keep_scene, plant, show_scenes
from tests.api.web.world import World, make_world
from tests.viewer.pages import Pages, fresh, sign_in
from twin.scene.deviation_points import DeviationPoints
from twin.scene.deviation_tiles import Tiling, write_deviation_tiles
from twin.scene.layout import PART_TRIANGLES, SceneLayout, scene_layout
from twin.scene.model_glb import edge_files, elements_file, model_files

STATIC = Path(__file__).resolve().parents[2] / "api" / "static"
CHROMIUM = os.environ.get("QTEMS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage",
    "--disable-gpu-compositing",  # the processor puts the page together faster without going by way of WebGL
]  # fmt: skip
COLUMNS = 12
"""Elements of the model: columns in a grid, a third of them failing."""


@dataclass(frozen=True)
class Site:
    """A server with one checked project, and a browser."""

    world: World
    url: str
    project: str
    made: Planted
    design: DesignModel
    pages: Pages

    def page(
        self, *, size: tuple[int, int] = (1280, 800), language: str = "en-GB", touch: bool = False,
        worker: str = "block", first_time: bool = False,
    ) -> Any:  # fmt: skip
        """Return a page of somebody who has not signed in; with a service worker or the tour it is new."""
        if worker == "block" and not first_time:
            return self.pages.take(size=size, language=language, touch=touch)
        return fresh(
            self.pages.browser, size=size, language=language, touch=touch, worker=worker, toured=not first_time
        )

    def inside(self, at: str = "", **of_page: Any) -> Any:
        """Return a page that shows the project's model, of the administrator."""
        page = self.page(**of_page)
        sign_in(page, self.url, "admin")
        page.goto(f"{self.url}/projects/{self.project}{at}")
        page.wait_for_selector("canvas[data-phase=ready]")
        return page

    def leave(self, page: Any) -> None:
        """Give a page back that is not needed any more."""
        self.pages.leave(page)


def column(low: tuple[float, float, float]) -> Mesh:
    """Return a column with its faces outward."""
    corners = np.array([[x, y, z] for z in (0, 3) for y in (0, 0.5) for x in (0, 0.5)], float) + low
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    faces = [corner for a, b, c, d in quads for corner in ((a, b, c), (a, c, d))]
    return Mesh(corners, np.array(faces, np.int32))


def hall(global_ids: tuple[str, ...]) -> DesignModel:
    """Return columns in rows of four, 3 m apart."""
    elements = {
        name: Element(
            name, "IfcColumn", f"Column {n + 1}", f"Level {n % 2}", column((3.0 * (n % 4), 3.0 * (n // 4), 0))
        )
        for n, name in enumerate(global_ids)
    }
    return DesignModel(
        elements, np.zeros(3), SourceFile("hall.ifc", "0" * 64, "IFC4"), 1.0, {"Level 0": 0.0, "Level 1": 3.0}
    )


def points(design: DesignModel, layout: SceneLayout) -> DeviationPoints:
    """Return points on the columns, each row of them further out."""
    rng = np.random.default_rng(7)
    places, deviations, ids = [], [], []
    for n, name in enumerate(layout.global_ids):
        low, high = design.elements[name].mesh.bounds()
        share = rng.random((400, 3))
        share[:, 0] = np.round(share[:, 0])
        places.append(low + share * (high - low) - layout.origin)
        deviations.append(np.full(400, 0.004 * (n - 4)))
        ids.append(np.full(400, n))
    return DeviationPoints(
        np.concatenate(places), np.concatenate(deviations).astype(np.float32), np.concatenate(ids).astype(np.int32)
    )


@pytest.fixture(scope="session")
def chromium() -> Generator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium: apt-get install chromium, or name one in QTEMS_CHROMIUM")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("the package playwright is missing: make setup-dev")
    if not (STATIC / "index.html").is_file():
        pytest.skip("the viewer is not built: make viewer")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pages(chromium: Any) -> Pages:
    return Pages(chromium)


def give_scenes(
    world: World, made: Planted, folder: Path, part_triangles: int = PART_TRIANGLES,
    shapes: Mapping[int, Mesh] | None = None,
) -> DesignModel:  # fmt: skip
    """Let the planted revision and check have what the view loads; ``shapes`` stand in for columns by their place."""
    design = hall(made.global_ids)
    for n, mesh in (shapes or {}).items():
        name = made.global_ids[n]
        design = replace(design, elements={**design.elements, name: replace(design.elements[name], mesh=mesh)})
    layout = scene_layout(design, made.global_ids, part_triangles=part_triangles)
    files = (*model_files(design, layout), *edge_files(design, layout), elements_file(design, layout))
    model = keep_scene(world, {file.name: file.content for file in files})
    write_deviation_tiles(
        [points(design, layout)], folder, layout.global_ids, origin=layout.origin, tiling=Tiling(workers=1)
    )
    plain = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".gz"]
    cloud = keep_scene(world, {str(path.relative_to(folder)): path.read_bytes() for path in plain})
    show_scenes(world, made, model=model, cloud=cloud)
    return design


@pytest.fixture(scope="module")
def site(pages: Pages, tmp_path_factory: pytest.TempPathFactory) -> Generator[Site]:
    folder = tmp_path_factory.mktemp("site")
    world = make_world(folder / "data", static_dir=STATIC)
    project = found(world)
    made = plant(world, project, elements=COLUMNS)
    design = give_scenes(world, made, folder / "tiles")
    with live_server(world) as (host, port):
        yield Site(world, f"http://{host}:{port}", project, made, design, pages)
    world.services.store.database.close()
