"""Times as people write them: a number in the line's own unit, or with a unit, such as ``8 h``."""

import re

SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}
"""The units of a line."""
_NAMES = {
    "s": "s", "sec": "s", "second": "s", "seconds": "s", "秒": "s",
    "min": "min", "minute": "min", "minutes": "min", "分钟": "min", "分": "min",
    "h": "h", "hour": "h", "hours": "h", "小时": "h",
    "d": "day", "day": "day", "days": "day", "天": "day",
    "week": "week", "weeks": "week", "周": "week",
}  # fmt: skip
_ALL = SECONDS | {"week": 7.0 * 86400.0}
_TIME = re.compile(r"\s*(?P<number>[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?)\s*(?P<unit>[^\d\s.+-]*)\s*")


def unit_named(word: str) -> str | None:
    """Return the unit that a word means; None where it means none.

    Examples
    --------
    >>> unit_named("minutes"), unit_named("fortnight")
    ('min', None)
    """
    return _NAMES.get(word.lower())


def parse_time(text: str, unit: str) -> float:
    """Return a time in ``unit``.

    Raises
    ------
    ValueError
        It is no time; its text says why.

    Examples
    --------
    >>> parse_time("1.5 h", "min"), parse_time("20", "min")
    (90.0, 20.0)
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no time, such as 20, 1.5 h or 30 s")
    number = float(found["number"])
    if not found["unit"]:
        return number
    named = unit_named(found["unit"])
    if named is None:
        raise ValueError(f"{found['unit']!r} is no unit of time that is known here: s, min, h, days, weeks")
    return number * _ALL[named] / SECONDS[unit]
