# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
"""Eight points at once against one box or one triangle: the processor's vector instructions, as in lane_kernels.

Eight neighbouring points stand side by side in the rows of arrays (?, 8). The distance to a triangle is worked out in
double precision with the same operations in the same order as for a single point
(:func:`geometry.triangle_kernels.foot_on_triangle`), without branches: the answers agree to the last byte.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from geometry.lane_kernels import LANES
from geometry.vector_kernels import FLOAT, INT32, Array, Lanes, dot, number, plus, rows, times

IS_LINE = np.uint32(1 << LANES)
"""What :func:`measure` answers of a triangle that it leaves to others."""


def _outside(below, above, zero):
    """Return the squared distance along an axis from how far one is below and above the other."""
    off = below.larger(above).larger(zero)
    return off * off


def _points_near_box(typing_context, boxes, node, lane, near, first):
    """Return which of eight points are as near to one box of a node as they have to be to want it, as a bit mask.

    ``near`` (p, 4, 8) single precision: x, y and z relative to the boxes' centre, and the squared distance up to which
    the point wants boxes; the eight are those from ``first`` on.
    """
    signature = types.uint32(boxes, types.int64, types.int64, near, types.int64)

    def generate(context, builder, signature, arguments):
        sides = Array(context, builder, signature.args[0], arguments[0])
        points = Array(context, builder, signature.args[3], arguments[3])
        corner = builder.add(times(builder, arguments[1], 6 * LANES), arguments[2])
        zero = number(builder, 0.0, FLOAT)
        total = zero
        for axis in range(3):
            at = points.row(rows(builder, arguments[4], 4)[axis])
            below = sides.one(plus(builder, corner, axis * LANES)) - at
            above = at - sides.one(plus(builder, corner, (3 + axis) * LANES))
            total = total + _outside(below, above, zero)
        return (total <= points.row(rows(builder, arguments[4], 4)[3])).bits()

    return signature, generate


def _boxes_near_box(typing_context, boxes, node, box, out):
    """Fill ``out`` (8,) with the squared distances from one box (6,) to a node's boxes; return which are <= limit2."""
    signature = types.uint32(boxes, types.int64, box, out)

    def generate(context, builder, signature, arguments):
        sides = Array(context, builder, signature.args[0], arguments[0])
        own = Array(context, builder, signature.args[2], arguments[2])
        corner = times(builder, arguments[1], 6 * LANES)
        zero = number(builder, 0.0, FLOAT)
        total = zero
        for axis in range(3):
            below = sides.row(plus(builder, corner, axis * LANES)) - own.one(3 + axis)
            above = own.one(axis) - sides.row(plus(builder, corner, (3 + axis) * LANES))
            total = total + _outside(below, above, zero)
        Array(context, builder, signature.args[3], arguments[3]).put(0, total)
        return (total <= own.one(6)).bits()

    return signature, generate


def _enclose(typing_context, near, first, box):
    """Fill ``box`` (6,) with the box about those of eight points that want anything."""
    signature = types.void(near, types.int64, box)

    def generate(context, builder, signature, arguments):
        points = Array(context, builder, signature.args[0], arguments[0])
        filled = Array(context, builder, signature.args[2], arguments[2])
        infinite = number(builder, float("inf"), FLOAT)
        wanting = points.row(rows(builder, arguments[1], 4)[3]) >= number(builder, 0.0, FLOAT)
        for axis in range(3):
            at = points.row(rows(builder, arguments[1], 4)[axis])
            filled.write(axis, wanting.choose(at, infinite).folded(Lanes.smaller))
            filled.write(3 + axis, wanting.choose(at, -infinite).folded(Lanes.larger))
        return context.get_dummy_value()

    return signature, generate


def _tightened(builder, best2, slack, near, packet, box):
    """Set how far eight points want boxes from what they found; write the largest behind the packet's box.

    As :func:`geometry.lane_kernels.widened2`, in single precision: its rounding is a tenth of what is added.
    """
    reach = (best2.single().root() + slack.row(times(builder, packet, LANES))) * number(builder, 1.0 + 1e-6, FLOAT)
    at = rows(builder, packet, 4)[3]
    before = near.row(at)
    now = (reach * reach).smaller(before)
    near.put(at, now)
    box.write(6, now.folded(Lanes.larger))


def _tighten(typing_context, best, slack, near, packet, box):
    """Set how far eight points want boxes from what they found; write the largest behind the packet's ``box`` (7,)."""
    signature = types.void(best, slack, near, types.int64, box)

    def generate(context, builder, signature, arguments):
        nearest, slacks, points = (Array(context, builder, signature.args[k], arguments[k]) for k in range(3))
        box = Array(context, builder, signature.args[4], arguments[4])
        best2 = nearest.row(rows(builder, arguments[3], 4)[0])
        _tightened(builder, best2, slacks, points, arguments[3], box)
        return context.get_dummy_value()

    return signature, generate


