"""How large a model and a scan the viewer opens, and how soon: a real Chromium before a real server.

Run ``python benchmarks/viewer.py [--points N] [--elements N] [--keep FOLDER]``. It needs the viewer built (``make
viewer``), the package playwright and a Chromium. WebGL is drawn by the processor (SwiftShader), so frames are far
slower than on any graphics card, and what would be graphics memory is that of Chromium's GPU process. Cases: 2,600
elements with 0.24 million triangles; 110,000 elements with 10 million triangles (or ``--elements``); a scan of 100
million points (or ``--points``; 0 = none), first cut into tiles in a process of its own, whose memory is told.
``--keep`` names a folder where the tiles are kept, so that a second run need not make them.

Measured of each: from calling the address to the first picture with triangles in it (nothing cached), to the last part
of the model; frames per second while orbiting; the middle of nine picks; JavaScript heap (CDP
``Performance.getMetrics`` after a collection), and resident memory of the renderer's and the GPU process.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from geometry.design import DesignModel, Element, Mesh  # noqa: E402
from geometry.source import SourceFile  # noqa: E402
from tests.api.web.live import found, live_server  # noqa: E402
from tests.api.web.planted import keep_packed, keep_scene, plant, show_scenes  # noqa: E402
from tests.api.web.world import PASSWORD, World, make_world  # noqa: E402
from twin.record import Id  # noqa: E402
from twin.scene.layout import scene_layout  # noqa: E402
from twin.scene.model_glb import edge_files, elements_file, model_files  # noqa: E402

FLAGS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage",
    "--js-flags=--expose-gc",
]  # fmt: skip
SIZE = {"width": 960, "height": 800}
SEGMENTS = 23
"""Corners of a column's outline: 92 triangles, the mean of real models."""
WATCH = """() => {
  const look = () => {
    const info = globalThis.qtems?.stage.renderer.info.render;
    const drawn = info && (info.triangles > 0 || info.points > 0);
    if (drawn) { globalThis.firstPicture = performance.now(); return; }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
ORBIT = """(seconds) => new Promise((done) => {
  const { stage } = globalThis.qtems;
  const began = performance.now();
  let frames = -1;
  const step = () => {
    frames += 1;
    const taken = (performance.now() - began) / 1000;
    if (taken > seconds && frames > 1) { done(frames / taken); return; }
    void stage.controls.rotate(0.05, 0, false);
    stage.invalidate();
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})"""
PICKS = """() => {
  const { stage, pick } = globalThis.qtems;
  const { clientWidth, clientHeight } = stage.canvas;
  const times = [];
  for (const x of [0.4, 0.5, 0.6]) for (const y of [0.4, 0.5, 0.6]) {
    const began = performance.now();
    pick(x * clientWidth, y * clientHeight);
    times.push(performance.now() - began);
    if (times.reduce((a, b) => a + b) > 60_000) return times;
  }
  return times;
}"""
POINTS = """() => {
  let points = 0;
  globalThis.qtems.stage.scene.traverse((node) => { if (node.isPoints && node.visible) points += node.geometry.attributes.position.count; });
  return points;
}"""  # noqa: E501


def column(place: tuple[float, float, float]) -> Mesh:
    """Return a round column of 92 triangles, 0.4 m across and 3 m high."""
    angle = np.linspace(0.0, 2.0 * np.pi, SEGMENTS, endpoint=False)
    ring = np.stack([0.2 * np.cos(angle), 0.2 * np.sin(angle)], axis=1)
    corners = [np.column_stack([ring, np.full(SEGMENTS, z)]) for z in (0.0, 3.0)]
    vertices = np.concatenate([*corners, [[0.0, 0.0, 0.0], [0.0, 0.0, 3.0]]]) + place
    low = np.arange(SEGMENTS)
    after = np.roll(low, -1)
    high, bottom, top = low + SEGMENTS, np.full(SEGMENTS, 2 * SEGMENTS), np.full(SEGMENTS, 2 * SEGMENTS + 1)
    faces = [(low, after, after + SEGMENTS), (low, after + SEGMENTS, high), (after, low, bottom)]
    faces.append((high, after + SEGMENTS, top))
    return Mesh(vertices, np.concatenate([np.column_stack(one) for one in faces]).astype(np.int32))


def building(global_ids: tuple[str, ...], per_storey: int) -> DesignModel:
    """Return columns, a metre apart in a square on each storey."""
    side = int(np.ceil(np.sqrt(per_storey)))
    elements: dict[str, Element] = {}
    for n, name in enumerate(global_ids):
        storey, place = divmod(n, per_storey)
        at = (float(place % side), float(place // side), 4.0 * storey)
        elements[name] = Element(name, "IfcColumn", f"Column {n + 1}", f"Level {storey:02d}", column(at))
    storeys = {f"Level {k:02d}": 4.0 * k for k in range(-(-len(global_ids) // per_storey))}
    return DesignModel(elements, np.zeros(3), SourceFile("b.ifc", "0" * 64, "IFC4"), 1.0, storeys)


def project(world: World, key: str, elements: int, tiles: Path | None = None) -> tuple[Id, Mapping[str, Any]]:
    """Found a project with a checked model of so many elements, with the tiles of a folder if there is one."""
    place = found(world, key)
    began = time.perf_counter()
    made = plant(world, place, elements=elements)
    design = building(made.global_ids, max(130, elements // 20))
    layout = scene_layout(design, made.global_ids)
    prepared = time.perf_counter()
    files = [*model_files(design, layout), *edge_files(design, layout), elements_file(design, layout)]
    written = time.perf_counter() - prepared
    model = keep_scene(world, {file.name: file.content for file in files})
    cloud = ""
    if tiles is not None:
        packed = sorted(tiles.rglob("*.gz"))
        cloud = keep_packed(world, ((str(p.relative_to(tiles))[: -len(".gz")], p.read_bytes()) for p in packed))
    show_scenes(world, made, model=model, cloud=cloud)
    triangles = sum(len(element.mesh.faces) for element in design.elements.values())
    told = {"elements": f"{elements:,}", "triangles": f"{triangles:,}", "parts": len(layout.parts)}
    told |= {"model written": f"{written:.1f} s", "all of it ready": f"{time.perf_counter() - began:.0f} s"}
    return place, told


def tile(count: int, folder: Path) -> Mapping[str, Any]:
    """Cut so many points into tiles in a fresh process; return what it said."""
    import subprocess

    program = (
        "import json, resource, sys, time; from pathlib import Path; import numpy as np;"
        "from benchmarks.scene import building, _WALLS;"
        "from twin.scene.deviation_tiles import Tiling, write_deviation_tiles\n"
        "if __name__ == '__main__':\n"
        " t = time.perf_counter(); ids = [f'E{n:04d}$plantedplanted'[:22] for n in range(_WALLS)]\n"
        f" s = write_deviation_tiles(building({count}), Path({str(folder)!r}), ids, origin=np.zeros(3), "
        "tiling=Tiling(workers=2))\n"
        " own, child = (resource.getrusage(w).ru_maxrss / 1024 for w in "
        "(resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        " print(json.dumps({'points': f'{s.points:,}', 'tiles': s.tiles, 'packed': f'{s.packed_bytes / 1e6:.0f} MB', "
        "'tiled in': f'{time.perf_counter() - t:.0f} s', "
        "'tiling memory': f'{own:.0f} MB + 2 x {child:.0f} MB = {own + 2 * child:.0f} MB'}))\n"
    )
    script = folder.with_suffix(".py")
    script.write_text(program)
    try:
        environ = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, str(script)], env=environ, stdout=subprocess.PIPE, text=True, check=True)
    finally:
        script.unlink()
    return json.loads(done.stdout)


@contextmanager
def tiles_of(count: int, kept: Path | None) -> Generator[tuple[Path, Mapping[str, Any]]]:
    """Give a folder with the tiles of so many points, made now unless they were kept."""
    if kept is not None and (kept / "told.json").is_file():
        yield kept / "tiles", json.loads((kept / "told.json").read_text())
        return
    with tempfile.TemporaryDirectory(prefix="qtems-bench-") as scratch:
        folder = Path(scratch) if kept is None else kept
        folder.mkdir(exist_ok=True)
        told = tile(count, folder / "tiles")
        (folder / "told.json").write_text(json.dumps(told))
        yield folder / "tiles", told


def resident() -> dict[str, float]:
    """Return the megabytes of this program's Chromium processes, by what they are."""
    found: dict[str, float] = {}
    parents = {int(p.name): p for p in Path("/proc").iterdir() if p.name.isdigit()}
    ours = {os.getpid()}
    for _ in range(6):  # browser, zygotes, their children
        ours |= {pid for pid, path in parents.items() if _field(path / "status", "PPid") in ours}
    for pid in ours:
        try:
            command = (parents[pid] / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        for kind in ("renderer", "gpu-process"):
            if f"--type={kind}" in command:
                found[kind] = max(found.get(kind, 0.0), _field(parents[pid] / "status", "VmRSS") / 1024.0)
    return found


def _field(status: Path, name: str) -> int:
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return -1
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), -1)


