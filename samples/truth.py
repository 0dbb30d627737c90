"""What is true about a simulated scan, written as ``truth.json``.

Per element, in the format of the published check cases: ``points`` returns whose beam met the element and no edge
split; ``normal_p90_mm`` the 90th percentile over those points of how far the surface they lie on moved along its
own normal (free of noise); ``points_off_mm`` how many lie on surface that moved by more; ``design_rays`` rays that
would have hit the element first as designed; ``through_rays`` of a missing element, those that came back from over
50 mm elsewhere. Ours in addition: ``behind_rays``, those that came back from over 50 mm behind it, ``bow_mm`` and
``size_change_mm`` where planted, ``openings`` of an element whose kind is ``opening`` (by name: offset, change of size
and designed box), and ``extras`` beside the elements: what stands there though nobody designed it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import Element
from samples.defects import Defect, OpeningDefect, displaced
from samples.scanner import SimulatedScan

Json: TypeAlias = "str | int | float | list[Json] | dict[str, Json]"
THRESHOLDS_MM = (2, 3, 4, 6, 8, 10, 12, 15, 20)


def truth_of(
    scan: SimulatedScan, elements: Mapping[str, Element], model: str, seed: int, noise_m: float
) -> dict[str, Json]:
    """Return the truth of a scan as plain JSON values."""
    moves_m = _moves_by_element(scan)
    described: dict[str, Json] = {}
    for i, guid in enumerate(scan.global_ids):
        rays = (int(scan.tally.design_rays[i]), int(scan.tally.through_rays[i]), int(scan.tally.behind_rays[i]))
        described[guid] = _element_truth(elements[guid], scan.defects.by_element[guid], moves_m[i], rays)
    extras: dict[str, Json] = {
        name: {"box_m": [_rounded(part.built.min(axis=0), 4), _rounded(part.built.max(axis=0), 4)]}
        for name, part in sorted(scan.defects.extras.items())
    }
    return {
        "model": model,
        "seed": seed,
        "scan_to_model": [[float(x) for x in row] for row in scan.T_design_site.matrix],
        "points": scan.point_count,
        "stations": [[float(x) for x in s.T_design_station.translation] for s in scan.stations],
        "noise_mm": noise_m * 1000,
        "extras": extras,
        "elements": described,
    }


def write_truth(truth: Mapping[str, Json], path: Path) -> None:
    """Write the truth as UTF-8 JSON."""
    path.write_text(json.dumps(truth, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _moves_by_element(scan: SimulatedScan) -> list[FloatArray]:
    """Return, per element, how far (n,) the surface under each of its points moved along its normal, metres."""
    clean = [(s.element >= 0) & ~s.mixed for s in scan.stations]
    element = np.concatenate([s.element[keep] for s, keep in zip(scan.stations, clean, strict=True)])
    moves = np.concatenate([s.normal_move[keep] for s, keep in zip(scan.stations, clean, strict=True)])
    order = np.argsort(element, kind="stable")
    edges = np.searchsorted(element[order], np.arange(1, len(scan.global_ids)))
    return np.split(moves[order], edges)


def _element_truth(element: Element, defect: Defect, moves_m: FloatArray, rays: tuple[int, int, int]) -> Json:
    vertices, moves_mm = element.mesh.vertices, moves_m * 1000
    off: dict[str, Json] = {str(t): int((moves_mm > t).sum()) for t in THRESHOLDS_MM}
    truth: dict[str, Json] = {
        "cls": element.ifc_class,
        "name": element.name,
        "kind": defect.kind,
        "offset_mm": _rounded(np.array(defect.offset_m) * 1000, 3),
        "tilt_deg": _rounded(np.degrees(defect.tilt_rad), 4),
        "size_m": _rounded(vertices.max(axis=0) - vertices.min(axis=0), 3),
        "points": len(moves_mm),
        "design_rays": rays[0],
        "normal_p90_mm": round(float(np.percentile(moves_mm, 90)), 2) if len(moves_mm) else 0.0,
        "points_off_15mm": int((moves_mm > 15).sum()),
        "points_off_mm": off,
    }
    if defect.kind == "missing":
        return truth | {"through_rays": rays[1], "behind_rays": rays[2]}
    if any(defect.bow_m):
        truth["bow_mm"] = _rounded(np.array(defect.bow_m) * 1000, 3)
    if any(defect.size_change_m):
        truth["size_change_mm"] = _rounded(np.array(defect.size_change_m) * 1000, 3)
    if defect.openings:
        truth["openings"] = {opening.name: _opening_truth(opening) for opening in defect.openings}
    largest = max(np.linalg.norm(displaced(vertices, defect) - vertices, axis=1).max(), np.linalg.norm(defect.bow_m))
    return truth | {"max_move_mm": round(float(largest) * 1000, 2)}


def _opening_truth(opening: OpeningDefect) -> Json:
    return {
        "offset_mm": _rounded(np.array(opening.offset_m) * 1000, 3),
        "size_change_mm": _rounded(np.array(opening.size_change_m) * 1000, 3),
        "box_m": [_rounded(np.array(opening.low_m), 4), _rounded(np.array(opening.high_m), 4)],
    }


def _rounded(values: FloatArray, digits: int) -> list[Json]:
    return [round(float(x), digits) + 0.0 for x in values]
