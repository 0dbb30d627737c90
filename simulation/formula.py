"""Formulas that people write in files: read into a tree of known operations, never executed as Python."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.errors import BadDocument

_MOST_LETTERS, _MOST_DEPTH, _SHOWN = 2000, 60, 40
_LARGEST = 1.7e308
MOST = 1e12
"""No number of a document is larger, whatever it counts: millimetres, seconds, newtons."""
LEAST = 1e-12
"""None but 0 is nearer to 0."""
FUNCTIONS: Mapping[str, tuple[Callable[..., Any], int]] = MappingProxyType({
    "sin": (np.sin, 1), "cos": (np.cos, 1), "tan": (np.tan, 1),
    "asin": (np.arcsin, 1), "acos": (np.arccos, 1), "atan": (np.arctan, 1), "atan2": (np.arctan2, 2),
    "sqrt": (np.sqrt, 1), "hypot": (np.hypot, 2), "exp": (np.exp, 1), "log": (np.log, 1),
    "abs": (np.abs, 1), "min": (np.minimum, 2), "max": (np.maximum, 2), "radians": (np.radians, 1),
    "degrees": (np.degrees, 1),
})  # fmt: skip
"""Function -> (what computes it, number of arguments); angles are radians."""
CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": float(np.pi)})
_OPERATIONS: Mapping[type[ast.operator], Callable[..., Any]] = MappingProxyType({
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Linear:
    """A formula that is a constant plus coefficients times names."""

    constant: float
    coefficients: Mapping[str, float]

    def scaled(self, factor: float) -> "Linear":
        """Return the formula times a number."""
        return Linear(self.constant * factor, {name: value * factor for name, value in self.coefficients.items()})

    def plus(self, other: "Linear") -> "Linear":
        """Return the sum of two."""
        names = [*self.coefficients, *(name for name in other.coefficients if name not in self.coefficients)]
        total = {name: self.coefficients.get(name, 0.0) + other.coefficients.get(name, 0.0) for name in names}
        return Linear(self.constant + other.constant, total)


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, checked when it was read."""

    text: str
    tree: ast.expr
    names: tuple[str, ...]
    """The names it needs, in the order of their first use."""

    def __call__(self, values: Mapping[str, FloatArray]) -> FloatArray:
        """Return the value for each sample: every name's values have one shape (m,); constants stay scalars.

        Where a formula has no real value (the root of a negative number) the answer is NaN: callers count and tell.
        """
        with np.errstate(all="ignore"):
            return np.asarray(_value(self.tree, values), dtype=np.float64)

    def linear(self) -> Linear | None:
        """Return the formula as constant and coefficients, exactly; None where it is not linear.

        Examples
        --------
        >>> read_formula("2*(a - b) + 1", "x").linear().coefficients
        {'a': 2.0, 'b': -2.0}
        """
        return _linear(self.tree)


