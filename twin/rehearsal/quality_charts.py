"""The charts of predictive quality: calibration, alarms by recall, cost by threshold, drift; SVG for a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, isnan, log10
from typing import Any

from twin.rehearsal.room import Room, in_both, svg

HEIGHT = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 30, 14, 44
_COLOURS = {"line": "var(--accent)", "bad": "var(--fail)", "good": "var(--pass)", "ink": "var(--ink)",
            "soft": "var(--soft)"}  # fmt: skip
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, and from where to where."""

    title: str
    low: float
    high: float
    percent: bool = False

    def tick(self, value: float) -> str:
        """Return a value as it stands at the axis."""
        text = f"{100 * value:.4g} %" if self.percent else f"{value:.4g}"
        return text.replace("-", "\u2212")


@dataclass(frozen=True, slots=True)
class Plot:
    """Something to be drawn over two axes."""

    lines: Sequence[tuple[str, Sequence[Point], bool]] = ()
    """Colour, points, whether dashed."""
    whiskers: Sequence[tuple[float, float, float, float, str]] = ()
    """x, y, low, high, colour."""
    marks: Sequence[tuple[float, str]] = ()
    """x and label of upright lines."""
    bands: Sequence[tuple[float, float]] = field(default=())
    """From x to x, shaded."""


def plotted(plot: Plot, x: Axis, y: Axis, title: str) -> str:
    """Return a plot, for broad pages and for phones; ``title`` says what it shows to those who cannot see it."""
    return in_both(lambda room: _plotted(plot, x, y, title, room))


