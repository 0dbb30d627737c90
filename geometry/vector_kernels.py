# ruff: noqa: D105
# pyright: basic, reportUntypedFunctionDecorator=false, reportMissingParameterType=false, reportUnknownParameterType=false
"""Writing out the processor's vector instructions as one writes arithmetic: eight numbers at a time."""

from llvmlite import ir
from numba.core import cgutils

from geometry.lane_kernels import LANES

INT32, INT64, FLOAT, DOUBLE = ir.IntType(32), ir.IntType(64), ir.FloatType(), ir.DoubleType()


class Lanes:
    """Eight numbers in a register, with the signs of arithmetic for the instructions that are written out."""

    def __init__(self, builder, value):
        self.builder, self.value = builder, value

    @staticmethod
    def all(builder, value):
        """Return ``value`` in every lane."""
        unknown = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
        one = builder.insert_element(unknown, value, ir.Constant(INT32, 0))
        places = ir.Constant(ir.VectorType(INT32, LANES), [0] * LANES)
        return Lanes(builder, builder.shuffle_vector(one, unknown, places))

    def __add__(self, other):
        return Lanes(self.builder, self.builder.fadd(self.value, other.value))

    def __sub__(self, other):
        return Lanes(self.builder, self.builder.fsub(self.value, other.value))

    def __mul__(self, other):
        return Lanes(self.builder, self.builder.fmul(self.value, other.value))

    def __truediv__(self, other):
        return Lanes(self.builder, self.builder.fdiv(self.value, other.value))

    def __neg__(self):
        return Lanes(self.builder, self.builder.fneg(self.value))

    def __le__(self, other):
        return self._compared("<=", other)

    def __lt__(self, other):
        return self._compared("<", other)

    def __ge__(self, other):
        return self._compared(">=", other)

    def __gt__(self, other):
        return self._compared(">", other)

    def same(self, other):
        """Return where both are equal."""
        return self._compared("==", other)

    def __and__(self, other):
        return Lanes(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other):
        return Lanes(self.builder, self.builder.or_(self.value, other.value))

    def _compared(self, sign, other):
        if isinstance(self.value.type.element, ir.IntType):
            return Lanes(self.builder, self.builder.icmp_signed(sign, self.value, other.value))
        return Lanes(self.builder, self.builder.fcmp_ordered(sign, self.value, other.value))

    def choose(self, yes, no):
        """Return ``yes`` where this is true, ``no`` elsewhere."""
        return Lanes(self.builder, self.builder.select(self.value, yes.value, no.value))

    def larger(self, other):
        """Return the larger of both; ``other`` where one is no number."""
        return (self > other).choose(self, other)

    def smaller(self, other):
        """Return the smaller of both; ``other`` where one is no number."""
        return (self < other).choose(self, other)

    def turned(self, by):
        """Return the numbers of the lanes ``by`` further on, the first ones after the last."""
        places = ir.Constant(ir.VectorType(INT32, LANES), [(j + by) % LANES for j in range(LANES)])
        return Lanes(self.builder, self.builder.shuffle_vector(self.value, self.value, places))

    def folded(self, pick):
        """Return what ``pick`` leaves of all lanes, as one number."""
        left = self
        for half in (4, 2, 1):
            left = pick(left, left.turned(half))
        return self.builder.extract_element(left.value, ir.Constant(INT32, 0))

    def root(self):
        """Return the square roots of numbers in single precision."""
        kind = self.value.type
        root = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind]), "llvm.sqrt.v8f32")
        return Lanes(self.builder, self.builder.call(root, [self.value]))

    def single(self):
        """Return the numbers in single precision."""
        return Lanes(self.builder, self.builder.fptrunc(self.value, ir.VectorType(FLOAT, LANES)))

    def bits(self):
        """Return truth values as a bit mask, bit j for lane j."""
        return self.builder.zext(self.builder.bitcast(self.value, ir.IntType(LANES)), INT32)


class Array:
    """A contiguous array of a kernel, read and written at places counted in numbers."""

    def __init__(self, context, builder, kind, value):
        self.builder = builder
        self.data = context.make_array(kind)(context, builder, value).data

    def write(self, index, number):
        """Write one number."""
        self.builder.store(number, self._place(index))

    def _place(self, index):
        index = ir.Constant(INT64, index) if isinstance(index, int) else index
        return self.builder.gep(self.data, [index])

    def one(self, index):
        """Return one number in every lane."""
        return Lanes.all(self.builder, self.builder.load(self._place(index)))

    def row(self, index):
        """Return the eight numbers from a place on."""
        place = self._place(index)
        width = ir.VectorType(self.data.type.pointee, LANES)
        loaded = self.builder.load(self.builder.bitcast(place, width.as_pointer()))
        loaded.align = 4
        return Lanes(self.builder, loaded)

    def put(self, index, lanes):
        """Write eight numbers from a place on."""
        place = self._place(index)
        self.builder.store(lanes.value, self.builder.bitcast(place, lanes.value.type.as_pointer())).align = 4


def number(builder, value, kind: ir.Type = DOUBLE):
    """Return a constant in every lane."""
    return Lanes.all(builder, ir.Constant(kind, value))


def dot(a, b):
    """Return the scalar products of vectors of three."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def times(builder, number, factor):
    """Return a 64-bit number times a constant."""
    return builder.mul(number, ir.Constant(INT64, factor))


def plus(builder, number, more):
    """Return a 64-bit number and a constant added up."""
    return builder.add(number, ir.Constant(INT64, more))


def rows(builder, packet, count):
    """Return where the rows of one packet start in an array (?, count, 8)."""
    first = times(builder, packet, count * LANES)
    return [plus(builder, first, k * LANES) for k in range(count)]
