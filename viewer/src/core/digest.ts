/** SHA-256 of a file, also where the page came over plain HTTP of the site's own net: browsers give `crypto.subtle` to
 * secure pages alone. */

const K = new Uint32Array(64);
const START = new Uint32Array(8);
{
  // fractional parts of the square and cube roots of the first primes (FIPS 180-4, 4.2.2 and 5.3.3)
  let found = 0;
  for (let n = 2; found < 64; n += 1) {
    let prime = true;
    for (let d = 2; d * d <= n; d += 1) if (n % d === 0) prime = false;
    if (!prime) continue;
    if (found < 8) START[found] = (Math.sqrt(n) % 1) * 2 ** 32;
    K[found] = (Math.cbrt(n) % 1) * 2 ** 32;
    found += 1;
  }
}

/** A word as a small integer: larger ones are kept as fractions, which are ten times slower. */
const at32 = (words: Uint32Array, i: number) => (words[i] as number) | 0;

const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by));

function compress(hash: Uint32Array, block: DataView, at: number, w: Uint32Array): void {
  for (let i = 0; i < 16; i += 1) w[i] = block.getUint32(at + 4 * i);
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [w[i - 15] as number, w[i - 2] as number];
    const s0 = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
    const s1 = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
    w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1;
  }
  let [a, b, c, d] = [at32(hash, 0), at32(hash, 1), at32(hash, 2), at32(hash, 3)];
  let [e, f, g, h] = [at32(hash, 4), at32(hash, 5), at32(hash, 6), at32(hash, 7)];
  for (let i = 0; i < 64; i += 1) {
    const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at32(K, i) + at32(w, i)) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    // one after the other: to swap them in a list costs three times the time
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  hash[0] = (hash[0] as number) + a;
  hash[1] = (hash[1] as number) + b;
  hash[2] = (hash[2] as number) + c;
  hash[3] = (hash[3] as number) + d;
  hash[4] = (hash[4] as number) + e;
  hash[5] = (hash[5] as number) + f;
  hash[6] = (hash[6] as number) + g;
  hash[7] = (hash[7] as number) + h;
}

/** SHA-256 of what comes piece by piece: a file need not fit into memory. */
export interface Digesting {
  add(bytes: Uint8Array): void;
  /** The digest of all that was added; nothing can be added after it. */
  hex(): string;
}

export function digesting(): Digesting {
  const hash = START.slice();
  const w = new Uint32Array(64);
  const held = new Uint8Array(128);
  let [kept, length] = [0, 0];

  function add(bytes: Uint8Array): void {
    length += bytes.length;
    let at = 0;
    if (kept > 0) {
      at = Math.min(64 - kept, bytes.length);
      held.set(bytes.subarray(0, at), kept);
      kept += at;
      if (kept < 64) return;
      compress(hash, new DataView(held.buffer), 0, w);
      kept = 0;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + 64 <= bytes.length; at += 64) compress(hash, view, at, w);
    held.set(bytes.subarray(at));
    kept = bytes.length - at;
  }

  function hex(): string {
    const tail = held.subarray(0, kept < 56 ? 64 : 128);
    tail.fill(0, kept);
    tail[kept] = 0x80;
    const end = new DataView(tail.buffer);
    end.setUint32(tail.length - 8, Math.floor(length / 2 ** 29));
    end.setUint32(tail.length - 4, (length * 8) % 2 ** 32);
    for (let at = 0; at < tail.length; at += 64) compress(hash, end, at, w);
    return [...hash].map((word) => word.toString(16).padStart(8, "0")).join("");
  }
  return { add, hex };
}

/** SHA-256 without the browser's help. */
export function sha256Of(bytes: Uint8Array): string {
  const digest = digesting();
  digest.add(bytes);
  return digest.hex();
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  if (!globalThis.crypto?.subtle) return sha256Of(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const PIECE = 8 << 20;
/** Up to so many bytes the browser's own hash is asked, which wants the whole at once. */
const AT_ONCE = 16 << 20;

/** SHA-256 of a file, which is never whole in memory unless it is small. */
export async function digestOf(
  file: Blob,
  told: (share: number) => void = () => {},
  signal: AbortSignal | null = null,
): Promise<string> {
  told(0);
  if (file.size <= AT_ONCE) return sha256(new Uint8Array(await file.arrayBuffer()));
  const digest = digesting();
  for (let at = 0; at < file.size; at += PIECE) {
    signal?.throwIfAborted();
    digest.add(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    told(Math.min(1, (at + PIECE) / file.size));
  }
  return digest.hex();
}
