"""The places of a model's elements out of the ``report.json`` of a check (docs/report.schema.json)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite, radians
from typing import Any, cast

import numpy as np

from geometry.arrays import FloatArray
from geometry.design import DesignModel, Element
from geometry.uncertainty import Budget
from simulation.assembly.place import Place, PlaceKind, box_centre, designed_place
from simulation.assembly.positions import Positions
from twin.errors import Invalid

_SCHEMA = "qtems.check/1"
_FARTHEST_MM, _MOST_DEG = 100_000.0, 180.0
_ROUNDED = 1e-6
"""Share of a covariance that the digits of a report may take from it."""
_KINDS = {"missing": PlaceKind.NOT_BUILT}


@dataclass(frozen=True, slots=True)
class AsBuilt:
    """What a check says of a model, as far as a virtual assembly needs it."""

    file: str
    sha256: str
    elements: Mapping[str, Mapping[str, Any]]
    """GlobalId -> its entry in the report."""
    budget: Budget | None = None
    """The registration's covariance, which all its poses have in common; None where the report has none."""


def read_as_built(content: bytes, file: str, sha256: str, model_sha256: str) -> AsBuilt:
    """Return the elements of a report.

    Raises
    ------
    Invalid
        It is no report of a check of this model, or of one whose registration was refused.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{file}: it is no JSON ({error}); give the report.json of a check") from None
    if not isinstance(document, dict) or cast("Any", document).get("schema") != _SCHEMA:
        raise Invalid(f"{file}: it is no report of a check ({_SCHEMA}); give the report.json that qtems check wrote")
    report = cast("dict[str, Any]", document)
    if _inside(report, "registration").get("status") == "refused":
        raise Invalid(f"{file}: its registration was refused, so it holds no places; check again with control points")
    made_of = _inside(report, "provenance").get("model_sha256")
    if made_of != model_sha256:
        raise Invalid(f"{file}: it checks another model or revision ({str(made_of)[:12]}, not {model_sha256[:12]})")
    listed = report.get("elements")
    if not isinstance(listed, list):
        raise Invalid(f"{file}: elements: there are none; give the report.json that qtems check wrote")
    found = dict[str, Mapping[str, Any]]()
    for index, entry in enumerate(cast("list[Any]", listed)):
        if not isinstance(entry, dict) or not isinstance(cast("Any", entry).get("global_id"), str):
            raise Invalid(f"{file}: elements[{index}]: it has no global_id")
        found[cast("Any", entry)["global_id"]] = cast("dict[str, Any]", entry)
    return AsBuilt(file, sha256, found, _budget(_inside(report, "registration"), file))


def _budget(registration: Mapping[str, Any], file: str) -> Budget | None:
    """Return what the places of a check have in common; its pivot is in the model file's coordinates."""
    told, pivot = registration.get("covariance"), registration.get("covariance_pivot_m")
    if told is None or pivot is None:
        return None
    where = f"{file}: registration.covariance"
    covariance = np.array([[_number(value, where, 1e6) for value in row] for row in _table(told, where)])
    _require_covariance(covariance, where)
    if not isinstance(pivot, list) or len(cast("list[Any]", pivot)) != 3:
        raise Invalid(f"{where}_pivot_m: it is no list of three numbers")
    at = [_number(value, f"{where}_pivot_m", 1e9) for value in cast("list[Any]", pivot)]
    return Budget(covariance, np.array(at), 0.0)


def places_of(design: DesignModel, positions: Positions, as_built: AsBuilt | None, unseen: float) -> dict[str, Place]:
    """Return the places of all elements of a model.

    Parameters
    ----------
    design, positions
        The model, and how well its classes are placed.
    as_built
        What a check measured; None: nothing.
    unseen
        Standard deviation, metres, of what a check did not see of an element that it measured, where its class has
        none.

    Raises
    ------
    Invalid
        A pose makes no sense.
    """
    places = dict[str, Place]()
    for global_id, element in design.elements.items():
        sd = positions.sd(element.ifc_class)
        entry = None if as_built is None else as_built.elements.get(global_id)
        if as_built is None:
            places[global_id] = designed_place(sd)
        elif entry is None or not entry.get("pose") or entry.get("state") != "installed":
            state = "" if entry is None else str(entry.get("state"))
            places[global_id] = designed_place(sd, _KINDS.get(state, PlaceKind.NOT_SEEN))
        else:
            where = f"{as_built.file}: {global_id}: pose"
            place = _measured(entry["pose"], element, sd or unseen, where)
            budget = as_built.budget
            places[global_id] = place if budget is None else _with_shared(place, element, budget, design.origin)
    return places


