"""Use case: from checks to what is probably out of tolerance, where to look next, and whether it came true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from twin.errors import Invalid
from twin.operations.check_reports import Entry, report_identity, reported_elements
from twin.operations.rehearsal_input import named, read_input

if TYPE_CHECKING:
    from simulation.prediction.checked import Asked, Checked, Reading
    from twin.rehearsal.predict_json import PredictResult, Stake

JSON_FILE, PAGE_FILE = "predict.json", "predict.html"
OVERLAY_FILE = "predict-overlay.json"
_DEFAULT_COST, _DEFAULT_MINUTES = 1.0, 10.0
_MOST_COST, _MOST_MINUTES = 1e9, 1e5
_LONGEST_MM = 1e9
_UNKNOWN = "_unknown"
"""Ends a reason of a report: a characteristic that a limit asks for and that is not known."""


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """From which checks to predict, and for what."""

    reports: tuple[Path, ...]
    """``report.json`` of checks, the oldest first: what a later one measured counts."""
    out_dir: Path | None = None
    budget_minutes: float = 480.0
    instrument_u_mm: float = 1.0
    """Standard uncertainty of what inspections measure with."""
    candidate_from: float = 0.5
    """Probability from which an element becomes a predicted nonconformance candidate."""
    costs: Path | None = None
    stakes: "Mapping[str, Stake] | None" = None
    """In place of a file of costs: by class, "" stands for all others."""
    score: Path | None = None
    """A later report to score the predictions against."""
    seed: int = 0
    lang: str = "en"


@dataclass(frozen=True, slots=True, eq=False)
class PredictOutcome:
    """What was found and the files that say so."""

    result: "PredictResult"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether an element is so probably out of tolerance that somebody has to look."""
        return any(one.expected and one.probability >= self.result.candidate_from for one in self.result.predictions)


def run_predict(request: PredictRequest) -> PredictOutcome:
    """Predict from checks, plan inspections, and score the predictions where a later check is given.

    Raises
    ------
    Invalid
        A file cannot be read or makes no sense; the text names it and the place.
    """
    from geometry.source import sha256_of
    from twin.rehearsal.predict_json import PredictProvenance, predict_json, risk_overlay
    from twin.rehearsal.predict_page import predict_page

    if request.score is not None:
        require_another(request.score, request.reports)
    stakes = _stakes(request.costs) if request.stakes is None else request.stakes
    elements = _checked(request.reports)
    later = None if request.score is None else _checked((request.score,))
    with named(request.reports[-1]):
        result = _predicted(request, elements, later, stakes)
    if request.out_dir is None:
        return PredictOutcome(result, ())
    from twin.rehearsal.files import write_whole
    from twin.report.write import ensure_writable

    ensure_writable(request.out_dir)
    given = (*request.reports, *([request.score] if request.score else []))
    provenance = PredictProvenance(
        tuple((path.name, sha256_of(path)) for path in given),
        version("qtems"),
        request.seed,
        None if request.costs is None else (request.costs.name, sha256_of(request.costs)),
    )
    written = {
        JSON_FILE: predict_json(result, provenance),
        PAGE_FILE: predict_page(result, provenance, request.lang),
        OVERLAY_FILE: risk_overlay(result, request.lang),
    }
    return PredictOutcome(result, write_whole(request.out_dir, written))


def require_another(later: Path, learnt: Sequence[Path]) -> None:
    """Refuse to score predictions by what they were learnt from: the same report, or another one of the same scans.

    Raises
    ------
    Invalid
        The text names both files.
    """
    asked = report_identity(later)
    for path in learnt:
        known = report_identity(path)
        if asked.content == known.content:
            raise Invalid(f"{later}: this is {path}, which was learnt from; give the report of a later check")
        if asked.scans & known.scans:
            raise Invalid(f"{later}: it is of a scan that {path} is of, which was learnt from; give a later check's")


def _predicted(
    request: PredictRequest,
    elements: Sequence["Checked"],
    later: Sequence["Checked"] | None,
    stakes: "Mapping[str, Stake]",
) -> "PredictResult":
    import numpy as np

    from simulation.prediction.elements import learn_families, outcomes, predict
    from simulation.prediction.inspection import choose
    from simulation.prediction.scoring import score
    from twin.rehearsal.predict_json import Loop, PredictResult, candidate

    learnt = learn_families(elements, np.random.default_rng(request.seed))
    predictions = predict(elements, learnt)
    rows = [candidate(one, stakes, request.instrument_u_mm) for one in predictions]
    loop = None
    if later is not None:
        said, came, drifts, doubtful = outcomes(predictions, later)
        found = score(said, came > 0.5) if len(said) else None
        loop = Loop(found, drifts, doubtful)
    return PredictResult(
        tuple(elements), learnt, predictions, tuple(rows), choose(rows, request.budget_minutes),
        request.budget_minutes, request.candidate_from, request.instrument_u_mm, loop,
    )  # fmt: skip


