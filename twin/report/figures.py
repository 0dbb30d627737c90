"""Numbers as people read them, and the gauge that shows a value with its uncertainty against its limits."""

import math
from collections.abc import Callable

from geometry.f_number import F_SCALES
from geometry.verdict import Measurement, Outcome
from twin.report.palette import LOOKS, Mark

DASH = "–"


def fixed(value: float | None, digits: int = 1) -> str:
    """Return a number with a true minus sign; a dash when there is none.

    Examples
    --------
    >>> fixed(-1.26), fixed(float("nan")), fixed(-0.01)
    ('−1.3', '–', '0.0')
    """
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    if float(text) == 0.0:
        text = text.removeprefix("-")
    return text.replace("-", "−")


def signed(value: float | None, digits: int = 1) -> str:
    """Return a number with its sign, zero without.

    Examples
    --------
    >>> signed(2.04), signed(0.01)
    ('+2.0', '0.0')
    """
    text = fixed(value, digits)
    return text if value is None or text in (DASH, fixed(0.0, digits)) or text[0] == "−" else "+" + text


def mm(value: float | None, digits: int = 1) -> str:
    """Return metres as millimetres."""
    return fixed(None if value is None else value * 1000.0, digits)


def signed_mm(value: float | None, digits: int = 1) -> str:
    """Return metres as signed millimetres."""
    return signed(None if value is None else value * 1000.0, digits)