def _foot(builder, a, u, v, x):
    """Return the closest points on a triangle that is no line: foot_on_triangle, its cases chosen in its order."""
    p = [x[k] - a[k] for k in range(3)]
    d1, d2 = dot(u, p), dot(v, p)
    uu, uv, vv = dot(u, u), dot(u, v), dot(v, v)
    d3, d4, d5, d6 = d1 - uu, d2 - uv, d1 - uv, d2 - vv
    vc, vb, va = d1 * d4 - d3 * d2, d5 * d2 - d1 * d6, d3 * d6 - d5 * d4
    zero = number(builder, 0.0)
    n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    nn = dot(n, n)
    d43, d56, d13, d26 = d4 - d3, d5 - d6, d1 - d3, d2 - d6
    both = d43 + d56
    on_a = (d1 <= zero) & (d2 <= zero)
    on_b = (d3 >= zero) & (d4 <= d3)
    on_ab = (vc <= zero) & (d1 >= zero) & (d3 <= zero) & (d13 > zero)
    on_c = (d6 >= zero) & (d5 <= d6)
    on_ac = (vb <= zero) & (d2 >= zero) & (d6 <= zero) & (d26 > zero)
    on_bc = (va <= zero) & (d43 >= zero) & (d56 >= zero) & (both > zero)

    def case(ab, ac, bc, inside):
        """Choose as far as the shares differ: the first edge before the third corner, and so on."""
        return on_ab.choose(ab, on_ac.choose(ac, on_bc.choose(bc, inside)))

    share = case(d1, d2, d43, -dot(p, n)) / case(d13, d26, both, nn)
    feet = []
    for k in range(3):
        b, c = a[k] + u[k], a[k] + v[k]
        start = case(a[k], a[k], b, x[k])
        moved = start + share * case(u[k], v[k], v[k] - u[k], n[k])
        # a corner before the edges that end there
        after = on_a.choose(a[k], on_b.choose(b, on_ab.choose(moved, on_c.choose(c, moved))))
        feet.append(after)
    return feet, nn <= number(builder, 1e-20) * uu * vv


def _measure(typing_context, corners, slot, number, allowed, points, best, place, slack, near, first, box):
    """Compare eight points with triangle ``slot``, whose number in the caller's order is ``number``.

    ``allowed`` is a bit mask of the points that may take it. ``points`` (p, 6, 8); ``best`` (p, 4, 8) squared
    distance and foot, ``place`` (p, 2, 8) number and slot, of the nearest so far, are filled from ``first`` on. Returns
    a bit mask of the points for which it is the nearest now; :data:`IS_LINE`, and nothing is filled, where the triangle
    is a line but for rounding.
    """
    signature = types.uint32(
        corners, types.int64, types.int64, types.uint32, points, best, place, slack, near, types.int64, box
    )

    def generate(context, builder, signature, arguments):
        shape = Array(context, builder, signature.args[0], arguments[0])
        at = Array(context, builder, signature.args[4], arguments[4])
        nearest = Array(context, builder, signature.args[5], arguments[5])
        where = Array(context, builder, signature.args[6], arguments[6])
        corner, first = times(builder, arguments[1], 9), arguments[9]
        a, u, v = ([shape.one(plus(builder, corner, 3 * c + k)) for k in range(3)] for c in range(3))
        x = [at.row(row) for row in rows(builder, first, 6)[:3]]
        feet, is_line = _foot(builder, a, u, v, x)
        away = [x[k] - feet[k] for k in range(3)]
        d2 = away[0] * away[0] + away[1] * away[1] + away[2] * away[2]
        own, places = rows(builder, first, 4), rows(builder, first, 2)
        old2, old = nearest.row(own[0]), where.row(places[0])
        index, slot = Lanes.all(builder, arguments[2]), Lanes.all(builder, arguments[1])
        asked = builder.bitcast(builder.trunc(arguments[3], ir.IntType(LANES)), old.same(index).value.type)
        nearer = (d2 < old2) | (d2.same(old2) & (index < old))
        nearer = nearer & Lanes(builder, builder.and_(asked, builder.not_(is_line.value)))
        best2 = nearer.choose(d2, old2)
        nearest.put(own[0], best2)
        for k in range(3):
            nearest.put(own[1 + k], nearer.choose(feet[k], nearest.row(own[1 + k])))
        where.put(places[0], nearer.choose(index, old))
        where.put(places[1], nearer.choose(slot, where.row(places[1])))
        slacks, wanted, box = (Array(context, builder, signature.args[k], arguments[k]) for k in (7, 8, 10))
        _tightened(builder, best2, slacks, wanted, first, box)
        line = builder.extract_element(is_line.value, ir.Constant(INT32, 0))
        return builder.select(line, ir.Constant(INT32, int(IS_LINE)), nearer.bits())

    return signature, generate


def _facing(typing_context, normals, slot, points, first, min_cosine):
    """Return which of eight points may take triangle ``slot``, as a bit mask: by their gates, zero for none.

    The gates are the last three rows of ``points`` (p, 6, 8).
    """
    signature = types.uint32(normals, types.int64, points, types.int64, types.float64)

    def generate(context, builder, signature, arguments):
        normal = Array(context, builder, signature.args[0], arguments[0])
        gate = Array(context, builder, signature.args[2], arguments[2])
        corner = times(builder, arguments[1], 3)
        g = [gate.row(row) for row in rows(builder, arguments[3], 6)[3:]]
        n = [normal.one(plus(builder, corner, k)) for k in range(3)]
        zero = number(builder, 0.0)
        is_open = g[0].same(zero) & g[1].same(zero) & g[2].same(zero)
        return (is_open | (dot(g, n) >= Lanes.all(builder, arguments[4]))).bits()

    return signature, generate


points_near_box: Callable[..., Any] = intrinsic(_points_near_box)
boxes_near_box: Callable[..., Any] = intrinsic(_boxes_near_box)
enclose: Callable[..., Any] = intrinsic(_enclose)
tighten: Callable[..., Any] = intrinsic(_tighten)
measure: Callable[..., Any] = intrinsic(_measure)
facing: Callable[..., Any] = intrinsic(_facing)
