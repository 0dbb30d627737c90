import { describe, expect, it, vi } from "vitest";
import { hiddenBy, type Look, shownBy, type Viewpoint, viewpointOf } from "../src/core/bcf";
import { type ElementTable, NO_FILTER } from "../src/core/elements";
import { newKey } from "../src/core/keys";
import { addSection, sectionBox, sections } from "../src/core/sections";
import { above, type Vec } from "../src/core/space";
import { cut, filter, ghosted, ramp, shows } from "../src/core/state";
import { described, forLink, saysMore } from "../src/core/view-state";

const ORIGIN: Vec = [367412, 5432100, 112];
const LOOK: Look = {
  pose: { eye: [10, -20, 12], target: [3, 4, 1] },
  field: 50,
  aspect: 1.6,
  planes: [
    { normal: [0, 0, -1], constant: 2.5 },
    { normal: [0.6, 0.8, 0], constant: -1.25 },
  ],
  selection: ["2O2Fr$t4X7Zf8NOew3FLOH"],
  hidden: ["3O2Fr$t4X7Zf8NOew3FLOH"],
  picture: "iVBORw0KGgo=",
};

/** What the server answers to what was sent. */
function kept(look: Look): Viewpoint {
  const sent = viewpointOf(look, ORIGIN);
  return {
    guid: "g",
    index: null,
    orthogonal_camera: null,
    perspective_camera: sent.perspective_camera as Viewpoint["perspective_camera"],
    lines: [],
    clipping_planes: (sent.clipping_planes ?? []) as Viewpoint["clipping_planes"],
    bitmaps: [],
    snapshot: null,
    authorization: {},
  };
}
function near(found: Vec, wanted: Vec): void {
  for (const [axis, value] of found.entries()) expect(value).toBeCloseTo(wanted[axis] as number, 6);
}

describe("a BCF viewpoint", () => {
  it("is in the model file's own frame, with an upright up and clipping planes that point to what goes", () => {
    const { perspective_camera: camera, clipping_planes: planes, components } = viewpointOf(LOOK, ORIGIN);
    expect(camera?.camera_view_point).toEqual({ x: 367422, y: 5432080, z: 124 });
    const { x, y, z } = camera?.camera_direction ?? { x: 0, y: 0, z: 0 };
    const up = camera?.camera_up_vector ?? { x: 0, y: 0, z: 0 };
    expect(Math.hypot(Number(x), Number(y), Number(z))).toBeCloseTo(1, 9);
    expect(Number(x) * Number(up.x) + Number(y) * Number(up.y) + Number(z) * Number(up.z)).toBeCloseTo(0, 9);
    expect(Number(up.z)).toBeGreaterThan(0.5);
    expect(planes?.[0]).toEqual({ location: { x: 367412, y: 5432100, z: 114.5 }, direction: { x: -0, y: -0, z: 1 } });
    expect(components?.visibility).toEqual({
      default_visibility: true,
      exceptions: [{ ifc_guid: "3O2Fr$t4X7Zf8NOew3FLOH" }],
    });
  });

  it("comes back as it was sent: the same place, the same direction, the same half spaces", () => {
    const { pose, planes } = shownBy(kept(LOOK), ORIGIN, [0, 0, 0], 50);
    near(pose?.eye as Vec, LOOK.pose.eye);
    const ahead = (one: { eye: Vec; target: Vec }) =>
      one.target.map((value, k) => value - (one.eye[k] as number)) as unknown as Vec;
    const [a, b] = [ahead(pose as never), ahead(LOOK.pose)];
    near(a.map((v) => v / Math.hypot(...a)) as unknown as Vec, b.map((v) => v / Math.hypot(...b)) as unknown as Vec);
    for (const place of [
      [0, 0, 0],
      [5, 5, 2.4],
      [5, 5, 2.6],
      [-9, 1, 0],
    ] as Vec[])
      for (const [k, half] of planes.entries())
        expect(above(half, place)).toBeCloseTo(above(LOOK.planes[k] as never, place), 6);
  });

  it("looks straight down without losing its up", () => {
    const camera = viewpointOf({ ...LOOK, pose: { eye: [0, 0, 20], target: [0, 0, 0] } }, ORIGIN).perspective_camera;
    expect(camera?.camera_direction).toMatchObject({ x: 0, y: 0, z: -1 });
    expect(Number(camera?.camera_up_vector.y)).toBeCloseTo(1, 9);
  });

  it("of a wider lens or in parallel projection shows as much at the model's middle", () => {
    const wide = kept(LOOK);
    const shown = shownBy(
      { ...wide, perspective_camera: { ...(wide.perspective_camera as never as object), field_of_view: 90 } as never },
      ORIGIN,
      LOOK.pose.target,
      50,
    );
    const far = (pose: { eye: Vec; target: Vec }) =>
      Math.hypot(...pose.target.map((v, k) => v - (pose.eye[k] as number)));
    const seen = (pose: { eye: Vec; target: Vec }, field: number) => 2 * far(pose) * Math.tan((field * Math.PI) / 360);
    expect(seen(shown.pose as never, 50)).toBeCloseTo(seen(LOOK.pose as never, 90), 6);
    const { field_of_view: _, ...camera } = wide.perspective_camera as never as Record<string, unknown>;
    const plan = {
      ...wide,
      perspective_camera: null,
      orthogonal_camera: { ...camera, view_to_world_scale: 14 } as never,
    };
    expect(seen(shownBy(plan, ORIGIN, [0, 0, 0], 50).pose as never, 50)).toBeCloseTo(14, 6);
  });

  it("hides what it names, or all else, and nothing when it speaks of another model", () => {
    const ids = ["A", "B", "C"];
    const table = {
      rows: ids.map((globalId, id) => ({ globalId, id })),
      byGlobalId: new Map(ids.map((globalId, id) => [globalId, id])),
    } as unknown as ElementTable;
    const hidden = (shown: boolean, ...named: string[]) => [
      ...hiddenBy({ default_visibility: shown, exceptions: named.map((one) => ({ ifc_guid: one })) } as never, table),
    ];
    expect(hidden(true, "B", "X")).toEqual([1]);
    expect(hidden(false, "B")).toEqual([0, 2]);
    expect(hidden(false, "X")).toEqual([]);
  });
});

