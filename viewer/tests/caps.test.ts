import * as THREE from "three";
import { expect, test } from "vitest";
import { areaOf, filled } from "../src/core/caps";
import { Caps, outlines } from "../src/layers/caps";
import { ElementStyle } from "../src/scene/style";

type Point = readonly [number, number];
const ring = (...points: Point[]): number[] =>
  points.flatMap((a, k) => [...a, ...(points[(k + 1) % points.length] as Point)]);
const square = (low: number, high: number): Point[] => [
  [low, low],
  [high, low],
  [high, high],
  [low, high],
];

function holds(triangles: readonly number[], x: number, y: number): boolean {
  for (let k = 0; k < triangles.length; k += 6) {
    const [a, b, c, d, e, f] = triangles.slice(k, k + 6) as [number, number, number, number, number, number];
    const sides = [(c - a) * (y - b) - (d - b) * (x - a), (e - c) * (y - d) - (f - d) * (x - c), (a - e) * (y - f) - (b - f) * (x - e)];
    if (sides.every((side) => side >= 0) || sides.every((side) => side <= 0)) return true;
  }
  return false;
} // biome-ignore format: three sides of a triangle

/** A prism over an outline, turned out of the axes, with some rings turned the other way for cavities. */
function prism(id: number, rings: Point[][], low: number, high: number, turn: THREE.Matrix4): THREE.Mesh {
  const places: number[] = [];
  for (const points of rings)
    for (const [k, a] of points.entries()) {
      const b = points[(k + 1) % points.length] as Point;
      places.push(...a, low, ...b, low, ...b, high, ...a, low, ...b, high, ...a, high);
    }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(places, 3));
  geometry.setAttribute("_feature_id_0", new THREE.Float32BufferAttribute(new Array(places.length / 3).fill(id), 1));
  const mesh = new THREE.Mesh(geometry);
  mesh.applyMatrix4(turn);
  return mesh;
}

test("concave, hollow, overlapping and open outlines are filled as they are", () => {
  const u: Point[] = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]]; // biome-ignore format: one outline
  expect(areaOf(filled(ring(...u)))).toBeCloseTo(7, 9);
  expect(holds(filled(ring(...u)), 1.5, 2)).toBe(false);
  const tube = filled([...ring(...square(0, 4)), ...ring(...square(1, 3).reverse())]);
  expect(areaOf(tube)).toBeCloseTo(12, 9);
  expect(holds(tube, 2, 2)).toBe(false);
  const both = filled([...ring(...square(0, 2)), ...ring(...square(1, 3))]);
  expect(holds(both, 1.5, 1.4), "where two bodies of one element overlap it is inside").toBe(true);
  expect(areaOf(filled(ring(...square(0, 2).reverse()))), "faces inward").toBeCloseTo(4, 9);
  expect(filled(ring(...square(0, 2)).slice(0, 12)), "an outline that does not close is not filled").toEqual([]);
});

test("random polygons are filled where a ray says that they are", () => {
  let seed = 5;
  const random = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 30; round += 1) {
    const star = Array.from({ length: 3 + Math.floor(20 * random()) }, (_, k) => k).map((k, _, all): Point => {
      const [angle, reach] = [(2 * Math.PI * (k + 0.8 * random())) / all.length, 0.2 + random()];
      return [reach * Math.cos(angle), reach * Math.sin(angle)];
    });
    const triangles = filled(ring(...star));
    for (let n = 0; n < 40; n += 1) {
      const [x, y] = [2.4 * random() - 1.2, 2.4 * random() - 1.2];
      let turns = 0;
      for (const [k, [ax, ay]] of star.entries()) {
        const [bx, by] = star[(k + 1) % star.length] as Point;
        if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) turns += by > ay ? 1 : -1;
      }
      expect(holds(triangles, x, y)).toBe(turns !== 0);
    }
  }
});

test("a slanted plane cuts turned solids in their sections, and what lies inside another goes over it", () => {
  const turn = new THREE.Matrix4().makeRotationFromEuler(new THREE.Euler(0.3, -0.2, 0.9)).setPosition(40, -25, 7);
  const parts = [
    prism(3, [square(0, 4), square(1, 3).reverse()], -9, 9, turn),
    prism(8, [square(1.5, 2.5)], -9, 9, turn),
  ];
  const axis = new THREE.Vector3(0, 0, 1).applyMatrix4(turn).sub(new THREE.Vector3(40, -25, 7));
  const normal = axis
    .clone()
    .add(new THREE.Vector3(0.3, 0.1, 0))
    .normalize();
  const plane = new THREE.Plane(normal, -normal.dot(new THREE.Vector3(40, -25, 7)));
  const slant = normal.dot(axis);
  for (const [k, area] of [12, 1].entries()) {
    const [[, pieces]] = [...outlines(parts[k] as THREE.Mesh, plane)] as [[number, number[]]];
    expect(areaOf(filled(pieces))).toBeCloseTo(area / slant, 4);
  }
  const caps = new Caps(new ElementStyle(9), { value: 1 });
  const sides = [plane, new THREE.Plane(new THREE.Vector3(1, 0, 0), -40)];
  while (caps.follow(sides, () => parts, "a"));
  const [first] = caps.group.children as THREE.Mesh[];
  const { geometry, material } = first as THREE.Mesh;
  expect((material as THREE.Material).clippingPlanes, "cut by the others, not by its own").toEqual([sides[1]]);
  const [ids, nested, places] = ["_feature_id_0", "nested", "position"].map((name) => geometry.getAttribute(name));
  const place = new THREE.Vector3();
  for (let k = 0; k < (places as THREE.BufferAttribute).count; k += 1) {
    place.fromBufferAttribute(places as THREE.BufferAttribute, k);
    expect(Math.abs(plane.distanceToPoint(place))).toBeLessThan(1e-5);
    expect(nested?.getX(k)).toBe(ids?.getX(k) === 8 ? 1 : 0);
  }
  while (caps.follow([], () => parts, "a"));
  expect(caps.group.children).toEqual([]);
});
