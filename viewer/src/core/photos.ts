/** Photos from the site: made small on the device, their time kept, where the phone was left out; pinned to a place. */
import { signal } from "@preact/signals";
import type { ElementRow } from "./elements";
import { add, type Vec } from "./space";
import type { Attachment } from "./uploads";

const LONGEST_PX = 2560;

/** A place that somebody pointed at, metres in the scene's frame. */
export interface Pointed {
  position: Vec;
  element: ElementRow | null;
  eye: Vec;
}

/** True while the next tap on the view says where a photo belongs. */
export const pointing = signal(false);
export const pointed = signal<Pointed | null>(null);
/** The photo that is open over everything. */
export const openPhoto = signal<Attachment | null>(null);
/** The photos of the project that have their place. */
export const pinned = signal<readonly Attachment[]>([]);

/** Return the size of a picture whose longer side is at most so long; a small one stays as it is. */
export function fitted(width: number, height: number, longest = LONGEST_PX): [number, number] {
  const share = Math.min(1, longest / Math.max(width, height));
  return [Math.max(1, Math.round(width * share)), Math.max(1, Math.round(height * share))];
}

/** A decimal of a metre as text, to a tenth of a millimetre. */
const metres = (value: number) => String(Number(value.toFixed(4)));

/** Return a place with its viewpoint in the design frame, as it is kept. */
export function pinOf(place: Pointed, origin: Vec) {
  const told = (at: Vec) => {
    const [x, y, z] = add(at, origin).map(metres) as [string, string, string];
    return { x, y, z };
  };
  return {
    place: told(place.position),
    global_id: place.element?.globalId ?? "",
    viewpoint: { eye: told(place.eye), target: told(place.position) },
  };
}

/** Return where a kept place is in the scene's frame. */
export function sceneOf(place: { x: string; y: string; z: string }, origin: Vec): Vec {
  return [Number(place.x) - origin[0], Number(place.y) - origin[1], Number(place.z) - origin[2]];
}

/** Return when a JPEG was taken as its camera says (EXIF DateTimeOriginal), null where it does not. */
export function takenAt(bytes: Uint8Array): string | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint16(0) !== 0xffd8) return null;
    for (let at = 2; at + 4 < view.byteLength; ) {
      const marker = view.getUint16(at);
      if (marker === 0xffda || marker >> 8 !== 0xff) return null;
      const text = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
      if (marker === 0xffe1 && text === "Exif") return exifTime(view, bytes, at + 10);
      at += 2 + view.getUint16(at + 2);
    }
  } catch {
    return null; // cut short: a picture without a time
  }
  return null;
}

const [EXIF, ORIGINAL, OFFSET] = [0x8769, 0x9003, 0x9011];

function exifTime(view: DataView, bytes: Uint8Array, start: number): string | null {
  const little = view.getUint16(start) === 0x4949;
  const entries = (at: number) => {
    const count = view.getUint16(start + at, little);
    return Array.from({ length: count }, (_, n) => start + at + 2 + 12 * n);
  };
  const find = (at: number, tag: number) => entries(at).find((entry) => view.getUint16(entry, little) === tag);
  const text = (entry: number | undefined) => {
    if (entry === undefined) return "";
    const length = view.getUint32(entry + 4, little);
    const from = length > 4 ? start + view.getUint32(entry + 8, little) : entry + 8;
    return String.fromCharCode(...bytes.subarray(from, from + length)).replace(/\0.*$/s, "");
  };
  const exif = find(view.getUint32(start + 4, little), EXIF);
  if (exif === undefined) return null;
  const at = view.getUint32(exif + 8, little);
  const [, year, month, day, time] = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)/.exec(text(find(at, ORIGINAL))) ?? [];
  if (!year) return null;
  const offset = /^[+-]\d\d:\d\d$/.exec(text(find(at, OFFSET)))?.[0] ?? "";
  const moment = new Date(`${year}-${month}-${day}T${time}${offset}`); // without an offset: the device's own zone
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

export interface Photo {
  file: File;
  takenAt: string | null;
  width: number;
  height: number;
}

/** Make a picture small enough to send; drawing it anew leaves out everything but what is seen, also where it was. */
export async function prepared(file: File): Promise<Photo> {
  const head = new Uint8Array(await file.slice(0, 256 << 10).arrayBuffer());
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const [width, height] = fitted(picture.width, picture.height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
  picture.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  if (!blob) throw new Error("no picture");
  const name = `${file.name.replace(/\.[^.]*$/, "").replace(/[/\\]/g, "_") || "photo"}.jpg`;
  return { file: new File([blob], name, { type: "image/jpeg" }), takenAt: takenAt(head), width, height };
}
