"""Use case: from what was recorded of units to P(defect) of each, what acting is worth, and when to distrust it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geometry.arrays import BoolArray, FloatArray, IntArray
from twin.errors import Invalid
from twin.operations.rehearsal_input import named, read_input
from twin.operations.unit_table import UnitTable, codes, defects, identifiers, moments, read_units

if TYPE_CHECKING:
    from simulation.prediction.process_data import Column, Units
    from simulation.prediction.quality_document import QualityPlan
    from simulation.prediction.quality_trial import Stakes
    from twin.rehearsal.quality_json import QualityResult

JSON_FILE, PAGE_FILE, UNITS_FILE = "quality.json", "quality.html", "quality-units.csv"
_ESCAPE, _ACTION = 10.0, 1.0
"""Costs where none are given; the result says so."""
_MOSTLY_UNLIKE = 0.9
_SAME = 1e-6
"""Scores of one model on another machine are as near as that."""


@dataclass(frozen=True, slots=True)
class QualityRequest:
    """What to learn from, and for what; what is "" here is taken from the plan."""

    file: Path
    out_dir: Path | None = None
    plan: Path | None = None
    score: Path | None = None
    """Later units, whose probability of a defect is asked for."""
    outcome: str = ""
    defective: str = ""
    time: str = ""
    group: str = ""
    seed: int = 0
    lang: str = "en"
    settings: "QualityPlan | None" = None
    """In place of a plan's file."""
    as_before: Path | None = None
    """``quality.json`` of the run whose model this one is to be; the result says where it is another."""


@dataclass(frozen=True, slots=True, eq=False)
class QualityOutcome:
    """What was found and the files that say so."""

    result: "QualityResult"
    files: tuple[Path, ...]

    @property
    def needs_action(self) -> bool:
        """Whether the model is not shown to be of use, the goal not shown to be reached, or something drifts."""
        study, new = self.result.study, self.result.new
        drifts = study.watch.alarm is not None or (new is not None and new.scored.watch.alarm is not None)
        return not study.useful or drifts or (study.goal is not None and study.goal.reached != "shown")


def run_quality(request: QualityRequest) -> QualityOutcome:
    """Learn, try, score new units where they are given, and write what came out.

    Raises
    ------
    Invalid
        A file cannot be read or makes no sense; the text names it and the place.
    """
    from geometry.source import sha256_of
    from twin.rehearsal.quality_json import NewUnits, QualityProvenance, QualityResult

    plan = _plan(request)
    table = read_units(request.file)
    with named(request.file):
        learnt, notes = _units(table, plan)
        stakes, told = _stakes(plan)
    given = [path for path in (request.file, request.plan, request.score) if path is not None]
    sources = tuple((path.name, sha256_of(path)) for path in given)
    later = None if request.score is None else _later(request.score, plan, learnt, table, sources)
    with named(request.file):
        from simulation.prediction.quality_study import score_units, study

        found = study(learnt, stakes, plan.goal, request.seed)
    new = None
    if later is not None:
        new = NewUnits(later.file, later.names, score_units(found, later.recorded, later.defective), later.notes)
    result = QualityResult(
        found, plan, (*told, *notes, *learnt.notes), new, QualityProvenance(sources, version("qtems"), request.seed)
    )
    if request.as_before is not None:
        result = replace(result, notes=(*_unlike(request.as_before, result), *result.notes))
    return QualityOutcome(result, _written(request, result))


def _unlike(before: Path, result: "QualityResult") -> tuple[str, ...]:
    """Say where a model that was learnt anew is not the one that was tried then."""
    from twin.rehearsal.quality_json import quality_document
    from twin.rehearsal.quality_notes import another_model

    told = json.loads(before.read_bytes()), quality_document(result)
    then, now = (_fingerprint(one) for one in told)
    same = then[0] == now[0] and np.allclose(then[1], now[1], rtol=_SAME, atol=_SAME)
    return () if same else (another_model(),)


def _fingerprint(told: Any) -> tuple[object, list[float]]:
    """Return what a model learnt from and as what, and how it did on the units that it was tried on."""
    tried = told["tried_on"]
    return told["learnt_from"], [tried["brier"]["value"], tried["log_score"]["value"], told["threshold"]["probability"]]