def look(browser: Any, url: str, *, scan: bool) -> Mapping[str, Any]:
    """Open a project with nothing cached and measure."""
    page = browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()
    page.set_default_timeout(600_000)
    page.goto(url.split("/projects/")[0])
    page.fill("input[name=login]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("ul.cards a")
    cookies = page.context.cookies()
    page.context.close()
    page = browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()
    page.context.add_cookies(cookies)
    page.set_default_timeout(600_000)
    page.add_init_script(f"({WATCH})()")
    page.goto(url)
    page.wait_for_function("() => globalThis.firstPicture > 0")
    first = page.evaluate("() => globalThis.firstPicture") / 1000.0
    page.wait_for_selector("canvas[data-phase=ready]")
    told: dict[str, Any] = {
        "first picture": f"{first:.2f} s",
        "whole model": f"{page.evaluate('() => performance.now()') / 1000.0:.1f} s",
    }
    if scan:
        page.click(".toggles button:has-text('Scan points')")
        page.wait_for_function(f"() => ({POINTS})() > 10_000")
        told["first points"] = f"{page.evaluate('() => performance.now()') / 1000.0:.1f} s"
    before = -1
    while before != (before := page.evaluate(POINTS)) or (before == 0 and scan):
        page.wait_for_timeout(5_000)  # edges, and tiles that are still coming
    told["frames per second"] = f"{page.evaluate(ORBIT, 10):.2f}"
    told["draw calls"] = page.evaluate("() => globalThis.qtems.stage.renderer.info.render.calls")
    told["pick"] = f"{statistics.median(page.evaluate(PICKS)):.0f} ms"
    if scan:
        told["points drawn"] = f"{page.evaluate(POINTS):,}"
    tool = page.context.new_cdp_session(page)
    tool.send("Performance.enable")
    tool.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in tool.send("Performance.getMetrics")["metrics"]}
    told["JavaScript heap"] = f"{metrics['JSHeapUsedSize'] / 1e6:.0f} MB"
    told |= {f"{kind}, resident": f"{size:.0f} MB" for kind, size in sorted(resident().items())}
    page.context.close()
    return told


