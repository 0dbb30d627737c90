"""The one table of colours: what an element is marked with in every report, and the ramp of deviations.

Colours are from Okabe and Ito's set for colour-blind readers (jfly.uni-koeln.de/color), and no report relies on colour
alone: each mark has its own sign and its name beside it.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from geometry.arrays import FloatArray
from geometry.f_number import F_SCALES
from geometry.verdict import Outcome, State
from twin.result import CheckResult, ElementResult


class Mark(StrEnum):
    """How an element is marked: its verdict, except that missing stands apart. Most severe first."""

    MISSING = "missing"
    FAIL = "fail"
    INDETERMINATE = "indeterminate"
    NOT_MEASURED = "not_measured"
    PASS = "pass"


@dataclass(frozen=True, slots=True)
class Look:
    """Colour (``#rrggbb``) and sign of a mark."""

    colour: str
    sign: str


LOOKS: dict[Mark, Look] = {
    Mark.PASS: Look("#0072b2", "✓"),
    Mark.FAIL: Look("#d55e00", "✕"),
    Mark.INDETERMINATE: Look("#e6be28", "?"),
    Mark.NOT_MEASURED: Look("#8b929c", "–"),
    Mark.MISSING: Look("#6a1b6e", "○"),
}

RAMP = ("#08306b", "#2b7bba", "#9ecae1", "#f2f2f2", "#fdae6b", "#e6550d", "#7f2704")
"""Signed deviation from far inside (blue) over none (near white) to far outside (brown)."""


def mark_of(element: ElementResult) -> Mark:
    """Return how an element is marked."""
    if element.state is State.MISSING:
        return Mark.MISSING
    return Mark(element.verdict.value)


def needs_action(element: ElementResult) -> bool:
    """Return whether an element fails or is missing: those get a card and a BCF topic."""
    return element.state is State.MISSING or element.verdict is Outcome.FAIL


def rgb(colour: str) -> tuple[int, int, int]:
    """Return ``#rrggbb`` as three numbers 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def ramp_colours(signed: FloatArray, limit: float) -> FloatArray:
    """Return colours (n, 3), 0..255, of signed deviations (n,) metres; the ramp ends at ``±limit`` metres."""
    stops = np.array([rgb(colour) for colour in RAMP], np.float64)
    at = np.clip(signed / limit, -1.0, 1.0) * 0.5 + 0.5
    grid = np.linspace(0.0, 1.0, len(stops))
    return np.stack([np.interp(at, grid, stops[:, channel]) for channel in range(3)], axis=-1)


def ramp_limit(result: CheckResult) -> float:
    """Return where the ramp ends, metres: twice the median tolerance that was judged, whole millimetres, else 20 mm."""
    limits = [
        limit
        for element in result.elements
        for measurement in element.measurements
        if measurement.characteristic not in F_SCALES  # the spread of a floor is no distance from the design
        for limit in (max(abs(measurement.lower), abs(measurement.upper)),)
        if np.isfinite(limit) and limit > 0
    ]
    return float(np.ceil(2000.0 * float(np.median(limits)))) / 1000.0 if limits else 0.02
