"""What a tap chooses is what a ray meets first: the pixels of the browser against a ray cast in float64."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.viewer.conftest import Site, points
from twin.scene.layout import scene_layout

PIXELS = 320
CAMERA = """() => {
  const { camera, canvas } = globalThis.qtems.stage;
  camera.updateMatrixWorld();
  const matrices = [camera.matrixWorld.toArray(), camera.projectionMatrixInverse.toArray()];
  return [...matrices, canvas.clientWidth, canvas.clientHeight];
}"""
PICK = "(places) => places.map(([x, y]) => globalThis.qtems.pick(x, y))"
TURN = """([azimuth, polar]) => {
  const { stage } = globalThis.qtems;
  stage.covered = () => 0;  // the model over the whole picture, below the legend, too: more places to meet it
  stage.refit();
  return stage.controls.rotateTo(azimuth, polar, false);
}"""
POINT = "([places, wanted]) => places.map(([x, y]) => globalThis.qtems.point(x, y, wanted))"
SETTLED = """() => new Promise((done) => {
  const { camera } = globalThis.qtems.stage;
  let [before, calm] = ["", 0];
  const look = () => {
    const now = camera.matrixWorld.elements.join();
    calm = now === before ? calm + 1 : 0;
    before = now;
    calm > 3 ? done(true) : requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""
SCENE_ORIGIN = "async (url) => (await (await fetch(url)).json()).origin_m"


def first_hit(origin: NDArray[Any], ray: NDArray[Any], triangles: NDArray[Any]) -> int:
    """Return the triangle that a ray meets first, -1 for none (Moeller and Trumbore 1997), each triangle in turn."""
    best, found = np.inf, -1
    for n, (a, b, c) in enumerate(triangles):
        normal = np.cross(ray, c - a)
        det = float(np.dot(b - a, normal))
        if abs(det) < 1e-12:
            continue
        u = float(np.dot(origin - a, normal)) / det
        q = np.cross(origin - a, b - a)
        v, t = float(np.dot(ray, q)) / det, float(np.dot(c - a, q)) / det
        if u >= 0 and v >= 0 and u + v <= 1 and 0 < t < best:
            best, found = t, n
    return found


@pytest.mark.parametrize(("seed", "azimuth", "polar"), [(1, 0.6, 1.1), (2, 2.4, 0.5)])
def test_a_tap_chooses_what_a_ray_meets_first(site: Site, seed: int, azimuth: float, polar: float) -> None:
    page = site.inside(size=(900, 700))
    page.evaluate(TURN, [azimuth, polar])
    page.evaluate(SETTLED)
    world, unproject, width, height = page.evaluate(CAMERA)
    base = f"/api/v1/projects/{site.project}/models/{site.made.revision}/scene/model.json"
    shift = np.array(page.evaluate(SCENE_ORIGIN, base))
    names = list(site.design.elements)
    triangles = np.concatenate([site.design.elements[name].mesh.triangles() for name in names]) - shift
    owner = np.repeat(np.arange(len(names)), [len(site.design.elements[name].mesh.faces) for name in names])
    to_world = np.array(world).reshape(4, 4).T @ np.array(unproject).reshape(4, 4).T
    eye = np.array(world).reshape(4, 4).T[:3, 3]
    places = np.random.default_rng(seed).integers((0, 0), (width, height), (PIXELS, 2))
    expected: list[int | None] = []
    for x, y in places:
        far = to_world @ np.array([2 * (x + 0.5) / width - 1, 1 - 2 * (y + 0.5) / height, 1.0, 1.0])
        hit = first_hit(eye, far[:3] / far[3] - eye, triangles)
        expected.append(None if hit < 0 else int(owner[hit]))
    picked = page.evaluate(PICK, places.tolist())
    assert sum(one is not None for one in expected) >= 15, "enough of them meet the model"
    assert sum(one is None for one in expected) >= 15, "and enough do not"
    assert picked == expected
    site.leave(page)


def sight(page: Any) -> tuple[NDArray[Any], NDArray[Any], int, int]:
    """Return the camera's matrix, that from the screen to the scene, and the canvas' size."""
    world, unproject, width, height = page.evaluate(CAMERA)
    camera = np.array(world).reshape(4, 4).T
    return camera, camera @ np.array(unproject).reshape(4, 4).T, width, height


def rays(page: Any, places: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the eye and, for the middle of each pixel, the direction from it, of length one."""
    camera, to_world, width, height = sight(page)
    x, y = 2 * (places[:, 0] + 0.5) / width - 1, 1 - 2 * (places[:, 1] + 0.5) / height
    far = np.stack([x, y, np.ones(len(x)), np.ones(len(x))], axis=1) @ to_world.T
    away = far[:, :3] / far[:, 3:] - camera[:3, 3]
    return camera[:3, 3], away / np.linalg.norm(away, axis=1)[:, None]


def into_boxes(eye: NDArray[Any], away: NDArray[Any], boxes: NDArray[Any]) -> tuple[int, float]:
    """Return which solid box (n, 2, 3) a ray enters first and how far away, (-1, inf) for none."""
    with np.errstate(divide="ignore"):
        low, high = (boxes[:, 0] - eye) / away, (boxes[:, 1] - eye) / away
    enter, leave = np.minimum(low, high).max(axis=1), np.maximum(low, high).min(axis=1)
    enter = np.where((enter <= leave) & (enter > 0), enter, np.inf)
    first = int(np.argmin(enter))
    return (first, float(enter[first])) if np.isfinite(enter[first]) else (-1, np.inf)


@pytest.mark.parametrize("sliced", [False, True], ids=["whole", "cut"])
def test_a_point_is_where_a_ray_meets_the_solid(site: Site, sliced: bool) -> None:
    page = site.inside(size=(900, 700))
    page.evaluate(TURN, [0.6, 0.7])
    page.evaluate(SETTLED)
    base = f"/api/v1/projects/{site.project}/models/{site.made.revision}/scene/model.json"
    shift = np.array(page.evaluate(SCENE_ORIGIN, base))
    boxes = np.array([element.mesh.bounds() for element in site.design.elements.values()]) - shift
    if sliced:
        page.click(".toggles button:has-text('Section')")
        boxes[:, 1, 2] = page.evaluate("() => globalThis.qtems.stage.planes[0].constant")
        page.evaluate(SETTLED)
    _, _, width, height = sight(page)
    near = np.random.default_rng(5).integers((width // 5, height // 5), (4 * width // 5, 4 * height // 5), (400, 2))
    eye, away = rays(page, near)
    told = page.evaluate(POINT, [near.tolist(), {"radius": 0}])
    met = [into_boxes(eye, direction, boxes) for direction in away]
    assert [None if one is None else one["featureId"] for one in told] == [None if n < 0 else n for n, _ in met]
    hits = [(one, eye + far * ray) for one, (n, far), ray in zip(told, met, away, strict=True) if n >= 0]
    assert 40 <= len(hits) <= 360, "many meet the model and many do not"
    off = np.array([np.linalg.norm(np.array(one["position"]) - true) for one, true in hits])
    assert off.max() < 1e-3, f"{off.max() * 1000:.3f} mm"
    assert any(one["snap"] == "cut" for one, _ in hits) == sliced
    for one, true in hits:
        at_cut = sliced and abs(true[2] - boxes[0, 1, 2]) < 1e-6
        assert (one["snap"] == "cut") == at_cut
        assert (one["normal"] == pytest.approx([0, 0, 1], abs=1e-6)) or not at_cut
    site.leave(page)


def test_a_point_is_drawn_to_corners_edges_and_scan_points(site: Site) -> None:
    page = site.inside(size=(900, 700))
    base = f"/api/v1/projects/{site.project}/models/{site.made.revision}/scene/model.json"
    shift = np.array(page.evaluate(SCENE_ORIGIN, base))
    layout = scene_layout(site.design, site.made.global_ids)
    page.evaluate(
        "([x, y, z]) => globalThis.qtems.stage.controls.setLookAt(x + 3, y - 5, z + 3, x, y, z, false)",
        (np.array([0.25, 0.25, 2.5]) - shift).tolist(),
    )
    page.evaluate(SETTLED)
    camera, to_world, width, height = sight(page)

    def screen(place: NDArray[Any]) -> NDArray[Any]:
        seen = np.concatenate([place, np.ones((len(place), 1))], axis=1) @ np.linalg.inv(to_world).T
        share = seen[:, :2] / seen[:, 3:]
        return np.stack([(0.5 + 0.5 * share[:, 0]) * width, (0.5 - 0.5 * share[:, 1]) * height], axis=1)

    corner = np.array([[0.5, 0.0, 3.0]]) - shift
    inner = screen(corner - [[0.04, 0.0, 0.05]])[0]
    hit = page.evaluate(POINT, [[inner.tolist()], {}])[0]
    assert (hit["snap"], hit["position"]) == ("vertex", pytest.approx(corner[0].tolist(), abs=1e-3))
    beside = screen(np.array([[0.47, 0.0, 2.2]]) - shift)[0]
    hit = page.evaluate(POINT, [[beside.tolist()], {}])[0]
    assert hit["snap"] == "edge"
    assert hit["position"][:2] == pytest.approx((corner[0, :2]).tolist(), abs=1e-3)
    page.click(".toggles button:has-text('Scan points')")
    page.wait_for_function("() => globalThis.qtems.point(450, 300, {kinds: ['scan'], radius: 400}) !== null")
    cloud = points(site.design, layout)
    on_screen, depth = screen(cloud.points), (cloud.points - camera[:3, 3]) @ -camera[:3, 2]
    places = np.random.default_rng(3).uniform((100, 100), (width - 50, height - 50), (150, 2))
    for place, told in zip(places, page.evaluate(POINT, [places.tolist(), {"kinds": ["scan"]}]), strict=True):
        off = np.where(depth > 0, np.linalg.norm(on_screen - place, axis=1), np.inf)
        inside = np.flatnonzero(off <= 14)
        if told is None:
            assert not len(inside)
            continue
        front = inside[depth[inside] <= depth[inside].min() + 0.1]
        nearest = front[np.argmin(off[front])]
        assert np.linalg.norm(np.array(told["position"]) - cloud.points[nearest]) < 1e-3
        assert told["featureId"] == cloud.element[nearest]
        assert told["deviation"] == pytest.approx(float(cloud.deviation[nearest]), abs=6e-5)
    site.leave(page)