def show(title: str, *found: Mapping[str, Any]) -> None:
    """Print a table."""
    print(f"\n{title}")
    for told in found:
        for name, value in told.items():
            print(f"  {name:28} {value}", flush=True)


def main() -> None:
    """Run the cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=100_000_000, help="0 = no scan")
    parser.add_argument("--elements", type=int, default=110_000, help="of the large model; 0 = none")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("QTEMS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    print(f"load of the machine {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="qtems-bench-") as name, sync_playwright() as play:
        world = make_world(Path(name) / "data", static_dir=ROOT / "api" / "static")
        with live_server(world) as (host, port):

            def case(title: str, key: str, elements: int, tiles: Path | None = None) -> None:
                place, told = project(world, key, elements, tiles)
                browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
                show(title, told, look(browser, f"http://{host}:{port}/projects/{place}", scan=tiles is not None))
                browser.close()

            case("a usual model", "USUAL", 2_600)
            if arguments.elements:
                case("a large model", "LARGE", arguments.elements)
            if arguments.points:
                with tiles_of(arguments.points, arguments.keep) as (tiles, told):
                    show("a large scan, cut into tiles", told)
                    case("a usual model with a large scan", "SCAN", 2_600, tiles)
        world.services.store.database.close()


if __name__ == "__main__":
    main()
