"""Small charts as SVG that stands in a page by itself: it takes its colours from the page's variables."""

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

from twin.rehearsal.room import Room, in_both, svg

HEIGHT = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 26, 30


def histogram(
    counts: Sequence[float], edges: Sequence[float], limits: Sequence[tuple[float, str]], nominal: float, title: str
) -> str:
    """Return a histogram with limits (value, label) as lines; what is outside the outermost limits is coloured.

    Parameters
    ----------
    counts, edges
        (b,) and (b + 1,).
    limits
        Lower first; a single one is told by its label alone.
    nominal
        Where a thin line marks the nominal value.
    title
        What the chart shows, for those who cannot see it.
    """
    return in_both(lambda room: _histogram((counts, edges), limits, nominal, title, room))


def _histogram(
    bins: tuple[Sequence[float], Sequence[float]], limits: Sequence[tuple[float, str]], nominal: float, title: str,
    room: Room,
) -> str:  # fmt: skip
    counts, edges = bins
    values = [value for value, _ in limits]
    low, high = min(edges[0], nominal, *values), max(edges[-1], nominal, *values)
    margin = 0.04 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def x(value: float) -> float:
        return _LEFT + (value - low) / (high - low) * (room.width - _LEFT - _RIGHT)

    tallest = max(counts) or 1.0
    bars = list[str]()
    for count, start, end in zip(counts, edges[:-1], edges[1:], strict=True):
        height = count / tallest * (HEIGHT - _TOP - _BOTTOM)
        middle = 0.5 * (start + end)
        out = any(_is_outside(middle, value, label) for value, label in limits)
        fill = "var(--fail)" if out else "var(--pass)"
        left, top, width = x(start), HEIGHT - _BOTTOM - height, max(x(end) - x(start) - 0.6, 0.6)
        bars.append(f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>')
    lines = [_line(x(value), f"{label} {_short(value)}", "var(--ink)", 4, room) for value, label in limits]
    lines.append(_line(x(nominal), "", "var(--soft)", 2, room))
    ticks = [_tick(x(value), value) for value in _round_steps(low, high, room)]
    return svg(title, [*bars, *lines, *ticks], HEIGHT, room)


def bars(rows: Sequence[tuple[str, float, float | None, float | None]], title: str) -> str:
    """Return horizontal bars of shares (name, value, low, high), 0 to 1, with a whisker from low to high."""
    return in_both(lambda room: _bars(rows, title, room))


def _bars(rows: Sequence[tuple[str, float, float | None, float | None]], title: str, room: Room) -> str:
    step = room.row + 8
    height = step * len(rows) + 8
    most = max([1e-9, *(abs(value) for _, value, _, _ in rows), *(high for _, _, _, high in rows if high is not None)])
    start = room.names + 10 if room.names else 2
    wide = room.width - start - 76
    parts = list[str]()
    for index, (name, value, low, high) in enumerate(rows):
        top = 2 + index * step
        y = top + room.above
        width = max(0.0, value) / most * wide
        parts.append(room.name(top + 5 if room.names else top, name, 24))
        parts.append(f'<rect x="{start}" y="{y + 7}" width="{width:.1f}" height="17" rx="3" fill="var(--accent)"/>')
        if low is not None and high is not None:
            a, b = start + max(0.0, low) / most * wide, start + max(0.0, high) / most * wide
            parts.append(f'<path d="M{a:.1f} {y + 15.5}H{b:.1f}" stroke="var(--ink)" stroke-width="2"/>')
        parts.append(f'<text x="{room.width - 4}" y="{y + 20}" text-anchor="end">{100 * value:.1f} %</text>')
    return svg(title, parts, height, room)


def _is_outside(value: float, limit: float, label: str) -> bool:
    return value < limit if label == "≥" else value > limit


def _line(x: float, label: str, colour: str, dash: int, room: Room) -> str:
    anchor = "start" if x < room.width / 2 else "end"
    shift = 5 if anchor == "start" else -5
    text = f'<text x="{x + shift:.1f}" y="16" text-anchor="{anchor}">{escape(label)}</text>' if label else ""
    return (
        f'<path d="M{x:.1f} {_TOP - 18}V{HEIGHT - _BOTTOM}" stroke="{colour}" stroke-dasharray="{dash} {dash}"/>{text}'
    )


def _tick(x: float, value: float) -> str:
    return f'<text x="{x:.1f}" y="{HEIGHT - 9}" text-anchor="middle">{_short(value)}</text>'


def _round_steps(low: float, high: float, room: Room) -> list[float]:
    """Return four to nine round numbers between two values; fewer where there is no room."""
    raw = (high - low) / (room.ticks + 1)
    base = 10.0 ** floor(log10(raw))
    step = next(base * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if base * factor >= raw)
    first = ceil((low + 0.03 * (high - low)) / step)
    last = floor((high - 0.03 * (high - low)) / step)
    return [n * step for n in range(first, last + 1)]


def _short(value: float) -> str:
    return f"{value:.6g}".replace("-", "\u2212")
