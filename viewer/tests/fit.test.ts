import { describe, expect, test } from "vitest";
import { type Frame, fitBall, fitFlat } from "../src/core/fit";

/** Where points of a ball about the origin are in the picture, pixels from its top left. */
function seen(radius: number, frame: Frame, polar: number): { x: number; y: number }[] {
  const { distance, lift } = fitBall(radius, frame, polar);
  const [s, c] = [Math.sin(polar), Math.cos(polar)];
  const eye = [0, -distance * s, lift + distance * c] as const;
  const focal = frame.height / 2 / Math.tan(frame.field / 2);
  const found: { x: number; y: number }[] = [];
  for (let a = 0; a < 24; a += 1)
    for (let b = 0; b <= 12; b += 1) {
      const [turn, tilt] = [(a * Math.PI) / 12, (b * Math.PI) / 12];
      const [x, y, z] = [Math.sin(tilt) * Math.cos(turn), Math.sin(tilt) * Math.sin(turn), Math.cos(tilt)];
      const [right, dy, dz] = [radius * x, radius * y - eye[1], radius * z - eye[2]];
      const [ahead, up] = [dy * s - dz * c, dy * c + dz * s];
      found.push({ x: frame.width / 2 + (focal * right) / ahead, y: frame.height / 2 - (focal * up) / ahead });
    }
  return found;
}

describe("what is fitted", () => {
  test.each([
    [800, 700, 0, 1.1],
    [800, 700, 180, 1.1],
    [390, 700, 180, 0.9],
    [1400, 600, 200, 1.5],
    [380, 300, 100, 0.6],
  ])("is whole in the free part of %i x %i under %i px", (width, height, covered, polar) => {
    const frame = { width, height, covered, field: (50 * Math.PI) / 180 };
    const places = seen(7, frame, polar);
    const [top, bottom] = [Math.min(...places.map((one) => one.y)), Math.max(...places.map((one) => one.y))];
    const slack = 0.03 * height; // a ball off the axis is drawn a little larger
    expect(top).toBeGreaterThan(covered - slack);
    expect(bottom).toBeLessThan(height + slack);
    expect(Math.min(...places.map((one) => one.x))).toBeGreaterThan(-slack);
    expect(Math.max(...places.map((one) => one.x))).toBeLessThan(width + slack);
    const room = Math.min(width, height - covered);
    expect(bottom - top).toBeGreaterThan(0.85 * room); // and no smaller than it has to be
  });

  test("uses the whole picture from above, and where little would be left", () => {
    const frame = { width: 400, height: 400, covered: 150, field: 0.9 };
    expect(fitBall(1, frame, 0.1).lift).toBe(0);
    expect(fitBall(1, { ...frame, covered: 300 }, 1.2)).toEqual(fitBall(1, { ...frame, covered: 0 }, 1.2));
  });
});

describe("a plan that is fitted", () => {
  test.each([
    [390, 390, 0, 12, 10],
    [285, 356, 117, 12, 10],
    [844, 264, 0, 30, 4],
    [700, 700, 180, 5, 40],
  ])("is whole in %i x %i under %i px, above its note", (width, height, covered, wide, deep) => {
    const edges = { below: 48, around: 24 };
    const { high, lift } = fitFlat([wide, deep], { width, height, covered }, edges);
    const pixels = height / high;
    const middle = height / 2 + lift * pixels; // the camera looks that far above it
    const [top, bottom] = [middle - (deep / 2) * pixels, middle + (deep / 2) * pixels];
    expect(top).toBeGreaterThanOrEqual(covered + 23);
    expect(bottom).toBeLessThanOrEqual(height - 48 - 23);
    expect(wide * pixels).toBeLessThanOrEqual(width - 47);
    const fills = Math.max((wide * pixels) / (width - 48), (deep * pixels) / (height - covered - 96));
    expect(fills).toBeCloseTo(1, 3); // and no smaller than it has to be
  });

  test("uses the whole picture where too little would be free", () => {
    expect(fitFlat([10, 10], { width: 400, height: 300, covered: 250 }, { below: 48, around: 24 }).lift).toBe(0);
  });
});