def _written(request: QualityRequest, result: "QualityResult") -> tuple[Path, ...]:
    if request.out_dir is None:
        return ()
    from twin.rehearsal.files import write_whole
    from twin.rehearsal.quality_json import quality_json, units_csv
    from twin.rehearsal.quality_page import quality_page
    from twin.report.write import ensure_writable

    ensure_writable(request.out_dir)
    written = {JSON_FILE: quality_json(result), PAGE_FILE: quality_page(result, request.lang)}
    if result.new is not None:
        written[UNITS_FILE] = units_csv(result.new, result.study)
    return write_whole(request.out_dir, written)


def _plan(request: QualityRequest) -> "QualityPlan":
    from simulation.prediction.quality_document import QualityPlan, read_quality

    plan = request.settings or QualityPlan()
    if request.plan is not None:
        with named(request.plan):
            plan = read_quality(read_input(request.plan))
    asked = {word: getattr(request, word) for word in ("outcome", "defective", "time", "group")}
    plan = replace(plan, **{word: value for word, value in asked.items() if value})
    if not plan.outcome:
        raise Invalid(f"{request.file}: which column says whether a unit was defective? Give --outcome COLUMN")
    return plan


def _stakes(plan: "QualityPlan") -> "tuple[Stakes, tuple[str, ...]]":
    from simulation.prediction.quality_trial import Stakes

    if plan.stakes is not None:
        return plan.stakes, ()
    from twin.rehearsal.quality_notes import assumed

    return Stakes(_ESCAPE, _ACTION), (assumed(_ESCAPE, _ACTION),)


def _units(table: UnitTable, plan: "QualityPlan") -> "tuple[Units, tuple[str, ...]]":
    """Return the units in the order of time, and what has to be said of that."""
    from simulation.prediction.process_data import units
    from twin.rehearsal.quality_notes import in_order, twice

    bad = defects(table, plan.outcome, plan.defective)
    notes = list[str]()
    if plan.time:
        times = moments(table, plan.time)
        order = np.argsort(times, kind="stable")
        moment = np.unique(times[order], return_inverse=True)[1].astype(np.int64)
    else:
        order, moment = np.arange(table.count), np.arange(table.count)
        notes.append(in_order())
    _named_once(table, plan)
    columns = _features(table, plan)
    whole: dict[str, Column] = {**columns, "\0outcome": bad.astype(np.float64)}
    if plan.time:
        whole["\0moment"] = moment[np.argsort(order, kind="stable")].astype(np.float64)
    kept = order if plan.identifier else order[_first_of_alike(whole, order)]
    if copies := table.count - len(kept):
        notes.append(twice(copies))
    place = np.argsort(order, kind="stable")
    group = codes(table, plan.group)[kept] if plan.group else None
    ordered = {name: _taken(column, kept) for name, column in columns.items()}
    return units(ordered, bad[kept], moment[place[kept]], group, known_before=plan.known_before), tuple(notes)


def _features(table: UnitTable, plan: "QualityPlan") -> "dict[str, Column]":
    for name in (*plan.ignore, *plan.known_before):
        table.column(name, "ignore or known_before")
    others = {plan.outcome, plan.time, plan.group, plan.identifier, *plan.ignore}
    return {name: column for name, column in table.columns.items() if name not in others}


def _named_once(table: UnitTable, plan: "QualityPlan") -> None:
    """Refuse a unit that is there twice: it would be learnt from and tried on."""
    if not plan.identifier:
        return
    seen = dict[str, int]()
    for index, name in enumerate(identifiers(table, plan.identifier)):
        if name and name in seen:
            before = seen[name] + table.first_row
            raise Invalid(f"{table.row(index)}: unit {name[:40]!r} is in row {before} already; keep one of them")
        seen[name] = index


def _taken(column: "Column", which: IntArray) -> "Column":
    return tuple(column[int(index)] for index in which) if isinstance(column, tuple) else column[which]


def _rows(columns: "Mapping[str, Column]", count: int) -> list[bytes]:
    """Return each unit as bytes, to be compared."""
    parts = [
        np.unique([one or "" for one in column], return_inverse=True)[1].astype(np.float64)
        if isinstance(column, tuple)
        else column
        for column in columns.values()
    ]
    table = np.ascontiguousarray(np.column_stack(parts) if parts else np.zeros((count, 0)))
    return [row.tobytes() for row in table]


