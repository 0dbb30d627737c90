"""A page to print: each storey from above, where the scanner stands, and the coordinates."""

from collections.abc import Mapping, Sequence
from html import escape

from twin.inspection_plan import InspectionPlan
from twin.scan_plan import StoreyScan

Outline = tuple[float, float, float, float]
"""Lower x and y, upper x and y of an element's box from above, metres."""
_WIDTH, _HEIGHT = 900.0, 560.0
_STYLE = (
    "body{font:14px sans-serif;margin:2em;color:#111}h2{margin:1.5em 0 .3em}"
    "section{break-inside:avoid}svg{border:1px solid #999;max-width:100%}"
    "table{border-collapse:collapse}td,th{border:1px solid #999;padding:2px 8px;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
)


def stations_sheet(plan: InspectionPlan, outlines: Mapping[str, Sequence[Outline]]) -> str:
    """Return the page as HTML that needs nothing else; ``outlines`` are drawn in grey, by storey."""
    if plan.scanning is None:
        return ""
    title = f"{plan.number} rev {plan.revision}: where to scan"
    scanner = plan.scanning.scanner
    said = (
        f"{escape(plan.title)}. Surfaces count as seen from {scanner.min_range_m} to {scanner.max_range_m} m, up to "
        f"{scanner.max_incidence_deg} degrees off their normal. Coordinates are the model's, metres; z the scanner's. "
        f"{len(plan.scanning.unseen)} elements are seen from no station and measured by hand."
    )
    parts = [_storey(storey, outlines.get(storey.storey, ())) for storey in plan.scanning.storeys]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1><p>{said}</p>{''.join(parts)}</html>"
    )


def _storey(storey: StoreyScan, outlines: Sequence[Outline]) -> str:
    rows = "".join(
        f"<tr><td>{escape(s.name)}</td><td>{s.x_m}</td><td>{s.y_m}</td><td>{s.z_m}</td>"
        f"<td>{100 * s.adds:.0f} %</td></tr>"
        for s in storey.stations
    )
    name = escape(storey.storey) or "Whole model"
    table = f"<table><tr><th>Station</th><th>x</th><th>y</th><th>z</th><th>adds</th></tr>{rows}</table>"
    if not storey.stations:
        table = "<p>There is nowhere to stand from which something is seen.</p>"
    return f"<section><h2>{name}</h2>{_drawing(storey, outlines)}{table}</section>"


def _drawing(storey: StoreyScan, outlines: Sequence[Outline]) -> str:
    """Return the storey from above, north up, drawn to fit."""
    at = [(float(s.x_m), float(s.y_m)) for s in storey.stations]
    xs = [x for x, _ in at] + [x for box in outlines for x in box[0::2]]
    ys = [y for _, y in at] + [y for box in outlines for y in box[1::2]]
    if not xs:
        return ""
    left, low = min(xs) - 1.0, min(ys) - 1.0
    wide, high = max(xs) + 1.0 - left, max(ys) + 1.0 - low
    scale = min(_WIDTH / wide, _HEIGHT / high)
    boxes = "".join(
        f'<rect x="{(x - left) * scale:.1f}" y="{(low + high - top) * scale:.1f}" '
        f'width="{(right - x) * scale:.1f}" height="{(top - y) * scale:.1f}"/>'
        for x, y, right, top in outlines
    )
    marks = "".join(
        f'<circle cx="{(x - left) * scale:.1f}" cy="{(low + high - y) * scale:.1f}" r="9" fill="#c00"/>'
        f'<text x="{(x - left) * scale:.1f}" y="{(low + high - y) * scale + 4:.1f}" font-size="11" fill="#fff" '
        f'text-anchor="middle">{i}</text>'
        for i, (x, y) in enumerate(at, start=1)
    )
    return (
        f'<svg width="{wide * scale:.0f}" height="{high * scale:.0f}" role="img">'
        f'<g fill="none" stroke="#aaa" stroke-width="0.6">{boxes}</g>{marks}</svg>'
    )
