# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
"""One point or ray against eight boxes at once: the processor's vector instructions, for numba's compiled kernels.

Boxes are in single precision about a common centre, (m, 6, 8): the lower corners' x, y and z of eight boxes, then the
upper ones'. What is lost in rounding is given back as slack by the caller (:func:`slack_of`): a box may be opened for
nothing, never left closed. numba does not vectorize loops this short by itself, so the instructions are written out.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from geometry.compiled import kernel

LANES = 8
_ROUNDING = 2.5e-7
"""Twice what single precision may be off by, of the coordinates' size: once for the box, once for the point."""
_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_INT32, _INT64 = ir.IntType(32), ir.IntType(64)


def _splat(builder, value):
    """Return a vector that holds ``value`` in every lane."""
    unknown = ir.Constant(_VECTOR, ir.Undefined)
    one = builder.insert_element(unknown, value, ir.Constant(_INT32, 0))
    return builder.shuffle_vector(one, unknown, ir.Constant(ir.VectorType(_INT32, LANES), [0] * LANES))


def _load(builder, data, row):
    """Return the eight floats of row ``row`` (a 64-bit number) of an array (?, 8)."""
    place = builder.gep(data, [builder.mul(row, ir.Constant(_INT64, LANES))])
    loaded = builder.load(builder.bitcast(place, _VECTOR.as_pointer()))
    loaded.align = 4
    return loaded


def _store(builder, vector, data):
    builder.store(vector, builder.bitcast(data, _VECTOR.as_pointer())).align = 4


def _larger(builder, a, b):
    return builder.select(builder.fcmp_ordered(">", a, b), a, b)


def _smaller(builder, a, b):
    return builder.select(builder.fcmp_ordered("<", a, b), a, b)


def _rows(builder, node):
    """Return the numbers of the six rows of one node's boxes."""
    first = builder.mul(node, ir.Constant(_INT64, 6))
    return [builder.add(first, ir.Constant(_INT64, k)) for k in range(6)]


def _as_bits(builder, mask):
    return builder.zext(builder.bitcast(mask, ir.IntType(LANES)), _INT32)


def _near_lanes(typing_context, boxes, node, x, y, z, limit2, out):
    """Fill ``out`` (8,) with the squared distances from a point to a node's boxes; return which are <= ``limit2``.

    The answer is a bit mask, bit j for box j.
    """
    signature = types.uint32(boxes, types.int64, types.float32, types.float32, types.float32, types.float32, out)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        result = context.make_array(signature.args[6])(context, builder, arguments[6]).data
        rows = _rows(builder, arguments[1])
        zero = ir.Constant(_VECTOR, [0.0] * LANES)
        total = zero
        for axis in range(3):
            at = _splat(builder, arguments[2 + axis])
            below = builder.fsub(_load(builder, data, rows[axis]), at)
            above = builder.fsub(at, _load(builder, data, rows[3 + axis]))
            outside = _larger(builder, _larger(builder, below, above), zero)
            total = builder.fadd(total, builder.fmul(outside, outside))
        _store(builder, total, result)
        return _as_bits(builder, builder.fcmp_ordered("<=", total, _splat(builder, arguments[5])))

    return signature, generate


def _entered_lanes(typing_context, boxes, node, start, inverse, slack, limit, out):
    """Fill ``out`` (8,) with the ranges at which a ray enters a node's boxes; return which it enters before ``limit``.

    ``start`` and ``inverse`` are arrays (3,) of single precision: where the ray starts and its inverse direction.
    Boxes are widened by ``slack``. Bit mask as in :func:`near_lanes`. The slab test is that of Ize 2013, "Robust BVH
    Ray Traversal".
    """
    signature = types.uint32(boxes, types.int64, start, inverse, types.float32, types.float32, out)

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        origin = context.make_array(signature.args[2])(context, builder, arguments[2]).data
        per = context.make_array(signature.args[3])(context, builder, arguments[3]).data
        result = context.make_array(signature.args[6])(context, builder, arguments[6]).data
        rows = _rows(builder, arguments[1])
        wider = _splat(builder, arguments[4])
        begin, end = ir.Constant(_VECTOR, [0.0] * LANES), _splat(builder, arguments[5])
        for axis in range(3):
            place = [ir.Constant(_INT64, axis)]
            at = _splat(builder, builder.load(builder.gep(origin, place)))
            inverse_axis = _splat(builder, builder.load(builder.gep(per, place)))
            low = builder.fsub(builder.fsub(_load(builder, data, rows[axis]), at), wider)
            high = builder.fadd(builder.fsub(_load(builder, data, rows[3 + axis]), at), wider)
            one, two = builder.fmul(low, inverse_axis), builder.fmul(high, inverse_axis)
            begin = _larger(builder, begin, _smaller(builder, one, two))
            end = _smaller(builder, end, _larger(builder, one, two))
        _store(builder, begin, result)
        later = builder.fmul(end, ir.Constant(_VECTOR, [1.0 + 1e-6] * LANES))
        return _as_bits(builder, builder.fcmp_ordered("<=", begin, later))

    return signature, generate


def _lowest_bit(typing_context, mask):
    """Return the number of the lowest bit that is set; ``mask`` must not be 0."""

    def generate(context, builder, signature, arguments):
        return builder.zext(builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1)), _INT64)

    return types.int64(types.uint32), generate


near_lanes: Callable[..., Any] = intrinsic(_near_lanes)
entered_lanes: Callable[..., Any] = intrinsic(_entered_lanes)
lowest_bit: Callable[..., Any] = intrinsic(_lowest_bit)


@kernel(inline="always")
def slack_of(frame, x, y, z):
    """Return by how many metres a distance in single precision may be off.

    ``frame`` (4,) is the boxes' centre and how far they reach from it, ``x, y, z`` the point relative to that centre.
    """
    return _ROUNDING * (frame[3] + abs(x) + abs(y) + abs(z))


@kernel(inline="always")
def widened2(distance2, slack):
    """Return the squared distance, single precision, up to which boxes have to be opened."""
    reach = (np.sqrt(distance2) + slack) * (1.0 + 1e-6)
    return np.float32(min(reach * reach, 1e36))