def _plotted(plot: Plot, x: Axis, y: Axis, title: str, room: Room) -> str:
    def at(axis: Axis, start: float, end: float) -> Callable[[float], float]:
        span = axis.high - axis.low or 1.0
        return lambda value: start + (min(max(value, axis.low), axis.high) - axis.low) / span * (end - start)

    right, up = at(x, _LEFT, room.width - _RIGHT), at(y, HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid(x, y, right, up, room)]
    for low, high in plot.bands:
        wide = right(high) - right(low)
        parts.append(
            f'<rect x="{right(low):.1f}" y="{_TOP}" width="{wide:.1f}" height="{HEIGHT - _TOP - _BOTTOM}" '
            'fill="var(--accent)" opacity="0.15"/>'
        )
    for colour, points, dashed in plot.lines:
        path = "L".join(f"{right(a):.1f} {up(b):.1f}" for a, b in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        parts.append(f'<path d="M{path}" fill="none" stroke="{_COLOURS[colour]}" stroke-width="1.8"{dash}/>')
    for a, b, low, high, colour in plot.whiskers:
        parts.append(f'<path d="M{right(a):.1f} {up(low):.1f}V{up(high):.1f}" stroke="{_COLOURS[colour]}"/>')
        parts.append(f'<circle cx="{right(a):.1f}" cy="{up(b):.1f}" r="4" fill="{_COLOURS[colour]}"/>')
    for index, (place, label) in enumerate(plot.marks):
        left = right(place) < 0.6 * room.width
        anchor, shift = ("start", 5) if left else ("end", -5)
        parts.append(
            f'<path d="M{right(place):.1f} {_TOP}V{HEIGHT - _BOTTOM}" stroke="var(--ink)" stroke-dasharray="4 3"/>'
            f'<text x="{right(place) + shift:.1f}" y="{_TOP + 14 + 17 * index}" text-anchor="{anchor}">'
            f"{escape(label)}</text>"
        )
    return svg(title, parts, HEIGHT, room)


def calibration(bins: Sequence[Mapping[str, Any]], x: str, y: str, title: str) -> str:
    """Return what happened by what was predicted, with intervals, beside the line on which they are the same."""
    top = min(1.0, 1.08 * max([0.05, *(one["predicted"] for one in bins), *(one["defective"]["high"] for one in bins)]))
    whiskers = [
        (one["predicted"], one["defective"]["value"], one["defective"]["low"], one["defective"]["high"],
         "line" if one["agrees"] else "bad")
        for one in bins
    ]  # fmt: skip
    plot = Plot([("soft", [(0.0, 0.0), (top, top)], True)], whiskers)
    return plotted(plot, Axis(x, 0.0, top, True), Axis(y, 0.0, top, True), title)


def alarm_load(curve: Sequence[Point], needed: float | None, words: tuple[str, str, str], title: str) -> str:
    """Return alarms by recall (recall, share of units acted on), with the recall that a goal needs."""
    marks = [] if needed is None else [(needed, f"{words[2]} {100 * needed:.3g} %")]
    plot = Plot([("line", curve, False), ("soft", [(0.0, 0.0), (1.0, 1.0)], True)], marks=marks)
    return plotted(plot, Axis(words[0], 0.0, 1.0, True), Axis(words[1], 0.0, 1.0, True), title)


def cost_curve(
    curve: Sequence[Point], levels: Sequence[float], used: tuple[float, str], between: Point, axes: tuple[str, str],
    title: str,
) -> str:  # fmt: skip
    """Return cost by threshold, with what never and always acting cost, the one used and where the cheapest may be."""
    bands = [] if isnan(between[0]) else [between]
    reach = min(1.0, max([0.02, 4.0 * used[0], *(1.5 * high for _, high in bands)]))
    shown = [(a, b) for a, b in curve if a <= reach] or list(curve)
    top = 1.08 * max([*(b for _, b in shown), *levels])
    flat = [("soft", [(0.0, level), (reach, level)], True) for level in levels]
    plot = Plot([("line", shown, False), *flat], marks=[used], bands=[(low, min(high, reach)) for low, high in bands])
    return plotted(plot, Axis(axes[0], 0.0, reach, True), Axis(axes[1], 0.0, top or 1.0), title)


def drift(
    statistic: Sequence[float] | Sequence[Sequence[float]], limit: Sequence[float], begins: tuple[int, str] | None,
    axis: str, title: str,
) -> str:  # fmt: skip
    """Return a control chart by batch; two sums are drawn above and below."""
    if not limit:
        return ""
    first = statistic[0]
    sides = (
        [[float(one[0]) for one in statistic], [-float(one[1]) for one in statistic]]  # type: ignore[index]
        if isinstance(first, Sequence)
        else [[float(one) for one in statistic]]  # type: ignore[arg-type]
    )
    reach = 1.1 * max([*limit, *(abs(one) for side in sides for one in side)])
    count = len(limit)
    lines: list[tuple[str, Sequence[Point], bool]] = [
        ("bad", [(k + 1.0, sign * one) for k, one in enumerate(limit)], True) for sign in (1.0, -1.0)
    ]
    lines += [("line", [(k + 1.0, one) for k, one in enumerate(side)], False) for side in sides]
    marks = [] if begins is None else [(begins[0] + 0.5, begins[1])]
    plot = Plot(lines, marks=marks)
    return plotted(plot, Axis(axis, 1.0, max(count, 2)), Axis("", -reach, reach), title)


def _grid(
    x: Axis, y: Axis, right: Callable[[float], float], up: Callable[[float], float], room: Room
) -> list[str]:  # fmt: skip
    parts = list[str]()
    for value in _round(x.low, x.high, room.ticks + 2):
        parts.append(
            f'<text x="{right(value):.1f}" y="{HEIGHT - _BOTTOM + 17}" text-anchor="middle">{x.tick(value)}</text>'
        )
    for value in _round(y.low, y.high, 5):
        parts.append(f'<path d="M{_LEFT} {up(value):.1f}H{room.width - _RIGHT}" stroke="var(--line)"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{up(value) + 4:.1f}" text-anchor="end">{y.tick(value)}</text>')
    parts.append(
        f'<text x="{(room.width + _LEFT) / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x.title)}</text>'
    )
    if y.title:
        middle = (HEIGHT - _BOTTOM + _TOP) / 2
        parts.append(
            f'<text transform="translate(13 {middle:.0f}) rotate(-90)" text-anchor="middle">{escape(y.title)}</text>'
        )
    return parts


def _round(low: float, high: float, about: int) -> list[float]:
    """Return about so many round numbers between two values."""
    raw = max(high - low, 1e-12) / about
    base = 10.0 ** floor(log10(raw))
    step = next(base * factor for factor in (1.0, 2.0, 5.0, 10.0) if base * factor >= raw * (1.0 - 1e-9))
    return [round(n * step, 12) for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]