describe("a view as text", () => {
  it("is empty while nothing is other than always", () => {
    expect(described()).toBe("");
    expect(saysMore("epoch=1&element=2")).toBe(false);
  });

  it("shortens to a link where very many elements are hidden", () => {
    const many = new URLSearchParams({ cut: "2", hide: Array.from({ length: 500 }, (_, k) => `E${k}`).join("~") });
    expect(forLink(many.toString())).toBe("cut=2");
    expect(saysMore(forLink(many.toString()))).toBe(true);
  });

  it("holds cut, planes, box, switches, ramp and filter to the last digit that counts", () => {
    cut.value = 2.75;
    addSection("face", [0.6, 0.8, 0], [1.5, -2.25, 3.125], "Wall");
    sectionBox.value = { min: [-1, -2, -3], max: [4, 5.5, 6] };
    shows.value = { model: true, edges: false, scan: true };
    ramp.value = { rangeMm: 60, toleranceMm: 4 };
    ghosted.value = true;
    filter.value = { ...NO_FILTER, text: "column & wall=1", storey: "一层" };
    const told = new URLSearchParams(described());
    expect(Object.fromEntries(told)).toEqual({
      cut: "2.75",
      planes: "face,0.6,0.8,0,1.5,-2.25,3.125",
      box: "-1,-2,-3,4,5.5,6",
      show: "ms-",
      ramp: "60,4",
      ghost: "1",
      only: '{"text":"column & wall=1","storey":"一层"}',
    });
    expect(sections.value).toHaveLength(1);
  });
});

describe("a key", () => {
  it("is a UUID, also on a page over plain HTTP, which has no randomUUID", () => {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    expect(newKey()).toMatch(uuid);
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    const keys = Array.from({ length: 50 }, newKey);
    vi.unstubAllGlobals();
    for (const key of keys) expect(key).toMatch(uuid);
    expect(new Set(keys).size).toBe(50);
  });
});
