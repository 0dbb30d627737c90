/** Small dense algebra: eigenvectors and inverses of matrices of a few rows. */

export type Matrix = readonly (readonly number[])[];

export const cell = (a: Matrix, row: number, column: number): number => (a[row] as readonly number[])[column] as number;

/** Return eigenvalues, descending, and their vectors of a symmetric matrix (cyclic Jacobi, Golub and Van Loan 8.5). */
export function eigen(symmetric: Matrix): { values: number[]; vectors: number[][] } {
  const n = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  const at = (m: number[][], i: number, j: number) => (m[i] as number[])[j] as number;
  for (let sweep = 0; sweep < 60; sweep += 1) {
    let off = 0;
    for (let p = 0; p < n; p += 1) for (let q = p + 1; q < n; q += 1) off += at(a, p, q) ** 2;
    if (off < 1e-300) break;
    for (let p = 0; p < n; p += 1) {
      for (let q = p + 1; q < n; q += 1) {
        const apq = at(a, p, q);
        if (apq === 0) continue;
        const theta = (at(a, q, q) - at(a, p, p)) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const [c, s] = [1 / Math.hypot(t, 1), t / Math.hypot(t, 1)];
        for (let k = 0; k < n; k += 1) {
          const [x, y] = [at(a, k, p), at(a, k, q)];
          (a[k] as number[])[p] = c * x - s * y;
          (a[k] as number[])[q] = s * x + c * y;
        }
        for (let k = 0; k < n; k += 1) {
          const [x, y] = [at(a, p, k), at(a, q, k)];
          (a[p] as number[])[k] = c * x - s * y;
          (a[q] as number[])[k] = s * x + c * y;
          const [e, f] = [at(v, k, p), at(v, k, q)];
          (v[k] as number[])[p] = c * e - s * f;
          (v[k] as number[])[q] = s * e + c * f;
        }
      }
    }
  }
  const order = a.map((_, i) => i).sort((i, j) => at(a, j, j) - at(a, i, i));
  return { values: order.map((i) => at(a, i, i)), vectors: order.map((i) => v.map((row) => row[i] as number)) };
}

/** Return the inverse of a square matrix, null where it has none (Gauss and Jordan, with row exchanges). */
export function inverse(matrix: Matrix): number[][] | null {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...matrix.map((_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < n; k += 1) {
    let best = k;
    for (let i = k + 1; i < n; i += 1) if (Math.abs(cell(rows, i, k)) > Math.abs(cell(rows, best, k))) best = i;
    const pivot = cell(rows, best, k);
    if (Math.abs(pivot) < 1e-12) return null;
    [rows[k], rows[best]] = [rows[best] as number[], rows[k] as number[]];
    rows[k] = (rows[k] as number[]).map((value) => value / pivot);
    for (let i = 0; i < n; i += 1) {
      if (i === k) continue;
      const by = cell(rows, i, k);
      if (by !== 0) rows[i] = (rows[i] as number[]).map((value, j) => value - by * cell(rows, k, j));
    }
  }
  return rows.map((row) => row.slice(n));
}