def count(value: int) -> str:
    """Return a whole number with thin spaces between thousands."""
    return f"{value:,}".replace(",", "\u202f")


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share as per cent."""
    text = fixed(None if value is None else value * 100.0, digits)
    return text if text == DASH else f"{text} %"


def actual_mm(measurement: Measurement) -> str:
    """Return what was measured in millimetres: signed where the limits are about zero, bare where it has no sign.

    Examples
    --------
    >>> actual_mm(Measurement("level", 0.004, -0.01, 0.01, 0.001, Outcome.PASS, "user"))
    '+4.0'
    >>> actual_mm(Measurement("flatness", 0.004, 0.0, 0.008, 0.001, Outcome.PASS, "user"))
    '4.0'
    """
    unsigned = measurement.lower == 0.0 or not math.isfinite(measurement.lower)
    return mm(measurement.actual) if unsigned and measurement.actual >= 0.0 else signed_mm(measurement.actual)


def limits_mm(lower: float, upper: float) -> str:
    """Return limits in millimetres as people write them.

    Examples
    --------
    >>> limits_mm(-0.01, 0.01), limits_mm(-0.005, 0.01), limits_mm(0.0, 0.008), limits_mm(-math.inf, 0.004)
    ('±10.0 mm', '−5.0 … +10.0 mm', '≤ 8.0 mm', '≤ 4.0 mm')
    """
    if not math.isfinite(lower) and not math.isfinite(upper):
        return DASH
    if lower == -upper and upper >= 0:
        return f"±{mm(upper)} mm"
    if not math.isfinite(lower) or (lower == 0.0 and math.isfinite(upper)):
        return f"≤ {mm(upper)} mm"
    if not math.isfinite(upper):
        return f"≥ {mm(lower)} mm"
    return f"{signed_mm(lower)} … {signed_mm(upper)} mm"


def value_text(measurement: Measurement) -> str:
    """Return what was measured with its uncertainty and unit; an F-number, which has none, with its interval.

    Examples
    --------
    >>> value_text(Measurement("level", 0.004, -0.01, 0.01, 0.001, Outcome.PASS, "user"))
    '+4.0 ± 1.0 mm'
    >>> value_text(Measurement("floor_flatness", 0.00305, 0.0, 0.00332, 0.0002, Outcome.PASS, "user"))
    'FF 38.1 (35.7 … 40.7)'
    """
    scale, actual = F_SCALES.get(measurement.characteristic), measurement.actual
    if not math.isfinite(actual):
        return DASH
    if scale is None:
        return f"{actual_mm(measurement)} ± {mm(measurement.expanded_uncertainty)} mm"
    low, high = scale.interval(actual, measurement.expanded_uncertainty)
    if measurement.note == "floor_at_least":
        return f"{scale.symbol} ≥ {fixed(low)}"
    return f"{scale.symbol} {fixed(scale.number(actual))} ({fixed(low)} … {fixed(high)})"


def limits_text(measurement: Measurement) -> str:
    """Return the limits of a measurement as people write them.

    Examples
    --------
    >>> limits_text(Measurement("floor_levelness", 0.01, 0.0, 0.0127, 0.001, Outcome.PASS, "user"))
    'FL ≥ 25'
    >>> limits_text(Measurement("flatness", 0.004, 0.0, 0.008, 0.001, Outcome.PASS, "user"))
    '≤ 8.0 mm'
    """
    scale = F_SCALES.get(measurement.characteristic)
    if scale is None:
        return limits_mm(measurement.lower, measurement.upper)
    return f"{scale.symbol} ≥ {round(scale.number(measurement.upper), 6):g}"


GAUGE_WIDTH, GAUGE_HEIGHT = 220.0, 34.0


def gauge(measurement: Measurement) -> str:
    """Return an SVG of the value with ±U over the allowed zone; empty when there is nothing to draw.

    The scale always shows the zone; a value beyond twice its reach is drawn at the end as an arrow with its number.
    """
    lower, upper, value = measurement.lower, measurement.upper, measurement.actual
    one_sided = lower == 0.0 or not math.isfinite(lower)
    reach = max((abs(limit) for limit in (lower, upper) if math.isfinite(limit)), default=0.0)
    if not math.isfinite(value) or reach <= 0.0:
        return ""
    u = measurement.expanded_uncertainty if math.isfinite(measurement.expanded_uncertainty) else 0.0
    span = min(max(1.25 * reach, 1.1 * (abs(value) + u)), 2.2 * reach)
    start = 0.0 if one_sided and value >= 0.0 else -span

    def at(position: float) -> float:
        share = (position - start) / (span - start)
        return 8.0 + (GAUGE_WIDTH - 16.0) * min(max(share, 0.0), 1.0)

    low, high = at(lower if math.isfinite(lower) else start), at(upper if math.isfinite(upper) else span)
    colour = _gauge_colour(measurement.outcome)
    middle = 13.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="gauge" viewBox="0 0 {GAUGE_WIDTH:g} {GAUGE_HEIGHT:g}"'
        f' width="{GAUGE_WIDTH:g}" height="{GAUGE_HEIGHT:g}" aria-hidden="true">',
        _line(8.0, middle, GAUGE_WIDTH - 8.0, middle, "#aab2bd", 1.0),
        f'<rect x="{low:.1f}" y="6" width="{high - low:.1f}" height="14" rx="2" fill="#7d8fa3" fill-opacity="0.28"/>',
        _line(low, 4.0, low, 22.0, "#7d8793", 1.2) if math.isfinite(lower) and not one_sided else "",
        _line(high, 4.0, high, 22.0, "#7d8793", 1.2) if math.isfinite(upper) else "",
        _line(at(0.0), 9.0, at(0.0), 17.0, "#7d8793", 1.0),
        *_value(at, measurement, u, span, colour),
        _label(low, signed_mm(lower)) if math.isfinite(lower) and not one_sided else "",
        _label(high, _upper_text(measurement, signed=not one_sided)) if math.isfinite(upper) else "",
        "</svg>",
    ]
    return "".join(parts)


def _gauge_colour(outcome: Outcome) -> str:
    return LOOKS[Mark(outcome.value)].colour


def _upper_text(measurement: Measurement, *, signed: bool) -> str:
    if measurement.characteristic in F_SCALES:
        return limits_text(measurement)
    return signed_mm(measurement.upper) if signed else mm(measurement.upper)


def _value(at: Callable[[float], float], measurement: Measurement, u: float, span: float, colour: str) -> list[str]:
    value, scale = measurement.actual, F_SCALES.get(measurement.characteristic)
    middle, x = 13.0, at(value)
    if abs(value) > span:
        sign = 1.0 if value > 0 else -1.0
        tip = x + 6.0 * sign
        arrow = f'<path d="M{tip:.1f} {middle} l{-9 * sign:g} -6 v12 z" fill="{colour}"/>'
        text = signed_mm(value) if scale is None else f"{scale.symbol} {fixed(scale.number(value))}"
        return [arrow, _label(x, text)]
    low, high = at(value - u), at(value + u)
    ends = [_line(end, middle - 4.0, end, middle + 4.0, colour, 2.0) for end in (low, high)]
    dot = f'<circle cx="{x:.1f}" cy="{middle}" r="4.2" fill="{colour}"/>'
    return [_line(low, middle, high, middle, colour, 2.0), *ends, dot]


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, width: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width:g}"/>'


def _label(x: float, text: str) -> str:
    style = 'font-size="9" font-family="Noto Sans CJK SC, sans-serif" fill="#5a6472" text-anchor="middle"'
    return f'<text x="{min(max(x, 14.0), GAUGE_WIDTH - 14.0):.1f}" y="31" {style}>{text}</text>'