def _checked(paths: Sequence[Path]) -> list["Checked"]:
    """Return the elements of reports: of each element what the last report that measured it says."""
    from dataclasses import replace

    from simulation.prediction.checked import Checked

    found = dict[str, Checked]()
    for path in paths:
        for index, entry in enumerate(reported_elements(path)):
            one = _element(entry, f"{path}: elements[{index}]")
            before = found.get(one.global_id)
            if before is not None and not one.readings and not one.missing:
                one = replace(
                    one, readings=before.readings, missing=before.missing, exempt=one.exempt and not before.told,
                    asked=before.asked or one.asked, unknown=before.unknown or one.unknown,
                )  # fmt: skip
            found[one.global_id] = one
    return list(found.values())


def _element(entry: Entry, place: str) -> "Checked":
    from simulation.prediction.checked import Asked, Checked, Reading

    measurements = entry.get("measurements") or []
    if not isinstance(measurements, list):
        raise Invalid(f"{place}.measurements: it is no list; the report is damaged")
    told = [_told(one, f"{place}.measurements[{k}]") for k, one in enumerate(cast("list[Any]", measurements))]
    global_id, name, kind, storey, predefined = (
        str(entry.get(word) or "") for word in ("global_id", "name", "ifc_class", "storey", "predefined_type")
    )
    reasons: Any = entry.get("reasons")
    words = [str(one) for one in cast("list[Any]", reasons)] if isinstance(reasons, list) else []
    return Checked(
        global_id, name, kind, storey, entry.get("state") == "missing",
        tuple(one for one in told if isinstance(one, Reading)), predefined,
        asked=tuple(one for one in told if isinstance(one, Asked)),
        unknown=tuple(word.removesuffix(_UNKNOWN) for word in words if word.endswith(_UNKNOWN)),
        exempt="no_tolerance" in words,
    )  # fmt: skip


def _told(told: Any, place: str) -> "Reading | Asked | None":
    """Return a measured value, or what is asked for and was not measured; None for what has no limit."""
    from geometry.measured import UNSIGNED
    from simulation.prediction.checked import Asked, Reading

    if not isinstance(told, dict):
        raise Invalid(f"{place}: it is no measurement; the report is damaged")
    entry = cast("dict[str, Any]", told)
    values = [entry.get(word) for word in ("actual_mm", "expanded_uncertainty_mm", "lower_mm", "upper_mm")]
    for value in (*values, entry.get("coverage_factor")):
        known = isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and (not known or not abs(value) <= _LONGEST_MM):
            raise Invalid(f"{place}: {str(value)[:40]} is no length; the report is damaged")
    actual, expanded, lower, upper = values
    if lower is None and upper is None:
        return None
    direction, characteristic = str(entry.get("direction") or ""), str(entry.get("characteristic") or "")
    name, source = f"{characteristic} {direction}".strip(), str(entry.get("source") or "")
    if characteristic in UNSIGNED:
        lower = None  # a distance has no lower limit: nothing is flatter than flat
    limits = -inf if lower is None else float(lower), inf if upper is None else float(upper)
    if not limits[0] < limits[1]:
        return None  # an exact value is asked for: no measurement can show it
    if actual is None or expanded is None:
        return Asked(name, *limits, source)
    factor = max(abs(float(entry.get("coverage_factor") or 2.0)), 1e-3)
    verdict = str(entry.get("verdict") or "")
    return Reading(name, float(actual), abs(float(expanded)) / factor, *limits, verdict, source)


def _stakes(path: Path | None) -> "dict[str, Stake]":
    """Return cost of an escape and minutes of an inspection by class; "" stands for all others."""
    from twin.rehearsal.predict_json import Stake

    if path is None:
        return {"": Stake(_DEFAULT_COST, _DEFAULT_MINUTES)}
    from simulation.document import Section, read_document

    def stake(section: Section, usual: Stake) -> Stake:
        section.knows("cost", "minutes")
        cost = section.number("cost", usual.cost, low=0.0, high=_MOST_COST)
        minutes = section.number("minutes", usual.minutes, low=0.0, high=_MOST_MINUTES)
        section.close()
        return Stake(cost, minutes)

    with named(path):
        top = read_document(read_input(path), "costs")
        top.knows("default", "classes")
        usual = stake(top.section("default"), Stake(_DEFAULT_COST, _DEFAULT_MINUTES))
        found = {name: stake(section, usual) for name, section in top.sections("classes")}
        top.close()
    return {"": usual, **found}
