# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
"""Points along a Z-curve: neighbours in space follow each other (Morton 1966)."""

import numpy as np

from geometry.compiled import kernel


@kernel()
def cell_codes(points, low, per_metre):
    """Return for each point (n, 3) the number of its cell along a Z-curve (Morton 1966), 10 bits per axis."""
    codes = np.empty(len(points), np.uint32)
    for i in range(len(points)):
        code = 0
        for a in range(3):
            c = int(min(max((points[i, a] - low[a]) * per_metre, 0.0), 1023.0))
            c = (c | c << 16) & 0x030000FF
            c = (c | c << 8) & 0x0300F00F
            c = (c | c << 4) & 0x030C30C3
            c = (c | c << 2) & 0x09249249
            code |= c << a
        codes[i] = code
    return codes


@kernel()
def code_order(codes):
    """Return the order (n,) that sorts codes of 30 bits, equal ones as they come: ten bits at a time, lowest first.

    Place and code move together as one number of 64 bits: a tenth of the time of a general sort.
    """
    n = len(codes)
    place = np.zeros((3, 1024), np.int64)
    for i in range(n):
        for digit in range(3):
            place[digit, (codes[i] >> (10 * digit)) & 1023] += 1
    for digit in range(3):
        before = 0
        for k in range(1024):
            here = place[digit, k]
            place[digit, k] = before
            before += here
    moved, again, order = np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.int64)
    for i in range(n):
        k = codes[i] & 1023
        moved[place[0, k]] = (np.uint64(codes[i]) << np.uint64(32)) | np.uint64(i)
        place[0, k] += 1
    for i in range(n):
        k = np.int64((moved[i] >> np.uint64(42)) & np.uint64(1023))
        again[place[1, k]] = moved[i]
        place[1, k] += 1
    for i in range(n):
        k = np.int64((again[i] >> np.uint64(52)) & np.uint64(1023))
        order[place[2, k]] = np.int64(again[i] & np.uint64(0xFFFFFFFF))
        place[2, k] += 1
    return order
