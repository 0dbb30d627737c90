"""The charts of a schedule as SVG that stands in a page by itself: bars over time, the end, what moves it."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import ceil, floor, log10
from typing import Any

from twin.rehearsal.room import BROAD, Room, svg

_HEAD, _BAR = 26, 14
_END_HEIGHT, _MOST_TASKS = 230, 120
Dated = Callable[[float], str]
"""What stands at a tick: the date of a working day, or its number."""


def gantt(
    tasks: Sequence[Mapping[str, Any]], end: float, dated: Dated, title: str, now: float | None = None,
    room: Room = BROAD,
) -> str:  # fmt: skip
    """Return a bar per task over its planned time, critical ones in another colour, a thin line for its float.

    Parameters
    ----------
    tasks
        As ``tasks`` of ``schedule.json``; the first hundred and twenty by start are drawn.
    end
        Days at the right edge.
    dated
        Text of a tick.
    title
        What the chart shows, for those who cannot see it.
    now
        Day up to which it is known what was done, marked by a line.
    room
        Of the page.
    """
    shown = sorted(tasks, key=lambda task: (task["start_day"], task["finish_day"]))[:_MOST_TASKS]
    height = _HEAD + room.row * len(shown) + 6
    span = max(end, 1e-9)

    def x(day: float) -> float:
        return room.names + 6 + day / span * (room.width - room.names - 18)

    parts = list[str]()
    for tick in _round_steps(span, room.ticks):
        parts.append(f'<path d="M{x(tick):.1f} {_HEAD - 6}V{height}" stroke="var(--line)"/>')
        at, anchor = (x(tick), "middle") if x(tick) > 40.0 else (2.0, "start")
        parts.append(f'<text x="{at:.1f}" y="14" text-anchor="{anchor}">{escape(dated(tick))}</text>')
    for index, task in enumerate(shown):
        parts.append(room.name(_HEAD + index * room.row, task["name"]))
        y = _HEAD + index * room.row + room.above
        start, finish = x(task["start_day"]), x(task["finish_day"])
        critical = task["total_float_days"] <= 1e-9
        fill = "var(--fail)" if critical else "var(--accent)"
        if task["total_float_days"] > 1e-9:
            spare = x(min(task["finish_day"] + task["total_float_days"], span))
            parts.append(f'<path d="M{finish:.1f} {y + 10}H{spare:.1f}" stroke="var(--soft)" stroke-width="2"/>')
        if finish - start < 1.0:
            parts.append(f'<path d="M{start:.1f} {y + 3}l6 7l-6 7l-6 -7z" fill="{fill}"/>')
        else:
            width = finish - start
            parts.append(f'<rect x="{start:.1f}" y="{y + 3}" width="{width:.1f}" height="14" rx="3" fill="{fill}"/>')
            done = task.get("done") or 0.0
            if done > 0.0:
                parts.append(
                    f'<rect x="{start:.1f}" y="{y + 12}" width="{width * done:.1f}" height="5" fill="var(--ink)"/>'
                )
    if now is not None:
        parts.append(f'<path d="M{x(now):.1f} {_HEAD - 8}V{height}" stroke="var(--ink)" stroke-dasharray="4 4"/>')
    return svg(title, parts, height, room)


def end_chart(
    histogram: Mapping[str, Sequence[float]], marks: Sequence[tuple[float, str]], deadline: float | None, dated: Dated,
    title: str, room: Room = BROAD,
) -> str:  # fmt: skip
    """Return the distribution of the end with marks (day, label); what is later than the deadline is coloured."""
    counts, edges = histogram["counts"], histogram["edges"]
    days = [edges[0], edges[-1], *(day for day, _ in marks), *([deadline] if deadline is not None else [])]
    low, high = min(days), max(days)
    margin = 0.05 * (high - low) or 1.0
    low, high = low - margin, high + margin

    def x(day: float) -> float:
        return 10 + (day - low) / (high - low) * (room.width - 20)

    top, bottom, tallest = 18 + 18 * len(marks), _END_HEIGHT - 26, max(counts) or 1
    parts = list[str]()
    for count, start, stop in zip(counts, edges[:-1], edges[1:], strict=True):
        tall = count / tallest * (bottom - top)
        late = deadline is not None and 0.5 * (start + stop) > deadline
        fill, width = "var(--fail)" if late else "var(--accent)", max(x(stop) - x(start) - 0.6, 0.8)
        parts.append(
            f'<rect x="{x(start):.1f}" y="{bottom - tall:.1f}" width="{width:.1f}" height="{tall:.1f}" fill="{fill}"/>'
        )
    for index, (day, label) in enumerate(marks):
        y, left = 14 + 18 * index, x(day) < room.width / 2
        anchor, shift = ("start", 5) if left else ("end", -5)
        parts.append(f'<path d="M{x(day):.1f} {y - 10}V{bottom}" stroke="var(--ink)" stroke-dasharray="4 3"/>')
        text = f"{escape(label)} {escape(dated(day))}"
        parts.append(f'<text x="{x(day) + shift:.1f}" y="{y}" text-anchor="{anchor}">{text}</text>')
    for tick in _round_steps(high - low, room.ticks, low):
        parts.append(f'<text x="{x(tick):.1f}" y="{_END_HEIGHT - 8}" text-anchor="middle">{escape(dated(tick))}</text>')
    return svg(title, parts, _END_HEIGHT, room)


def tornado(rows: Sequence[tuple[str, float, float]], middle: float, title: str, room: Room = BROAD) -> str:
    """Return bars (name, low, high) on both sides of a middle value, days."""
    spare = 60 if room.names else 42
    height, half = room.row * len(rows) + 22, (room.width - room.names - 2 * spare - 10) / 2
    reach = max([1e-9, *(max(abs(low - middle), abs(high - middle)) for _, low, high in rows)])
    centre = room.names + spare + half
    parts = [f'<path d="M{centre:.1f} {4 + room.above}V{height - 18}" stroke="var(--ink)"/>']
    for index, (name, low, high) in enumerate(rows):
        parts.append(room.name(1 + index * room.row, name))
        y = 4 + index * room.row + room.above
        for value, fill in ((low, "var(--pass)"), (high, "var(--fail)")):
            shift = (value - middle) / reach * half
            left = centre + min(shift, 0.0)
            parts.append(f'<rect x="{left:.1f}" y="{y}" width="{abs(shift):.1f}" height="{_BAR}" fill="{fill}"/>')
            anchor, gap = ("start", 5) if shift >= 0 else ("end", -5)
            text = f"{value - middle:+.1f}".replace("-", "\u2212")
            parts.append(f'<text x="{centre + shift + gap:.1f}" y="{y + 12}" text-anchor="{anchor}">{text}</text>')
    return svg(title, parts, height, room)


def _round_steps(span: float, count: int, first: float = 0.0) -> list[float]:
    """Return about ``count`` round numbers from ``first`` on over a span."""
    raw = span / count
    base = 10.0 ** floor(log10(raw))
    step = next(base * factor for factor in (1.0, 2.0, 5.0, 10.0) if base * factor >= raw)
    start = ceil((first + 0.05 * span * (first != 0.0)) / step)
    return [n * step for n in range(start, floor((first + 0.95 * span) / step) + 1)]
