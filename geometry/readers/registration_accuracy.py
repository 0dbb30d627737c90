"""What a registration file says about its own accuracy: ``sigma_mm`` and ``sigma_deg``, one standard deviation each."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from geometry.errors import ReadError
from geometry.registration.request import ControlPoint, StatedAccuracy

SIGMA_WORDS = ("sigma_mm", "sigma_deg")
_MILLIMETRES = (0.1, 100.0)
"""Nothing on a site is known better, and nothing worse fixes a pose; metres written for millimetres fall below."""
_DEGREES = (1e-5, 1.0)


def refuse_other_words(words: Iterable[object], path: Path) -> None:
    """Refuse words that are meant to say how accurate something is and would be passed over.

    Raises
    ------
    ReadError
        Naming the word and what is understood.
    """
    for word in words:
        if word not in SIGMA_WORDS and re.match(r"(sigma|accura|uncert|std|stdev|precision)", str(word).lower()):
            raise ReadError(
                f"{path}: {word!r} is not understood; write sigma_mm, one standard deviation in millimetres"
            )


def stated_accuracy(words: Mapping[str, Any], path: Path) -> StatedAccuracy | None:
    """Return how well a pose is known as its file states it, None when it does not.

    Raises
    ------
    ReadError
        If what is stated cannot be, or the rotation is stated alone.
    """
    if "sigma_deg" in words and "sigma_mm" not in words:
        raise ReadError(f"{path}: sigma_deg stands alone; state sigma_mm as well")
    if "sigma_mm" not in words:
        return None
    turn = _within(words["sigma_deg"], "sigma_deg", "degrees", _DEGREES, str(path)) if "sigma_deg" in words else None
    return StatedAccuracy(point_sigma(words["sigma_mm"], path), None if turn is None else float(np.radians(turn)))


def point_sigma(value: object, path: Path, where: str = "") -> float:
    """Return a ``sigma_mm`` in metres.

    Raises
    ------
    ReadError
        If it is no number, or not from 0.1 to 100 mm.
    """
    return _within(value, "sigma_mm", "millimetres", _MILLIMETRES, f"{path}: {where}" if where else str(path)) / 1000.0


def with_sigma(points: list[ControlPoint], words: Mapping[str, Any], path: Path) -> tuple[ControlPoint, ...]:
    """Return the points with the ``sigma_mm`` of the whole file where they have none of their own.

    Raises
    ------
    ReadError
        If only some of the points have one, or a rotation is stated, which control points leave no room for.
    """
    if "sigma_deg" in words:
        raise ReadError(f"{path}: sigma_deg belongs to a matrix; control points have sigma_mm only")
    shared = point_sigma(words["sigma_mm"], path) if "sigma_mm" in words else None
    known = [replace(p, sigma_m=shared) if p.sigma_m is None else p for p in points]
    without = [p.name for p in known if p.sigma_m is None]
    if 0 < len(without) < len(known):
        raise ReadError(f"{path}: control point {without[0]} has no sigma_mm; state it for all points or for none")
    return tuple(known)


def _within(value: object, word: str, unit: str, bounds: tuple[float, float], where: str) -> float:
    try:
        number = float("nan") if isinstance(value, bool) else float(str(value))
    except ValueError:
        number = float("nan")
    low, high = bounds
    if not low <= number <= high:
        raise ReadError(f"{where}: {word} is {value!r}; give one standard deviation in {unit}, {low:g} to {high:g}")
    return number
