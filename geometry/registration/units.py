"""When a scan does not fit, find out whether it would fit in other units."""

import numpy as np

from geometry.arrays import FloatArray
from geometry.errors import EmptyInput
from geometry.note import Note
from geometry.pose import Pose
from geometry.registration.automatic import register_automatically
from geometry.registration.result import RegistrationStatus
from geometry.registration.search import search
from geometry.registration.surfaces import DesignSurface, building_size, scan_sample
from geometry.scan import Scan, Station

FACTORS = {
    0.001: Note("scan_in_mm", "the scan is in millimetres, or the model in kilometres"),
    0.01: Note("scan_in_cm", "the scan is in centimetres"),
    0.0254: Note("scan_in_inches", "the scan is in inches"),
    0.3048: Note("scan_in_feet", "the scan is in feet, or the model was read as if its feet were metres"),
    1 / 0.3048: Note(
        "model_in_feet", "the model is in feet but was read as metres, or the scan was scaled down by 0.3048"
    ),
    1 / 0.0254: Note("model_in_inches", "the model is in inches but was read as metres"),
    100.0: Note("model_in_cm", "the model is in centimetres but was read as metres"),
    1000.0: Note(
        "model_in_mm", "the model is in millimetres but was read as metres, or the scan was scaled down by 1000"
    ),
}
"""What to multiply the scan with, and what it would mean."""
_SANE = (0.05, 30.0)
_WORTH_TRYING = (0.15, 6.0)
_CONVINCING = 0.55
_MUCH_MORE = 1.5
_MOST_TRIES = 4
_POINTS = 30_000


def size_ratio(scan: Scan, surface: DesignSurface) -> float:
    """Return how many times as large as the model the scan is, by the spread of the middle 96 % of its points."""
    low, high = np.percentile(scan.points[:: max(1, len(scan.points) // 100_000)], [2, 98], axis=0)
    return float(np.linalg.norm(high - low) / np.linalg.norm(surface.upper - surface.lower))


def is_sane(ratio: float) -> bool:
    """Return whether a scan of this relative size may show the model at all; a scan of a single room may."""
    return _SANE[0] / 10 <= ratio <= _SANE[1]


def unit_hint(scan: Scan, surface: DesignSurface, seed: int, beaten: float) -> str:
    """Return which units would make the scan fit, one clause; empty when none does.

    ``beaten`` is the share of the scan that the best known pose explains as the files stand: a hint must explain much
    more, and much more than any pose does without scaling: a scan that fits elsewhere has the right units. A small
    enough scan fits somewhere in any model, so the pose must also be one that a registration finds sound.
    The likelier factors are tried: those that make the scan about as large as the model.
    """
    ratio = size_ratio(scan, surface)
    likely = [f for f in FACTORS if _WORTH_TRYING[0] <= ratio * f <= _WORTH_TRYING[1]]
    likely.sort(key=lambda f: abs(np.log(ratio * f)))
    shares = [(_explained(_scaled(scan, f), surface, seed), f) for f in likely[:_MOST_TRIES]]
    best, factor = max(shares, key=lambda found: found[0], default=(0.0, 1.0))
    if best <= max(_CONVINCING, _MUCH_MORE * beaten):
        return ""
    if is_sane(ratio) and best <= _MUCH_MORE * _explained(scan, surface, seed):
        return ""
    if not _is_sound(_scaled(scan, factor), surface, seed):
        return ""
    return Note(
        "would_fit", "scaled by {factor} it would fit: probably {why}", factor=f"{factor:.4g}", why=FACTORS[factor]
    )


def _explained(scan: Scan, surface: DesignSurface, seed: int) -> float:
    try:
        sample = scan_sample(scan, seed)
    except EmptyInput:
        return 0.0
    found = search(surface, sample.first(_POINTS), building_size(surface), Pose.identity())
    return found[0].score if found else 0.0


def _is_sound(scan: Scan, surface: DesignSurface, seed: int) -> bool:
    """Say whether a registration accepts the scan, or cannot tell only which of several fitting poses it is."""
    found = register_automatically(surface, scan_sample(scan, seed), seed, lambda _: None)
    return found.status is RegistrationStatus.ACCEPTED or (found.reason == "ambiguous" and found.overlap > _CONVINCING)


def _scaled(scan: Scan, factor: float) -> Scan:
    stations = tuple(Station(s.name, _times(s.position, factor), s.levelled, s.rotation) for s in scan.stations)
    return Scan(scan.points * factor, scan.station_index, stations, scan.origin, scan.sources)


def _times(position: FloatArray | None, factor: float) -> FloatArray | None:
    return None if position is None else position * factor