def _first_of_alike(columns: "Mapping[str, Column]", order: IntArray) -> BoolArray:
    """Return which units, in order, are no copy of an earlier one; where many are alike by nature, all."""
    rows, seen = _rows(columns, len(order)), set[bytes]()
    first = np.ones(len(order), dtype=np.bool_)
    for place, index in enumerate(order):
        first[place] = rows[index] not in seen
        seen.add(rows[index])
    return first if len(seen) > _MOSTLY_UNLIKE * len(order) else np.ones(len(order), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """New units, in the order of time."""

    file: str
    names: tuple[str, ...]
    recorded: FloatArray
    defective: BoolArray | None
    notes: tuple[str, ...]


def _later(
    path: Path, plan: "QualityPlan", learnt: "Units", known: UnitTable, sources: tuple[tuple[str, str], ...]
) -> _Later:
    """Return new units as they can be scored; units that were learnt from are refused."""
    if sources[-1][1] == sources[0][1]:
        raise Invalid(f"{path}: these are the units that were learnt from; give units that came later")
    table = read_units(path)
    _none_known(table, known, plan)
    order = np.arange(table.count)
    if plan.time:
        times, last = moments(table, plan.time), float(moments(known, plan.time).max())
        if (times <= last).any():
            row = table.row(int(np.flatnonzero(times <= last)[0]))
            raise Invalid(f"{row}: made before the last unit that was learnt from: what is known of it is its future")
        order = np.argsort(times, kind="stable")
    bad, notes = _outcomes(table, plan)
    with named(path):
        recorded = learnt.encoding.encoded(table.columns)[order]
    names = identifiers(table, plan.identifier)
    return _Later(path.name, tuple(names[int(k)] for k in order), recorded, None if bad is None else bad[order], notes)


def _outcomes(table: UnitTable, plan: "QualityPlan") -> "tuple[BoolArray | None, tuple[str, ...]]":
    """Return which new units were defective, where that is known of all; and what has to be said."""
    column = table.columns.get(plan.outcome)
    if column is None:
        return None, ()
    gone = column.count(None) if isinstance(column, tuple) else int(np.isnan(column).sum())
    if gone:
        from twin.rehearsal.quality_notes import unjudged

        return None, (unjudged(table.path.name, gone, table.count),)
    value = plan.defective
    return defects(table, plan.outcome, value) if value or _both(column) else _all_or_none(table, plan.outcome), ()


def _both(column: "Column") -> bool:
    return len(set(column) if isinstance(column, tuple) else np.unique(column)) > 1


def _all_or_none(table: UnitTable, name: str) -> BoolArray:
    """Return outcomes that are all the same, as few units' may be."""
    from twin.operations.unit_table import means_defective

    return np.full(table.count, means_defective(table, name))


def _none_known(table: UnitTable, learnt: UnitTable, plan: "QualityPlan") -> None:
    """Refuse new units that were learnt from: by what they are called, else by what was recorded of them."""
    if plan.identifier:
        known = set(identifiers(learnt, plan.identifier)) - {""}
        again = [k for k, name in enumerate(identifiers(table, plan.identifier)) if name in known]
    else:
        names = [name for name in _features(learnt, plan) if name in table.columns]
        pairs = {name: _stacked(learnt.columns[name], table.columns[name]) for name in names}
        rows = _rows(pairs, learnt.count + table.count)
        known_rows = set(rows[: learnt.count])
        again = [k for k, row in enumerate(rows[learnt.count :]) if row in known_rows]
        if len(known_rows) <= _MOSTLY_UNLIKE * learnt.count:
            again = []
    if again:
        text = f"this unit was learnt from ({len(again)} of {table.count} were)"
        raise Invalid(f"{table.row(again[0])}: {text}; give units that came later")


def _stacked(first: "Column", second: "Column") -> "Column":
    if isinstance(first, tuple) or isinstance(second, tuple):
        return (*_as_texts(first), *_as_texts(second))
    return np.concatenate([first, second])


def _as_texts(column: "Column") -> tuple[str | None, ...]:
    return column if isinstance(column, tuple) else tuple(None if np.isnan(one) else f"{one:g}" for one in column)
