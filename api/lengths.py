"""Lengths as people type them, into metres."""

import re
from fractions import Fraction

from geometry.errors import ToleranceError

METRES_PER_UNIT = {
    "mm": Fraction(1, 1000),
    "cm": Fraction(1, 100),
    "m": Fraction(1),
    "in": Fraction(254, 10000),
    "ft": Fraction(3048, 10000),
    "毫米": Fraction(1, 1000),
    "厘米": Fraction(1, 100),
    "米": Fraction(1),
}
LARGEST_TOLERANCE_M = 1.0

_LENGTH = re.compile(
    r"(?:±|\+/-|\+-)?\s*(\d+(?:\.\d*)?|\.\d+|\d+/\d+)\s*([a-z]+|毫米|厘米|米|\"|”|″|'|’|′)?", re.IGNORECASE
)
_NEGATIVE = re.compile(r"[-−–]\s*[\d.]")
_SIGNS = {'"': "in", "”": "in", "″": "in", "'": "ft", "’": "ft", "′": "ft"}


def parse_length(text: str) -> float:
    """Return a tolerance such as ``10mm`` in metres.

    Accepts mm, cm, m (or 毫米, 厘米, 米), in (or ``"``) and ft (or ``'``), a leading ±, and fractions such
    as ``3/8in``. The unit is not optional: a forgotten one would change every verdict.

    Raises
    ------
    ToleranceError
        If there is no number, no known unit, or the length is not above 0 and at most 1 m.

    Examples
    --------
    >>> parse_length("10mm"), parse_length("± 1.5 cm"), parse_length("3/8in")
    (0.01, 0.015, 0.009525)
    """
    if _NEGATIVE.match(text.strip()):
        raise ToleranceError(f"the tolerance {text!r} is negative. Write it without a sign: it holds both ways, as ±")
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise ToleranceError(
            f"cannot read the length {text!r}. Write a number and a unit, such as 10mm, 1.5cm or 3/8in"
        )
    number, sign = match.group(1), (match.group(2) or "").lower()
    unit = METRES_PER_UNIT.get(_SIGNS.get(sign, sign))
    if unit is None:
        said = f"unit {match.group(2)!r}" if sign else "missing unit"
        raise ToleranceError(f"{said} in the length {text!r}. Use mm, cm, m, in or ft, such as {number}mm")
    if number.endswith("/0") or not 0 < Fraction(number) * unit <= LARGEST_TOLERANCE_M:
        raise ToleranceError(f"the tolerance {text!r} must be above 0 and at most 1 m. Check the number and the unit")
    return float(Fraction(number) * unit)