def _with_shared(place: Place, element: Element, budget: Budget, origin: FloatArray) -> Place:
    """Return a place with what it has in common with others of its check; with nothing where it holds less than that.

    What nobody measured has nothing in common with what somebody did: it is a guess about the design.
    """
    known = ~np.array(place.unknown)
    common = budget.pose_at(box_centre(element) + origin) * np.outer(known, known)
    values, vectors = np.linalg.eigh(common)
    own = place.covariance * np.outer(known, known) - common
    if float(np.linalg.eigvalsh(own).min()) < -_ROUNDED * max(float(np.abs(place.covariance).max()), 1e-18):
        return place
    return replace(place, shared=vectors * np.sqrt(np.maximum(values, 0.0)))


def _measured(pose: Any, element: Element, unseen: float, where: str) -> Place:
    if not isinstance(pose, dict):
        raise Invalid(f"{where}: it is no pose")
    words = cast("Mapping[str, Any]", pose)
    k = _number(words.get("coverage_factor"), f"{where}.coverage_factor", 100.0)
    if not k > 0.0:
        raise Invalid(f"{where}.coverage_factor: {k:g} is not above 0")
    moved, moved_sd = (_three(words, word, where, _FARTHEST_MM) for word in ("translation_mm", "uncertainty_mm"))
    turned, turned_sd = (_three(words, word, where, _MOST_DEG) for word in ("rotation_deg", "rotation_uncertainty_deg"))
    unknown = tuple(value is None for value in (*moved, *turned))
    twist = np.array([1e-3 * (v or 0.0) for v in moved] + [radians(v or 0.0) for v in turned])
    half = max(0.5 * float(np.linalg.norm(np.ptp(element.mesh.vertices, axis=0))), 1e-3)
    guess = [unseen] * 3 + [unseen / half] * 3
    known = [1e-3 * (v or 0.0) / k for v in moved_sd] + [radians(v or 0.0) / k for v in turned_sd]
    spread = np.where(unknown, guess, known)
    return Place(twist, _covariance(words, unknown, spread, where), PlaceKind.AS_BUILT, unknown)


def _covariance(words: Mapping[str, Any], unknown: tuple[bool, ...], spread: FloatArray, where: str) -> FloatArray:
    """Return the covariance (6, 6) of what is known as the report has it, else of the uncertainties alone."""
    covariance = np.diag(spread**2)
    given = words.get("covariance")
    if given is None:
        return covariance
    rows = _table(given, f"{where}.covariance")
    for i in range(6):
        for j in range(6):
            if not unknown[i] and not unknown[j]:
                covariance[i, j] = _number(rows[i][j], f"{where}.covariance[{i}][{j}]", 1e6)
    _require_covariance(covariance, f"{where}.covariance")
    return covariance


def _table(given: Any, where: str) -> list[list[Any]]:
    rows = cast("list[Any]", given) if isinstance(given, list) else []
    if len(rows) != 6 or any(not isinstance(row, list) or len(cast("list[Any]", row)) != 6 for row in rows):
        raise Invalid(f"{where}: it is no table of six by six")
    return rows


def _require_covariance(covariance: FloatArray, where: str) -> None:
    if not np.allclose(covariance, covariance.T) or np.linalg.eigvalsh(covariance).min() < -1e-9:
        raise Invalid(f"{where}: it is not that of anything: not symmetric, or negative along a direction")


def _inside(report: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    value = report.get(word)
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _three(words: Mapping[str, Any], word: str, where: str, most: float) -> list[float | None]:
    value = words.get(word)
    if not isinstance(value, list) or len(cast("list[Any]", value)) != 3:
        raise Invalid(f"{where}.{word}: it is no list of three numbers")
    return [None if one is None else _number(one, f"{where}.{word}", most) for one in cast("list[Any]", value)]


def _number(value: Any, where: str, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or abs(value) > most:
        raise Invalid(f"{where}: {str(value)[:40]!r} is no number up to {most:g}")
    return float(value)
