"""The characteristics an element is judged by, measured from its as-built pose and its surface patches."""

from collections.abc import Callable

from geometry.cylinders import cylinder_axis, diameter
from geometry.floor_number import floor_flatness, floor_levelness
from geometry.measured import Measured
from geometry.openings import opening_position, opening_size
from geometry.placement import axis_position, level, slope, verticality
from geometry.surface_quality import flatness, section_size, surface
from geometry.tolerance import Rule, ToleranceSet
from geometry.verdict import Measurement, Outcome

_MEASURES: dict[str, Callable[[Measured, Rule], list[Measurement]]] = {
    "surface": surface,
    "axis_position": axis_position,
    "verticality": verticality,
    "level": level,
    "slope": slope,
    "section_size": section_size,
    "flatness": flatness,
    "floor_flatness": floor_flatness,
    "floor_levelness": floor_levelness,
    "opening_size": opening_size,
    "opening_position": opening_position,
    "cylinder_axis": cylinder_axis,
    "diameter": diameter,
}


def measure(element: Measured, tolerances: ToleranceSet) -> tuple[Measurement, ...]:
    """Measure and judge every characteristic that a rule names for this element."""
    found: list[Measurement] = []
    for rule in tolerances.rules_for(element.ifc_class, element.materials, element.predefined_type):
        found += _MEASURES[rule.characteristic](element, rule)
    return tuple(found)


def overall(measurements: tuple[Measurement, ...]) -> Outcome:
    """Return the verdict over all measurements: one failure fails, one doubt leaves it open, nothing is not a pass.

    Examples
    --------
    >>> overall(()).value
    'not_measured'
    """
    outcomes = {m.outcome for m in measurements}
    for outcome in (Outcome.FAIL, Outcome.INDETERMINATE, Outcome.PASS):
        if outcome in outcomes:
            return outcome
    return Outcome.NOT_MEASURED
