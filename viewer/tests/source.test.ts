import { afterEach, expect, test } from "vitest";
import { bytesOf, fetchAhead, fetched, readAhead, SERVER, takeFrom } from "../src/core/source";

afterEach(() => takeFrom(SERVER));

function asked(answer: (url: string, n: number) => Response): string[] {
  const all: string[] = [];
  takeFrom({
    kind: "server",
    fetch: async (url) => {
      all.push(url);
      return answer(url, all.length);
    },
  });
  return all;
}

test("a file that is asked for ahead is fetched once, and read by both who asked", async () => {
  const all = asked((url) => new Response(`of ${url}`));
  const copy = await readAhead("/a");
  expect(await copy.text()).toBe("of /a");
  expect(new TextDecoder().decode(await bytesOf("/a"))).toBe("of /a");
  expect(all).toEqual(["/a"]);
  await fetched("/a");
  expect(all, "what was taken is not given twice").toEqual(["/a", "/a"]);
});

test("a file that did not come ahead is asked for again", async () => {
  const all = asked((_, n) => {
    if (n === 1) throw new TypeError("no connection");
    return new Response("there");
  });
  await expect(fetchAhead("/a")).rejects.toThrow("no connection");
  expect(await (await fetched("/a")).text()).toBe("there");
  expect(all.length).toBe(2);
});
