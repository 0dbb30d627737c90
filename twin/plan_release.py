"""Where work waits at an item of an inspection plan, and what lets it proceed.

The rules (ITP practice; ISO 9001:2015 8.6): work waits at a hold until its owner has released it; a witness who was
notified and did not come within the notice is not waited for; a release rests on passing inspections and checks or on
nonconformances that were closed, and whatever is said against it later has to be released anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from geometry.verdict import Outcome
from twin.access import Capacity
from twin.errors import Refused
from twin.execution_record import NcrAnswer, PlanExecution, Release
from twin.inspection_plan import BLOCKING, PlanPoint, PointCode
from twin.record import Signature, SignatureMeaning, content_sha256, require_utc
from twin.signed_content import digest_of, require_signature


def missing_to_proceed(execution: PlanExecution, *, now: datetime) -> tuple[str, ...]:
    """Return what keeps work from proceeding past this item, one phrase each."""
    require_utc(now)
    against = {word for word, good in _words(execution) if not good}
    released = {r.party for r in execution.releases if against <= set(r.basis)}
    missing: list[str] = []
    for point in execution.points:
        party = point.party.value.replace("_", " ")
        if point.code in BLOCKING:
            if point.party not in released:
                missing.append(f"release of '{execution.activity}' by the {party}")
        elif point.code is PointCode.WITNESS and not _witnessed(execution, point, now):
            missing.append(f"the {party} at '{execution.activity}', or its notice and the end of it")
    return tuple(dict.fromkeys(missing))


def missing_to_release(execution: PlanExecution, *, now: datetime) -> tuple[str, ...]:
    """Return the elements for which nothing speaks yet, one phrase each.

    For each element the last word counts: a passing inspection or check, an NCR that was closed on what the item looks
    at, a concession while it holds; an open NCR speaks against it whatever else is said.
    """
    said: dict[str, list[tuple[datetime, bool]]] = {}
    for inspection in execution.inspections:
        for global_id in inspection.global_ids:
            said.setdefault(global_id, []).append((inspection.signed_at, inspection.outcome is Outcome.PASS))
    for check in execution.checks:
        if execution.started_at is not None and check.captured_at < execution.started_at:
            continue  # dated anew since it was linked: it is of the time before the work
        for one in check.outcomes:
            if one.outcome is not Outcome.NOT_MEASURED:
                said.setdefault(one.global_id, []).append((check.captured_at, one.outcome is Outcome.PASS))
    still_open: set[str] = set()
    for ncr in execution.ncrs:
        if ncr.answer is NcrAnswer.OPEN:
            still_open.update(ncr.global_ids)
        elif ncr.until is None or require_utc(now) < ncr.until:
            for global_id in ncr.speaks_for:
                said.setdefault(global_id, []).append((ncr.at, True))
    return tuple(
        f"a passing inspection or check, a closed NCR or a concession for {global_id}"
        for global_id in execution.global_ids
        if global_id in still_open or not _last_word(said.get(global_id, ()))
    )


def release_digest(execution: PlanExecution, party: Capacity) -> str:
    """Return the digest that the party signs: what the release rests on."""
    content = digest_of(execution, without=("releases", "notifications", "attendances"))
    return content_sha256({"execution": content, "party": party.value})


def release(execution: PlanExecution, party: Capacity, signature: Signature) -> PlanExecution:
    """Release a hold, or approve, or sign a review: by its owner, on what was found, not by who found it.

    Raises
    ------
    Refused
        If the party has no such point, nothing speaks for an element, or the signature does not fit.
    """
    execution.point(party, (*BLOCKING, PointCode.REVIEW))
    missing = missing_to_release(execution, now=signature.signed_at)
    if missing:
        raise Refused(f"'{execution.activity}' cannot be released yet: {missing[0]} is missing", missing=missing)
    found_by = {linked.linked_by: "took the check for it" for linked in execution.checks}
    found_by |= {linked.inspector: "inspected it" for linked in execution.inspections}
    require_signature(
        signature, release_digest(execution, party), role=party, meaning=SignatureMeaning.APPROVAL, not_by=found_by
    )
    kept = tuple(r for r in execution.releases if r.party is not party)
    basis = tuple(word for word, _ in _words(execution))
    return replace(execution, releases=(*kept, Release(party, signature, basis)))


def _witnessed(execution: PlanExecution, point: PlanPoint, now: datetime) -> bool:
    """Say whether a witness came, or need not be waited for: notified with proof, and the notice is over."""
    if any(a.party is point.party for a in execution.attendances):
        return True
    notice = timedelta(hours=point.notice_hours)
    return any(
        n.party is point.party and n.proof is not None and now >= max(n.invited_for, n.sent_at + notice)
        for n in execution.notifications
    )


def _words(execution: PlanExecution) -> list[tuple[str, bool]]:
    """Return everything that was said of the elements, by name, and whether it leaves a release as it was."""
    words = [(linked.inspection, linked.outcome is Outcome.PASS) for linked in execution.inspections]
    words += [(linked.check, linked.good) for linked in execution.checks]
    return words + [(f"{n.ncr} {n.answer}", n.answer is NcrAnswer.WITHDRAWN) for n in execution.ncrs]


def _last_word(said: Sequence[tuple[datetime, bool]]) -> bool:
    """Return the last word; of two at the same moment the one against counts, and silence is against."""
    return bool(said) and max(said, key=lambda word: (word[0], not word[1]))[1]
