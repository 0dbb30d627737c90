"""The charts of a simulated line, as SVG that takes its colours from the page."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import floor, log10

from simulation.flow.engine import Happening
from simulation.flow.model import Line
from twin.rehearsal.room import Room, in_both, svg

COLOURS = {
    "busy": "#2878b5", "setup": "#8a63b8", "starved": "#c3cad3", "blocked": "#e39a2d", "waiting": "#d6c33f",
    "down": "#c4412f", "off": "#7f8893",
}  # fmt: skip
"""Of what a machine does; each is also named."""
_EDGE = 12
"""So near to the left edge nothing stands in the middle of its place."""
_LETTER = 7.4
"""Width of a figure."""
_NAME = 22
"""Letters of a name beside a bar."""


def stacked(rows: Sequence[tuple[str, Mapping[str, float]]], title: str) -> str:
    """Return a bar for each station with the shares of its time by state, for broad pages and for phones."""
    return in_both(lambda room: _stacked(rows, title, room))


def course(times: Sequence[float], values: Sequence[float], warm_up: float, title: str) -> str:
    """Return a line over time, with the part that was left out shaded; ``values`` are at the times or between them."""
    return in_both(lambda room: _course(times, values, warm_up, title, room))


def gantt(log: Sequence[Happening], line: Line, until: float, title: str) -> str:
    """Return what every machine worked on from the start of a run: a block per unit, repairs in their colour."""
    return in_both(lambda room: _gantt(log, line, until, title, room))


def _stacked(rows: Sequence[tuple[str, Mapping[str, float]]], title: str, room: Room) -> str:
    step = room.row + 8
    parts = list[str]()
    for index, (name, shares) in enumerate(rows):
        top, x = 2 + index * step, float(room.names)
        parts.append(room.name(top + 4 if room.names else top, name, _NAME))
        for state, colour in COLOURS.items():
            width = shares[state] * (room.width - room.names - 8)
            if width > 0.05:
                tip = f"<title>{escape(name)}: {state} {100 * shares[state]:.1f} %</title>"
                y = top + room.above + 5
                parts.append(f'<rect x="{x:.2f}" y="{y}" width="{width:.2f}" height="20" fill="{colour}">{tip}</rect>')
            x += width
    return svg(title, parts, step * len(rows) + 8, room)


def _course(times: Sequence[float], values: Sequence[float], warm_up: float, title: str, room: Room) -> str:
    end, most = times[-1] or 1.0, max([*values, 1e-12])
    levels = {value: f"{value:.0f}" if 1e3 <= value < 1e6 else f"{value:.3g}" for value in (0.0, 0.5 * most, most)}
    height, right, top, bottom = 180, 8, 8, 26
    left = 14 + _LETTER * max(map(len, levels.values()))
    points = list(zip(times[1:] if len(values) < len(times) else times, values, strict=True))

    def x(time: float) -> float:
        return left + time / end * (room.width - left - right)

    def y(value: float) -> float:
        return height - bottom - value / most * (height - top - bottom)

    path = "M" + "L".join(f"{x(time):.1f} {y(value):.1f}" for time, value in points)
    parts = [f'<path d="{path}" fill="none" stroke="var(--accent)" stroke-width="1.6"/>']
    if warm_up > 0.0:
        width = x(warm_up) - left
        parts.insert(
            0, f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height - top - bottom}" class="left-out"/>'
        )
    parts += _axis(end, x, height - bottom, room)
    for value, said in levels.items():
        parts.append(f'<text x="{left - 6:.1f}" y="{y(value) + 5:.1f}" text-anchor="end">{said}</text>')
        parts.append(f'<path d="M{left:.1f} {y(value):.1f}H{room.width - right}" stroke="var(--line)"/>')
    return svg(title, parts, height, room)


def _gantt(log: Sequence[Happening], line: Line, until: float, title: str, room: Room) -> str:
    lanes = [(station.name, machine) for station in line.stations for machine in range(min(station.servers, 4))]
    rows, bottom = {lane: index for index, lane in enumerate(lanes)}, 26
    height = room.row * len(lanes) + bottom + 6

    def x(time: float) -> float:
        return room.names + min(time, until) / until * (room.width - room.names - 10)

    parts = list[str]()
    for lane, index in rows.items():
        label = lane[0] if line.station(lane[0]).servers == 1 else f"{lane[0]} {lane[1] + 1}"
        parts.append(room.name(index * room.row + (2 if room.names else 0), label, _NAME))
    for (station, machine), start, end, what, unit in _blocks(log, until):
        if (station, machine) not in rows:
            continue
        y, width = (
            (4 if room.names else 0) + rows[station, machine] * room.row + room.above,
            max(x(end) - x(start) - 0.4, 0.4),
        )
        colour = COLOURS["down"] if what == "down" else f"hsl({(unit * 47) % 360} 48% 52%)"
        high, shift = (5, 12) if what == "down" else (14, 2)
        tip = f"<title>{escape(station)}: {what if what == 'down' else unit}, {start:.4g}–{end:.4g}</title>"
        parts.append(
            f'<rect x="{x(start):.2f}" y="{y + shift}" width="{width:.2f}" height="{high}" fill="{colour}">{tip}</rect>'
        )
    return svg(title, [*parts, *_axis(until, x, height - bottom, room)], height, room)


def _blocks(log: Sequence[Happening], until: float) -> list[tuple[tuple[str, int], float, float, str, int]]:
    """Return (lane, start, end, what, unit) of work and of repairs."""
    begun = dict[tuple[str, int, str], tuple[float, int]]()
    found = list[tuple[tuple[str, int], float, float, str, int]]()
    starts, ends = {"start": "work", "fail": "down"}, {"finish": "work", "repaired": "down"}
    for one in log:
        if one.time > until:
            break
        if one.activity in starts:
            begun.setdefault((one.station, one.machine, starts[one.activity]), (one.time, one.unit))
        elif one.activity in ends:
            start = begun.pop((one.station, one.machine, ends[one.activity]), None)
            if start is not None:
                found.append(((one.station, one.machine), start[0], one.time, ends[one.activity], start[1]))
    for (station, machine, what), (start, unit) in begun.items():
        found.append(((station, machine), start, until, what, unit))
    return sorted(found, key=lambda block: (block[3] == "down", block[1]))


def _axis(end: float, x: Callable[[float], float], y: float, room: Room) -> list[str]:
    raw = end / (room.ticks + 1)
    base = 10.0 ** floor(log10(raw))
    step = next(base * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if base * factor >= raw * 0.999)
    parts, number = list[str](), 0
    while number * step <= end * 0.97:
        at = x(number * step)
        parts.append(f'<path d="M{at:.1f} {y}v5" stroke="var(--soft)"/>')
        anchor = "middle" if at > _EDGE else "start"
        parts.append(f'<text x="{at:.1f}" y="{y + 19}" text-anchor="{anchor}">{number * step:.6g}</text>')
        number += 1
    return parts
