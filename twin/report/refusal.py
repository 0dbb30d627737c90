"""What a refused registration says: the most likely cause and what to do first, and no figure that reassures.

A residual, an uncertainty or a count of agreeing elements describes how closely a position was fitted, not whether it
is the right one; of a position that may be wrong they are left out. ``report.json`` holds them for programs.
"""

from dataclasses import dataclass

import numpy as np

from geometry.note import Note, listed
from geometry.registration.result import Registration
from geometry.scan import Scan
from twin.report import figures
from twin.report.selection import shown_positions
from twin.report.words import Words, clean

_BY_NOTE = {
    "wrong_units": "units",
    "scan_too_large": "units",
    "scan_too_small": "units",
    "near_tie": "near_tie",
    "few_agree": "revision",
    "pose_uncertain": "sparse",
    "pair_outlier": "pairs",
    "pairs_misfit": "pairs",
    "pairs_too_close": "pairs",
    "pairs_off": "pairs",
    "pairs_beaten": "pairs",
}
"""Word of the registration's own line -> cause, where it says more than the reason does."""
_BY_PLACEMENT = {
    ("given", "low_overlap"): "frame",
    ("matrix", "low_overlap"): "frame",
    ("control_points", "low_overlap"): "control_frame",
    ("control_points", "residual"): "control",
}
_BY_REASON = {
    "ambiguous": "symmetric",
    "low_overlap": "elsewhere",
    "degenerate": "featureless",
    "residual": "revision",
    "no_geometry": "no_surfaces",
}
_STEPS = {
    "elsewhere": ("same_place", "units", "control_points", "given"),
    "units": ("correct_units",),
    "frame": ("frame", "auto", "control_points"),
    "control_frame": ("control_check", "same_place", "auto"),
    "control": ("control_check", "auto"),
    "pairs": ("pairs_check", "control_points"),
    "symmetric": ("control_points", "scan_unique", "given"),
    "near_tie": ("control_points", "revision", "given"),
    "featureless": ("control_points", "scan_more", "given"),
    "revision": ("revision", "control_points"),
    "sparse": ("scan_more", "control_points"),
    "no_surfaces": ("solids",),
    "unknown": ("same_place", "control_points", "given"),
}
_CONTROL_POINTS = (
    "name,scan_x,scan_y,scan_z,design_x,design_y,design_z",
    "P1,12.340,5.120,0.980,1.000,8.250,0.000",
    "P2,18.905,5.164,0.983,7.565,8.294,0.003",
    "P3,12.371,9.840,3.871,1.031,12.970,2.891",
)
"""Control points as a file, in metres."""
_EXAMPLES = {"control_points": _CONTROL_POINTS}


@dataclass(frozen=True, slots=True)
class Refusal:
    """The parts of a report on a refused registration."""

    cause: str
    """The most likely one, as a sentence."""
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    """What to do, first things first; each with the lines of an example file, if it asks for a file."""
    rows: tuple[tuple[str, str], ...]
    """What the refusal rests on."""
    left_out: str
    positions: tuple[tuple[str, str, str, str], ...]
    """Of positions that compete: name, share of the scan explained, distance and turn from the first."""
    captions: tuple[str, ...]
    """One for each picture."""
    legend: tuple[tuple[str, str], ...]
    """Sign and meaning of what the pictures show: ``model``, ``on``, ``off``, ``stations``, ``arrow``."""
    legend_use: str
    """How to tell from the pictures which position is right; empty where there is one only."""


def refusal_text(found: Registration, scan: Scan, words: Words) -> Refusal:
    """Return what a report says of a refused registration."""
    cause = cause_of(found)
    several = len(shown_positions(found)) > 1
    legend = ["model", "on", "off"]
    if several:
        legend += [*(["stations"] if len(scan.station_positions()) else []), "arrow"]
    return Refusal(
        cause=words(f"cause.{cause}"),
        steps=tuple((words(f"next.{step}"), _EXAMPLES.get(step, ())) for step in _STEPS[cause]),
        rows=_rows(found, cause, words),
        left_out=words("registration.left_out"),
        positions=_positions(found, words) if several else (),
        captions=_captions(found, words),
        legend=tuple((key, words(f"legend.{key}")) for key in legend),
        legend_use=words("legend.use") if several else "",
    )


def cause_of(found: Registration) -> str:
    """Return the word of the most likely cause of a refusal.

    Examples
    --------
    >>> from geometry.registration.result import RegistrationStatus
    >>> cause_of(Registration(RegistrationStatus.REFUSED, None, "given", "low_overlap"))
    'frame'
    """
    said = _BY_NOTE.get(found.detail.word) if isinstance(found.detail, Note) else None
    return said or _BY_PLACEMENT.get((found.method, found.reason)) or _BY_REASON.get(found.reason, "unknown")


def _rows(found: Registration, cause: str, words: Words) -> tuple[tuple[str, str], ...]:
    rows = [(words("method"), words.term("method", found.method))]
    if found.reason == "low_overlap" and found.T_design_scan is not None:
        rows.append((words("overlap.refused"), figures.percent(found.overlap, 1)))
    if found.reason == "ambiguous" and found.rivals:
        rows.append((words("positions"), str(len(found.rivals) + 1)))
    if found.unobservable and cause == "featureless":
        rows.append((words("unobservable"), clean(words.say(listed(found.unobservable)))))
    return (*rows, *left_at_points(found, words))


def left_at_points(found: Registration, words: Words) -> tuple[tuple[str, str], ...]:
    """Return what is left at control points, or by name at pairs that were picked; nothing where there are none."""
    if found.pairs:
        each = (f"{pair.name} {figures.mm(pair.residual_m)}" for pair in found.pairs)
        return ((words("pair_residuals"), f"{' / '.join(each)} mm"),)
    if not found.control_residuals_m:
        return ()
    left = " / ".join(figures.mm(value) for value in found.control_residuals_m)
    return ((words("control_residuals"), f"{left} mm"),)


def _name(place: int, words: Words) -> str:
    return words("registration.position", letter=chr(ord("A") + place))


def _positions(found: Registration, words: Words) -> tuple[tuple[str, str, str, str], ...]:
    """Return the table of competing positions; none of them is the best one."""
    explained = found.detail.values.get("best", "") if isinstance(found.detail, Note) else ""
    first = (_name(0, words), explained.replace("%", " %") or figures.DASH, figures.DASH, figures.DASH)
    others = (
        (_name(n, words), figures.percent(rival.score), f"{figures.fixed(rival.distance_m, 2)} m",
         f"{figures.fixed(float(np.degrees(rival.angle_rad)), 1)}°")
        for n, rival in enumerate(found.rivals, start=1)
    )  # fmt: skip
    return (first, *others)


def _captions(found: Registration, words: Words) -> tuple[str, ...]:
    shown = len(shown_positions(found))
    if shown <= 1:
        return (words("registration.not_used"),) * shown
    apart = (
        words(
            "registration.position_apart",
            position=_name(n, words),
            distance=figures.fixed(rival.distance_m, 2),
            angle=figures.fixed(float(np.degrees(rival.angle_rad)), 1),
        )
        for n, rival in enumerate(found.rivals[: shown - 1], start=1)
    )
    return (_name(0, words), *apart)
