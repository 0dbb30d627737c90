"""The charts of a simulated line, as SVG that takes its colours from the page."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from simulation.flow.engine import Happening
from simulation.flow.model import Line

WIDTH = 720
COLOURS = {
    "busy": "#2878b5", "setup": "#8a63b8", "starved": "#c3cad3", "blocked": "#e39a2d", "waiting": "#d6c33f",
    "down": "#c4412f", "off": "#7f8893",
}  # fmt: skip
"""Of what a machine does; each is also named."""
_LEFT = 190


def stacked(rows: Sequence[tuple[str, Mapping[str, float]]], title: str) -> str:
    """Return a bar for each station with the shares of its time by state."""
    step, room = 30, WIDTH - _LEFT - 8
    parts = list[str]()
    for index, (name, shares) in enumerate(rows):
        y, x = 4 + index * step, float(_LEFT)
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 17}" text-anchor="end">{escape(_cut(name))}</text>')
        for state, colour in COLOURS.items():
            width = shares[state] * room
            if width > 0.05:
                tip = f"<title>{escape(name)}: {state} {100 * shares[state]:.1f} %</title>"
                parts.append(
                    f'<rect x="{x:.2f}" y="{y + 3}" width="{width:.2f}" height="20" fill="{colour}">{tip}</rect>'
                )
            x += width
    return _svg(title, parts, step * len(rows) + 8)


def course(times: Sequence[float], values: Sequence[float], warm_up: float, title: str) -> str:
    """Return a line over time, with the part that was left out shaded; ``values`` are at the times or between them."""
    height, left, right, top, bottom = 180, 52, 8, 8, 26
    end, most = times[-1] or 1.0, max([*values, 1e-12])
    points = list(zip(times[1:] if len(values) < len(times) else times, values, strict=True))

    def x(time: float) -> float:
        return left + time / end * (WIDTH - left - right)

    def y(value: float) -> float:
        return height - bottom - value / most * (height - top - bottom)

    path = "M" + "L".join(f"{x(time):.1f} {y(value):.1f}" for time, value in points)
    parts = [f'<path d="{path}" fill="none" stroke="var(--accent)" stroke-width="1.6"/>']
    if warm_up > 0.0:
        width = x(warm_up) - left
        parts.insert(
            0, f'<rect x="{left}" y="{top}" width="{width:.1f}" height="{height - top - bottom}" class="left-out"/>'
        )
    parts += _axis(end, x, height - bottom)
    for value in (0.0, 0.5 * most, most):
        parts.append(f'<text x="{left - 6}" y="{y(value) + 5:.1f}" text-anchor="end">{value:.3g}</text>')
        parts.append(f'<path d="M{left} {y(value):.1f}H{WIDTH - right}" stroke="var(--line)"/>')
    return _svg(title, parts, height)


def gantt(log: Sequence[Happening], line: Line, until: float, title: str) -> str:
    """Return what every machine worked on from the start of a run: a block per unit, repairs in their colour."""
    lanes = [(station.name, machine) for station in line.stations for machine in range(min(station.servers, 4))]
    rows, step, bottom = {lane: index for index, lane in enumerate(lanes)}, 22, 26
    height = step * len(lanes) + bottom + 6

    def x(time: float) -> float:
        return _LEFT + min(time, until) / until * (WIDTH - _LEFT - 10)

    parts = list[str]()
    for lane, index in rows.items():
        label = lane[0] if line.station(lane[0]).servers == 1 else f"{lane[0]} {lane[1] + 1}"
        parts.append(f'<text x="{_LEFT - 8}" y="{index * step + 17}" text-anchor="end">{escape(_cut(label))}</text>')
    for (station, machine), start, end, what, unit in _blocks(log, until):
        if (station, machine) not in rows:
            continue
        y, width = 4 + rows[station, machine] * step, max(x(end) - x(start) - 0.4, 0.4)
        colour = COLOURS["down"] if what == "down" else f"hsl({(unit * 47) % 360} 48% 52%)"
        high, shift = (5, 12) if what == "down" else (14, 2)
        tip = f"<title>{escape(station)}: {what if what == 'down' else unit}, {start:.4g}–{end:.4g}</title>"
        parts.append(
            f'<rect x="{x(start):.2f}" y="{y + shift}" width="{width:.2f}" height="{high}" fill="{colour}">{tip}</rect>'
        )
    return _svg(title, [*parts, *_axis(until, x, height - bottom)], height)


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


def _axis(end: float, x: Callable[[float], float], y: float) -> list[str]:
    from math import floor, log10

    raw = end / 6.0
    base = 10.0 ** floor(log10(raw))
    step = next(base * factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if base * factor >= raw * 0.999)
    parts, number = list[str](), 0
    while number * step <= end * 0.97:
        at = x(number * step)
        parts.append(f'<path d="M{at:.1f} {y}v5" stroke="var(--soft)"/>')
        parts.append(f'<text x="{at:.1f}" y="{y + 19}" text-anchor="middle">{number * step:.6g}</text>')
        number += 1
    return parts


def _cut(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"


def _svg(title: str, parts: Sequence[str], height: int) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )
