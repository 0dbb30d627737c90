"""What all that was seen since says together: of what was corrected, and of what was left as it is."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from geometry.verdict import Outcome
from twin.disposition import Decision, DispositionLine, said
from twin.ncr_criteria import requirements_of, said_of
from twin.ncr_parts import Criteria, Occurrence, RecheckOutcome, RecheckSource, Requirement, worst
from twin.ncr_record import Event, NonConformance
from twin.record import Id


def speaks_for(line: DispositionLine, outcome: RecheckOutcome, criteria: Criteria) -> bool:
    """Say whether a re-inspection's outcome decides about a line.

    Rework and replacement answer to the original criteria. A repair answers to its own; that it fails the original ones
    was known, that it passes them is more than was asked.
    """
    if outcome.about not in (line.global_ids or (line.id,)):
        return False
    if line.decision is Decision.REPAIR:
        return criteria is Criteria.REPAIR or outcome.verdict is Outcome.PASS
    return criteria is Criteria.ORIGINAL


def latest_verdicts(ncr: NonConformance, line: DispositionLine) -> dict[str, Outcome]:
    """Return by element, or line, the worst of what the latest evidence says of each requirement.

    What was captured last counts, whenever it was recorded; what no evidence judged is not measured. Whatever has no
    evidence at all is left out.
    """
    found = _latest(ncr, line)
    return {
        about: worst(tuple(_open_requirements(ncr, line, about, found).values()) or (Outcome.PASS,)) for about in found
    }


def redated(ncr: NonConformance, checks: Collection[Id], captured_at: datetime) -> NonConformance:
    """Return a record in which what some checks said is as of another time: their scan was dated wrongly."""
    said = tuple(
        replace(r, captured_at=captured_at) if r.source is RecheckSource.CHECK_RUN and r.id in checks else r
        for r in ncr.rechecks
    )
    seen = tuple(
        replace(o, captured_at=captured_at) if o.captured_at is not None and o.check_run in checks else o
        for o in ncr.occurrences
    )
    return replace(ncr, rechecks=said, occurrences=seen)


def rechecks(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask that the last re-inspection of everything corrected passed; what it left open stays open."""
    missing: list[str] = []
    for line in ncr.corrections:
        found = _latest(ncr, line)
        for about in line.global_ids or (line.id,):
            left = _open_requirements(ncr, line, about, found)
            if about in found and not left:
                continue
            name = f"element {about}" if line.global_ids else "it"
            not_passed = f", not {worst(tuple(left.values())).value}" if about in found else ""
            asked = [said_of(requirement) for requirement in left if requirement is not None]
            by = f" ({'; '.join(asked)})" if about in found and asked else ""
            missing.append(f"{said(line)}: a re-inspection of {name} that passes{not_passed}{by}")
    return tuple(missing)


def occurrences(ncr: NonConformance, _: datetime) -> tuple[str, ...]:
    """Ask that people decided about what changed after the disposition: a concession covers what it was given for."""
    disposed = max((s.at for s in ncr.steps if s.event is Event.DISPOSE), default=None)
    if disposed is None:
        return ()
    missing: list[str] = []
    for one in changed(ncr):
        if one.noted_at > disposed:
            about = ", ".join(sorted({f.global_id for f in one.failures})) or "what was seen"
            missing.append(
                f"a decision about {about}, which changed after the disposition (finding {one.finding}): reconsider, "
                "or note that finding with a reason"
            )
    return tuple(missing)


def changed(ncr: NonConformance) -> tuple[Occurrence, ...]:
    """Return what a later check saw changed and nobody decided about, as far as nothing later shows otherwise."""
    decided = {o.finding for o in ncr.occurrences if o.reason.strip()}
    latest = _last_seen(ncr)
    return tuple(
        o
        for o in ncr.occurrences
        if not (o.unchanged or o.reason.strip() or o.finding in decided)
        and any(latest[about] <= o.seen_at and not _put_right(ncr, about, o) for about in _about(ncr, o))
    )


def _put_right(ncr: NonConformance, about: str, seen: Occurrence) -> bool:
    """Say whether the work on an element was finished, or its re-inspection captured, after it was seen so."""
    if all(about not in line.global_ids for line in ncr.corrections):
        return False
    later = (r.captured_at for r in ncr.rechecks if any(o.about == about for o in r.outcomes))
    finished = ncr.corrected_at is not None and seen.seen_at < ncr.corrected_at
    return finished or any(at > seen.seen_at for at in later)


def _about(ncr: NonConformance, seen: Occurrence) -> frozenset[str]:
    return frozenset(f.global_id for f in seen.failures) or frozenset(ncr.global_ids)


def _last_seen(ncr: NonConformance) -> Mapping[str, datetime]:
    """Return when each element was last seen failing, as far as occurrences tell."""
    latest: dict[str, datetime] = {}
    for seen in ncr.occurrences:
        for about in _about(ncr, seen):
            latest[about] = max(latest.get(about, seen.seen_at), seen.seen_at)
    return latest


def _latest(ncr: NonConformance, line: DispositionLine) -> dict[str, dict[Requirement | None, Outcome]]:
    """Return by element and requirement what the latest evidence says; None is an answer as a whole."""
    latest: dict[str, dict[Requirement | None, Outcome]] = {}
    for recheck in sorted(ncr.rechecks, key=lambda r: r.captured_at):
        if ncr.corrected_at is not None and recheck.captured_at < ncr.corrected_at:
            continue  # dated anew since: it is of the time before the work
        for outcome in recheck.outcomes:
            if not speaks_for(line, outcome, recheck.criteria):
                continue
            if line.decision is Decision.REPAIR or not outcome.criteria:
                latest[outcome.about] = {None: outcome.verdict}
            else:
                judged = {criterion.requirement: criterion.verdict for criterion in outcome.criteria}
                latest[outcome.about] = latest.get(outcome.about, {}) | judged
    return latest


def _open_requirements(
    ncr: NonConformance,
    line: DispositionLine,
    about: str,
    latest: Mapping[str, Mapping[Requirement | None, Outcome]],
) -> dict[Requirement | None, Outcome]:
    """Return the requirements that an element was not seen to pass, with what was found instead."""
    found = latest.get(about, {})
    whole = found.get(None, Outcome.NOT_MEASURED)
    asked: tuple[Requirement | None, ...] = requirements_of(ncr, about)
    if line.decision is Decision.REPAIR or not asked or set(found) == {None}:
        asked = (None,)
    verdicts = {requirement: found.get(requirement, whole) for requirement in asked}
    return {requirement: verdict for requirement, verdict in verdicts.items() if verdict is not Outcome.PASS}
