"""``fitup.html``: a fit-up as one page that needs nothing else."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from geometry.arrays import FloatArray
from simulation.fitup.document import FitupDocument
from simulation.fitup.pairing import Pairing
from simulation.fitup.study import FitResult
from twin.rehearsal.figures import Figures
from twin.rehearsal.fitup_json import FitupProvenance, ScannedFile, assumptions, fitup_document
from twin.rehearsal.fitup_rows import bolt_rows, joint_rows, pairing_rows, rework_lines, scan_rows
from twin.rehearsal.page import render
from twin.rehearsal.room import BROAD, in_both
from twin.rehearsal.said import Said

_MARGIN, _MOST_DRAWN = 60.0, 200
_RADIUS, _SIGN = 26.0, 8.4
"""Of a bolt's whole slack where there is room; width of a letter; pixels."""
_WORTH_A_BAR = 0.005


def fitup_page(
    document: FitupDocument,
    results: Sequence[FitResult],
    pairing: Pairing | None,
    provenance: FitupProvenance,
    language: str,
    *,
    scanned: Sequence[ScannedFile] = (),
) -> bytes:
    """Return the report as one UTF-8 HTML file, in ``en`` or ``zh``."""
    from markupsafe import Markup

    content: Any = fitup_document(document, results, pairing, provenance, scanned)
    say, unit = Said(language), document.unit
    joints = [
        {
            "d": joint, "rows": bolt_rows(joint, unit, say), "rework": rework_lines(joint, unit, say),
            "picture": Markup(drawing(result, document.metres, say, unit)), "shares": _shares(joint, say),
        }
        for joint, result in zip(content["joints"], results, strict=True)
    ]  # fmt: skip
    values = {
        "d": content, "say": say, "lang": language, "summary": joint_rows(content, say), "joints": joints,
        "pairing": pairing_rows(content, say), "notes": [say.note(note) for note in assumptions(results, scanned)],
        "scans": scan_rows(scanned, document.metres, unit, say),
        "value": Figures().value, "short": Figures().short, "number": Figures().number, "percent": Figures().percent,
    }  # fmt: skip
    return render("fitup.html.j2", values)


def _shares(joint: Any, say: Said) -> Any:
    """Return bars of how probably a joint fits, set in three ways; nothing where nothing is uncertain."""
    from markupsafe import Markup

    from twin.rehearsal.charts import bars

    if not joint["samples"] or joint["unknown"] or joint["p_fit"]["value"] < _WORTH_A_BAR:
        return ""
    words = (("p_fit", "p_fit"), ("p_least_squares", "p_fit_least_squares"), ("p_as_placed", "p_fit_as_placed"))
    rows = [(say(f"fitup.{w}"), joint[k]["value"], joint[k]["low"], joint[k]["high"]) for w, k in words]
    return Markup(bars(rows, say("fitup.p_fit")))


def drawing(result: FitResult, metres: float, say: Said, unit: str) -> str:
    """Return the holes of both parts as set, looked at along their axes: offsets enlarged, short of slack in red.

    For broad pages and for phones, where bolts are named only as far as there is room: the table below names all.
    """
    if not result.joint.bolts:
        return ""
    return in_both(lambda room: _drawn(result, metres, say, unit, float(room.width)))


def _drawn(result: FitResult, metres: float, say: Said, unit: str, width: float) -> str:
    bolts = result.joint.bolts[:_MOST_DRAWN]
    fixed = np.array([result.joint.fixed.holes[bolt.hole].at for bolt in bolts])
    moving = result.pose.apply(np.array([result.joint.moving.holes[bolt.hole].at for bolt in bolts]))
    across, up = _view(result.joint.fixed.holes[bolts[0].hole].axis)
    flat = np.stack([fixed @ across, fixed @ up], axis=1)
    offset = np.stack([(moving - fixed) @ across, (moving - fixed) @ up], axis=1)
    low, span = flat.min(axis=0), np.maximum(np.ptp(flat, axis=0), 1e-9)
    margin = min(_MARGIN, 0.15 * width)
    scale = min((width - 2 * margin) / span[0], 420.0 / span[1])
    height = span[1] * scale + 2 * _MARGIN
    allowed = max(bolt.allowed for bolt in result.bolts[:_MOST_DRAWN])
    side = 0.5 * (width - span[0] * scale)
    places = np.stack([side + (flat[:, 0] - low[0]) * scale, height - _MARGIN - (flat[:, 1] - low[1]) * scale], axis=1)
    radius = min(_RADIUS, 0.3 * _nearest(places))  # a bolt's whole slack is so many pixels
    enlarged = radius / max(allowed, 1e-9)
    parts = list[str]()
    for (x, y), move, bolt in zip(places, offset, result.bolts, strict=False):
        parts.append(_bolt(x, y, move * enlarged, bolt.allowed * enlarged, bolt.slack >= 0.0))
        title = f"{bolt.hole}: {bolt.slack / metres:.3g} {unit}".replace("-", "\u2212")
        if radius == _RADIUS and _room_beside(places, (x, y)) > _SIGN * len(title):
            parts.append(f'<text x="{x:.1f}" y="{y + 42:.1f}" text-anchor="middle">{escape(title)}</text>')
    label = escape(say("fitup.drawing"), quote=True)
    return (
        f'<svg class="chart" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _nearest(places: FloatArray) -> float:
    """Return how far the nearest two places are apart, pixels; infinite for one alone."""
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return float(apart.min())


def _room_beside(places: FloatArray, at: tuple[float, float]) -> float:
    """Return how wide a text below a place may be before it meets that of the next in its row, pixels."""
    apart = np.abs(places - at)
    beside = apart[(apart[:, 1] < 14.0) & (apart[:, 0] > 1.0), 0]
    return float(beside.min()) if len(beside) else float(BROAD.width)


def _bolt(x: float, y: float, move: FloatArray, allowed: float, good: bool) -> str:
    """Return the circle within which the other centre may lie, and where it lies."""
    colour = "var(--pass)" if good else "var(--fail)"
    to_x, to_y = x + float(move[0]), y - float(move[1])
    far = float(np.hypot(*move))
    if far > 56.0:  # out of the picture: its direction is enough
        to_x, to_y = x + float(move[0]) * 56.0 / far, y - float(move[1]) * 56.0 / far
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{max(allowed, 0.0):.1f}" fill="none" stroke="var(--soft)"/>'
        f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke="{colour}" stroke-width="2"/>'
        f'<circle cx="{to_x:.1f}" cy="{to_y:.1f}" r="4" fill="{colour}"/>'
    )


def _view(axis: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the directions to the right and up of a view along an axis; of a vertical one, x and y."""
    seed = np.array([1.0, 0.0, 0.0]) if abs(axis[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    across = seed - (seed @ axis) * axis
    across /= np.linalg.norm(across)
    return across, np.cross(axis, across)
