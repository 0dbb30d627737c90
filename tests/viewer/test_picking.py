"""What a tap chooses is what a ray meets first: the pixels of the browser against a ray cast in float64."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.viewer.conftest import Site

PIXELS = 320
CAMERA = """() => {
  const { camera, canvas } = globalThis.qtems.stage;
  camera.updateMatrixWorld();
  const matrices = [camera.matrixWorld.toArray(), camera.projectionMatrixInverse.toArray()];
  return [...matrices, canvas.clientWidth, canvas.clientHeight];
}"""
PICK = "(places) => places.map(([x, y]) => globalThis.qtems.pick(x, y))"
TURN = "([azimuth, polar]) => globalThis.qtems.stage.controls.rotateTo(azimuth, polar, false)"
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
    page.wait_for_timeout(200)
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
    page.context.close()