def read_formula(text: str | float, place: str) -> Formula:
    """Return the formula that a text (or a plain number) writes.

    Parameters
    ----------
    text
        Such as ``acos((a + c) / (e - c))``; ``^`` is a power as well as ``**``.
    place
        Where it stands, for the message of an error.

    Raises
    ------
    BadDocument
        It is no formula, or uses what is not known.
    """
    if isinstance(text, bool) or (isinstance(text, float) and not np.isfinite(text)):
        raise BadDocument(place, f"{text!r} is no number or formula")
    written = str(text).strip()
    if len(written) > _MOST_LETTERS:
        raise BadDocument(place, f"the formula has {len(written)} letters; {_MOST_LETTERS} at most")
    try:
        tree = ast.parse(written.replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        cut = written.count("(") > written.count(")")
        hint = "; within { } a comma ends it: put it in quotes" if cut else ""
        raise BadDocument(place, f"{written!r} is no formula such as a + 2*b or acos(a/c){hint}") from None
    names = dict[str, None]()
    _check(tree, place, names, 0)
    return Formula(written, tree, tuple(names))


def beyond_measure(value: float) -> str | None:
    """Return what is wrong with a number that counts nothing there is; None for others.

    Examples
    --------
    >>> beyond_measure(1e308), beyond_measure(1e-300), beyond_measure(20.0)
    ('1e+308 is beyond all measure: 1e+12 at most', '1e-300 is beyond all measure: 0, or 1e-12 at least', None)
    """
    if not abs(value) <= MOST:
        return f"{str(value)[:_SHOWN]} is beyond all measure: {MOST:g} at most"
    if 0.0 < abs(value) < LEAST:
        return f"{str(value)[:_SHOWN]} is beyond all measure: 0, or {LEAST:g} at least"
    return None


def _check(node: ast.expr, place: str, names: dict[str, None], depth: int) -> None:
    """Refuse what is no arithmetic and collect the names."""
    if depth > _MOST_DEPTH:
        raise BadDocument(place, "the formula is nested too deeply")
    match node:
        case ast.Constant(value=float() | int() as value) if not isinstance(value, bool):
            if not abs(value) <= _LARGEST:
                raise BadDocument(place, f"{str(value)[:_SHOWN]} is no number or formula")
        case ast.Name(id=name):
            if name not in CONSTANTS:
                names[name] = None
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check(operand, place, names, depth + 1)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATIONS:
            _check(left, place, names, depth + 1)
            _check(right, place, names, depth + 1)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            if len(arguments) != FUNCTIONS[name][1]:
                raise BadDocument(place, f"{name} takes {FUNCTIONS[name][1]} value(s), not {len(arguments)}")
            for argument in arguments:
                _check(argument, place, names, depth + 1)
        case ast.Call(func=ast.Name(id=name)):
            raise BadDocument(place, f"no function {name!r}; there are {', '.join(sorted(FUNCTIONS))}")
        case _:
            raise BadDocument(place, f"{ast.unparse(node)!r} is not arithmetic: + - * / ^ and functions are")


def _value(node: ast.expr, values: Mapping[str, FloatArray]) -> Any:
    match node:
        case ast.Constant(value=value):
            return float(value)  # pyright: ignore[reportArgumentType]
        case ast.Name(id=name):
            return CONSTANTS[name] if name in CONSTANTS else values[name]
        case ast.UnaryOp(op=operator, operand=operand):
            inner = _value(operand, values)
            return -inner if isinstance(operator, ast.USub) else inner
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATIONS[type(operator)](_value(left, values), _value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name][0](*(_value(argument, values) for argument in arguments))
        case _:
            raise AssertionError(ast.dump(node))


def _linear(node: ast.expr) -> Linear | None:
    match node:
        case ast.Constant(value=value):
            return Linear(float(value), {})  # pyright: ignore[reportArgumentType]
        case ast.Name(id=name):
            return Linear(CONSTANTS[name], {}) if name in CONSTANTS else Linear(0.0, {name: 1.0})
        case ast.UnaryOp(op=operator, operand=operand):
            inner = _linear(operand)
            return inner.scaled(-1.0) if inner and isinstance(operator, ast.USub) else inner
        case ast.BinOp(left=left, op=operator, right=right):
            return _linear_pair(_linear(left), operator, _linear(right))
        case _:
            constant = not any(isinstance(n, ast.Name) and n.id not in {*FUNCTIONS, *CONSTANTS} for n in ast.walk(node))
            return Linear(float(_value(node, {})), {}) if constant else None


def _linear_pair(left: Linear | None, operator: ast.operator, right: Linear | None) -> Linear | None:
    if left is None or right is None:
        return None
    match operator:
        case ast.Add():
            return left.plus(right)
        case ast.Sub():
            return left.plus(right.scaled(-1.0))
        case ast.Mult() if not left.coefficients:
            return right.scaled(left.constant)
        case ast.Mult() if not right.coefficients:
            return left.scaled(right.constant)
        case ast.Div() if not right.coefficients and right.constant != 0.0:
            return left.scaled(1.0 / right.constant)
        case ast.Pow() if not left.coefficients and not right.coefficients:
            return Linear(float(np.float64(left.constant) ** right.constant), {})
        case _:
            return None
