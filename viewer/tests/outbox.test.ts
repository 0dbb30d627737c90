import { describe, expect, test } from "vitest";
import { tilesOf } from "../src/core/offline";
import { type Entry, fateOf, filledIn, nextOf } from "../src/core/outbox";
import { wayOf } from "../src/worker/rules";

const entry = (key: string, change: Partial<Entry> = {}): Entry => ({
  key,
  project: "p",
  kind: "comment",
  text: "",
  about: key,
  method: "POST",
  path: "/",
  body: {},
  user: "u",
  at: 0,
  state: "waiting",
  tries: 0,
  sentAt: null,
  refusal: null,
  ...change,
});

describe("what is sent next", () => {
  test("is the oldest", () => {
    expect(nextOf([entry("b", { at: 2 }), entry("a", { at: 1 })])?.key).toBe("a");
    expect(nextOf([entry("b", { at: 2 }), entry("a", { at: 3, state: "sending" })])?.key).toBe("b");
  });
  test("does not follow what was refused about the same, but goes on with the rest", () => {
    const refused = entry("a", { at: 1, about: "ncr:1", state: "failed" });
    const same = entry("b", { at: 2, about: "ncr:1" });
    const other = entry("c", { at: 3, about: "ncr:2" });
    expect(nextOf([refused, same, other])?.key).toBe("c");
    expect(nextOf([refused, same])).toBeUndefined();
  });
  test("waits for what it follows", () => {
    const photo = entry("photo", { at: 2, after: "a" });
    expect(nextOf([entry("a", { at: 1 }), photo])?.key).toBe("a");
    expect(nextOf([entry("a", { at: 1, state: "failed" }), photo])).toBeUndefined();
  });
});

test.each([
  [{ status: 0, kind: "offline" }, 99, "later"],
  [{ status: 503, kind: "" }, 99, "later"],
  [{ status: 500, kind: "internal" }, 0, "later"],
  [{ status: 500, kind: "internal" }, 10, "refused"],
  [{ status: 401, kind: "not-identified" }, 0, "sign-in"],
  [{ status: 401, kind: "wrong-password" }, 0, "refused"],
  [{ status: 403, kind: "csrf" }, 0, "later"],
  [{ status: 403, kind: "not-allowed" }, 0, "refused"],
  [{ status: 409, kind: "idempotency-key-in-use" }, 0, "later"],
  [{ status: 409, kind: "refused" }, 0, "refused"],
  [{ status: 412, kind: "version-mismatch" }, 0, "refused"],
  [{ status: 422, kind: "invalid-fields" }, 0, "refused"],
])("after %o, tried %i times: %s", (problem, tries, fate) => {
  expect(fateOf({ detail: "", ...problem }, tries)).toBe(fate);
});

test("what was not known yet is filled in everywhere", () => {
  expect(filledIn({ subject: "ncr:{id}", also: ["{id}"] }, "id", "7")).toEqual({ subject: "ncr:7", also: ["7"] });
});

test("all tiles below one are found", () => {
  const tree = { content: { uri: "0.glb" }, children: [{ children: [{ content: { uri: "1.glb" } }] }] };
  expect(tilesOf(tree)).toEqual(["0.glb", "1.glb"]);
});

describe("the service worker", () => {
  const way = (path: string, change: object = {}) => {
    const asked = { method: "GET", mode: "cors", cache: "default", accept: "application/json", ...change };
    return wayOf({ ...asked, url: new URL(path, "https://site") }, "https://site");
  };
  test("leaves alone what is not its business", () => {
    expect(way("/api/v1/projects/p/ncrs", { method: "POST" })).toBe("through");
    expect(way("https://elsewhere/assets/a.js")).toBe("through");
    expect(way("/api/v1/auth/me")).toBe("through");
    expect(way("/api/v1/health")).toBe("through");
    expect(way("/api/v1/projects/p/jobs/j/events", { accept: "text/event-stream" })).toBe("through");
    expect(way("/api/v1/projects/p/ncrs/n", { cache: "no-store" })).toBe("through");
    expect(way("/api/v1/oauth/authorize?a=b", { mode: "navigate" })).toBe("through");
    expect(way("/third-party-licences.txt", { mode: "navigate" })).toBe("through");
  });
  test("knows what never changes from what may", () => {
    expect(way("/", { mode: "navigate" })).toBe("page");
    expect(way("/projects/p?element=x.y", { mode: "navigate" })).toBe("page");
    expect(way("/assets/index-1.js")).toBe("shell");
    expect(way("/api/v1/projects/p/models/m/scene/model.json")).toBe("fixed");
    expect(way("/api/v1/projects/p/checks/c/scene/tiles/0.glb", { accept: "*/*" })).toBe("fixed");
    expect(way("/api/v1/projects?limit=200")).toBe("record");
    expect(way("/api/v1/projects/p/element-columns?check=c")).toBe("record");
    expect(way("/api/v1/projects/p/models/m/file", { accept: "*/*" })).toBe("through");
  });
});
