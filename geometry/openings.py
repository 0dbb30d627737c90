"""Openings as built: how wide and high they are and where they lie, from the planes of their reveals.

The size is the distance between opposite reveals half-way along them: registration shifts both alike and drops out. The
position is that of the point half-way between them *in the frame of the design*, so where the host itself stands wrong
its openings do too; the registration's uncertainty at that place is part of U. Both need both reveals: an opening whose
reveals were not seen, or are behind the frame of what fills it, is not measured, and says why.
"""

from dataclasses import replace

import numpy as np

from geometry.measured import Measured, governing_size, judged, not_measured
from geometry.opening_fit import SeenOpening, SpanFit
from geometry.tolerance import Rule
from geometry.verdict import Measurement

_METHOD = "reveals"


def opening_size(element: Measured, rule: Rule) -> list[Measurement]:
    """Distance between opposite reveals less the designed one, per opening and direction."""
    found: list[Measurement] = []
    for seen in element.openings:
        for fit in _measurable(seen):
            standard = float(np.sqrt(fit.variance + 2.0 * element.budget.apart**2))
            size = governing_size(element, rule, fit.span.nominal)
            each = judged(rule, size, fit.growth, standard, n=fit.n, method=_METHOD)
            found += [replace(_named(m, seen, fit.span.direction), nominal=fit.span.nominal) for m in each]
        found += _missing(element, rule, seen)
    return found


def opening_position(element: Measured, rule: Rule) -> list[Measurement]:
    """Displacement of the middle between opposite reveals in the frame of the design, per opening and direction."""
    found: list[Measurement] = []
    for seen in element.openings:
        for fit in _measurable(seen):
            span = fit.span
            built = seen.T_built_design.apply(span.centre + fit.shift * span.axis)
            own = np.array([0.5 * np.sqrt(fit.variance)])
            standard = float(element.budget.combined(built[None], span.axis[None], own)[0])
            size = governing_size(element, rule, span.nominal)
            actual = float((built - span.centre) @ span.axis)
            each = judged(rule, size, actual, standard, n=fit.n, method=_METHOD)
            found += [_named(m, seen, span.direction) for m in each]
        found += _missing(element, rule, seen)
    return found


def _measurable(seen: SeenOpening) -> list[SpanFit]:
    return [fit for fit in seen.spans if fit.complete]


def _missing(element: Measured, rule: Rule, seen: SeenOpening) -> list[Measurement]:
    """Say of what could not be measured why; of an opening of which nothing could, once."""
    left_out = [fit for fit in seen.spans if not fit.complete]
    if not seen.spans:
        found = not_measured(rule, governing_size(element, rule, 0.0), note="opening_shape")
        return [_named(m, seen, "") for m in found]
    if len(left_out) == len(seen.spans):
        fit = min(left_out, key=_is_one_sided)
        size = governing_size(element, rule, fit.span.nominal)
        return [_named(m, seen, "") for m in _unknown(rule, size, seen, fit)]
    return [
        _named(m, seen, fit.span.direction)
        for fit in left_out
        for m in _unknown(rule, governing_size(element, rule, fit.span.nominal), seen, fit)
    ]


def _is_one_sided(fit: SpanFit) -> bool:
    return fit.lower is None or fit.upper is None


def _unknown(rule: Rule, size: float, seen: SeenOpening, fit: SpanFit) -> list[Measurement]:
    """Say why one dimension was not measured."""
    sides = [side for side in (fit.lower, fit.upper) if side is not None]
    if len(sides) < 2:
        note = "opening_one_sided"
    elif any(side.surfaces > 1 for side in sides):
        note = "reveal_stepped"
    else:
        note = "opening_filled" if seen.design.opening.filled_by else "reveal_unseen"
    return not_measured(rule, size, note=note)


def _named(measurement: Measurement, seen: SeenOpening, direction: str) -> Measurement:
    opening = seen.design.opening
    name = opening.name or opening.global_id
    return replace(measurement, part=name, part_id=opening.global_id, direction=direction, method=_METHOD)
