"""What a check found against what is on record: noted there, raised anew, or as a person decided about it before."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from geometry.verdict import Outcome
from twin import ncr as verbs
from twin.access import Action, may
from twin.errors import NotAllowed, Refused
from twin.finding import Finding, FindingStatus, confirm, dismiss_as_before, supersede
from twin.ncr_criteria import CheckedElement, outcomes_of
from twin.ncr_parts import Occurrence, Recheck, RecheckSource
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State
from twin.ncr_repeat import (
    Repeated,
    RepeatMatch,
    is_alike,
    known_defect,
    known_finding,
    match_repeat,
    part_of,
    unchanged_since,
)
from twin.operations.counting import require_counting
from twin.operations.notices import face_of, tell
from twin.operations.steps import advance
from twin.project import CheckRun, Member
from twin.record import Id, Json
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Scope, Stored, View

_DECIDED = (State.DISPOSITIONED, State.IN_CORRECTION, State.REINSPECTION, State.VERIFICATION, State.CLOSED)
"""States in which a disposition is in force."""


@dataclass(frozen=True, slots=True, eq=False)
class _Check:
    """What is needed to keep the findings of one check."""

    unit: Unit
    captured_at: datetime
    checked: Mapping[str, CheckedElement]
    failing: frozenset[str]
    """Elements that some finding of the check names."""
    ncrs: frozenset[Id]
    kept: Mapping[Id, Stored[Finding]]
    """Findings of other checks that are open or dismissed."""
    sent_back: frozenset[Id]
    """Records that failed their re-inspection by this check: the board decides anew."""
    captures: dict[Id, datetime] = field(default_factory=dict[str, datetime])

    def captured(self, epoch: Id) -> datetime | None:
        """Return when an epoch was scanned."""
        if epoch not in self.captures:
            found = self.unit.find(records.SCAN_EPOCH, id=epoch)
            if found is None:
                return None
            self.captures[epoch] = found.record.captured_at
        return self.captures[epoch]

    def is_newer(self, epoch: Id) -> bool:
        """Say whether an epoch was scanned after this check's."""
        at = self.captured(epoch)
        return at is not None and at > self.captured_at

    def subject(self, record: Id) -> str:
        """Return a record as others name it."""
        return f"{'ncr' if record in self.ncrs else 'finding'}:{record}"


def record_findings(
    unit: Unit,
    run: CheckRun,
    findings: tuple[Finding, ...],
    checked: Mapping[str, CheckedElement],
    captured_at: datetime,
) -> RepeatMatch:
    """Keep what a check raises: what is on record is noted there, what nobody decided is seen again, the rest is new.

    A record takes up what is as it was. What has changed, and elements that it does not name, stay findings for a
    person, and who sees to the record is told. Records whose correction waits for it are re-inspected by this check
    where it judged what they violated; one that fails goes back to review, and none is closed by a machine.
    """
    require_counting(run)
    ncrs = {stored.record.id: stored for stored in unit.all(records.NCR, project=run.project)}
    kept = {stored.record.id: stored for stored in _kept(unit, run)}
    known = [known_defect(stored.record, unit.context.now) for stored in ncrs.values()]
    known += [known_finding(stored.record) for stored in kept.values()]
    match = match_repeat(findings, [k for k in known if k is not None])
    waiting = [ncr for ncr in ncrs.values() if ncr.record.state is State.REINSPECTION]
    sent_back = frozenset(ncr.record.id for ncr in waiting if _fails(unit, ncr, run, checked, captured_at))
    failing = frozenset(g for finding in findings for g in finding.defect.global_ids)
    check = _Check(unit, captured_at, checked, failing, frozenset(ncrs), kept, sent_back)
    by_id = {finding.id: finding for finding in findings}
    for new in match.new:
        _raise(check, _linked(check, by_id[new.finding], (*new.related,)), new.replaces)
    for repeated in match.repeated:
        _keep_parts(check, by_id[repeated.finding], repeated)
    return match


def note_finding(
    store: Store,
    context: Context,
    ncr: Id,
    finding: Id,
    *,
    reason: str = "",
    member: Member | None = None,
    expected: int,
    scope: Scope = EVERYTHING,
) -> Stored[NonConformance]:
    """Note a finding in a record that knows its defect; the finding is confirmed as that record.

    Parameters
    ----------
    reason
        Why what is decided still answers it. Needed where a disposition is in force and the defect has changed, or it
        is another than the record names; who reviews says so.

    Raises
    ------
    Refused
        If it is about elements that the record does not name, or says something else and nobody says why.
    """
    with store.write(context) as unit:
        old = unit.take(records.NCR, ncr, scope, expected=expected)
        found = unit.get(records.FINDING, finding, Scope(frozenset({old.record.project})))
        _require_named(old.record, found.record)
        known = known_defect(old.record, context.now)
        alike = known is not None and is_alike(found.record.defect, known)
        unchanged = alike and known is not None and unchanged_since(found.record.defect, known)
        _require_reason(old.record, reason, alike=alike, unchanged=unchanged, member=member)
        epoch = unit.find(records.SCAN_EPOCH, id=found.record.origin.scan_epoch)
        seen = _occurrence(found.record, context, unchanged=unchanged, at=epoch.record.captured_at if epoch else None)
        if reason.strip():
            seen = replace(seen, reason=reason.strip(), by=context.actor, taken_up=True)
        noted = verbs.note_recurrence(old.record, seen, now=context.now)
        confirmed = confirm(found.record, ncr=ncr, actor=context.actor, now=context.now)
        unit.save(records.FINDING, confirmed, expected=found.version, action="confirm")
        settle(unit, found.record, f"finding {finding} was noted in another record", but=ncr)
        return advance(unit, records.NCR, old, noted, action="note_recurrence", reason=reason.strip())


def settle(unit: Unit, finding: Finding, reason: str, *, but: Id = "") -> None:
    """Note in the records that saw a finding changed what a person decided about it."""
    for subject in finding.related:
        kind, _, identifier = subject.partition(":")
        if kind != "ncr" or identifier == but:
            continue
        stored = unit.get(records.NCR, identifier)
        if (stored.record.state, Event.NOTE_RECURRENCE) not in TRANSITIONS:
            continue
        context = unit.context
        decided = verbs.decide_on_change(stored.record, finding.id, reason=reason, actor=context.actor, now=context.now)
        advance(unit, records.NCR, stored, decided, action="note_recurrence", reason=reason)


def _kept(view: View, run: CheckRun) -> list[Stored[Finding]]:
    statuses = (FindingStatus.OPEN.value, FindingStatus.DISMISSED.value)
    kept = view.all(records.FINDING, project=run.project, status=statuses)
    return [stored for stored in kept if stored.record.origin.check_run != run.id]


def _keep_parts(check: _Check, finding: Finding, repeated: Repeated) -> None:
    """Keep a finding that is on record: what a record holds, what a person overruled, and what is added, apart."""
    parts = [ids for ids in (repeated.held, repeated.overruled, repeated.added) if ids]
    identifiers = iter([finding.id, *(check.unit.new_id() for _ in parts[1:])])
    open_part = repeated.added or repeated.held
    for ids in parts:
        part = replace(finding, id=next(identifiers), defect=part_of(finding.defect, ids))
        replaces = repeated.replaces if ids is open_part else ()
        if ids is repeated.held:
            _note(check, _linked(check, part, (*repeated.records, *repeated.related)), repeated, replaces)
        elif ids is repeated.overruled:
            _overrule(check, part, repeated.follows or "")
        else:
            _raise(check, _linked(check, part, (*repeated.records, *repeated.related)), replaces)
            _tell(check, part, repeated.records, added=True)


def _raise(check: _Check, finding: Finding, replaces: Iterable[Id]) -> None:
    """Keep a finding that nobody has decided; it takes the place of older ones, or a newer one knows better."""
    newer = [check.kept[r] for r in replaces if check.is_newer(check.kept[r].record.origin.scan_epoch)]
    finding = _linked(check, finding, tuple(n.record.id for n in newer))
    check.unit.add(records.FINDING, finding)
    knows_better = next((n for n in newer if set(finding.defect.global_ids) <= set(n.record.defect.global_ids)), None)
    if knows_better is not None:
        _supersede(check.unit, finding, 1, knows_better.record.id, "a later scan knows better")
        return
    _take_place(check, finding, replaces)


def _take_place(check: _Check, finding: Finding, replaces: Iterable[Id]) -> None:
    """Let a finding take the place of older ones, unless something of theirs would be lost: not seen is not gone."""
    for identifier in replaces:
        old = check.kept[identifier]
        left = set(old.record.defect.global_ids) - check.failing
        seen = all(g in check.checked and check.checked[g].verdict is Outcome.PASS for g in left)
        if seen and not check.is_newer(old.record.origin.scan_epoch):
            _supersede(check.unit, old.record, old.version, finding.id, "")


def _supersede(unit: Unit, finding: Finding, version: int, successor: Id, reason: str) -> None:
    ended = supersede(finding, successor=successor, actor=unit.context.actor, now=unit.context.now)
    unit.save(records.FINDING, ended, expected=version, action="supersede", reason=reason)


def _overrule(check: _Check, finding: Finding, follows: Id) -> None:
    """Keep a finding as a person decided about the same before: seen again, and nothing has changed."""
    unit = check.unit
    before = check.kept.get(follows)
    if before is not None and before.record.decision is not None:
        decision = before.record.decision
        why = f"unchanged since {decision.by.name} dismissed it: {decision.reason}"
    else:
        rejected = unit.get(records.NCR, follows).record
        last = next(step for step in reversed(rejected.steps) if step.event is Event.REJECT)
        why = f"unchanged since {last.by.name} rejected {rejected.number}: {last.reason}"
    finding = _linked(check, finding, (follows,))
    unit.add(records.FINDING, finding)
    ended = dismiss_as_before(finding, follows=follows, reason=why, actor=unit.context.actor, now=unit.context.now)
    unit.save(records.FINDING, ended, expected=1, action="dismiss", reason=why)


def _note(check: _Check, finding: Finding, repeated: Repeated, replaces: Iterable[Id]) -> None:
    """Note a finding in the records that know its defect; it is confirmed as the first of them if none of it changed.

    What was scanned before a record knew better changes nothing there, and a record that this very check sent back to
    review has taken it up.
    """
    unit, settled = check.unit, True
    unit.add(records.FINDING, finding)
    for ncr in repeated.records:
        stored = unit.get(records.NCR, ncr)
        changed = ncr in repeated.changed_in
        older = changed and _knows_newer(check, stored.record)
        seen = _occurrence(finding, unit.context, unchanged=not changed, at=check.captured_at)
        if older:
            seen = replace(seen, reason="a later scan is on record already", by=unit.context.actor)
        elif changed and ncr in check.sent_back:
            seen = replace(seen, reason="the record went back to review by the same check", by=unit.context.actor)
        try:
            noted = verbs.note_recurrence(stored.record, seen, now=unit.context.now)
        except Refused:  # closed, and did not accept this: the finding stays open for a person
            if not older:
                settled = False
                _tell(check, finding, (ncr,))
            continue
        advance(unit, records.NCR, stored, noted, action="note_recurrence")
        if changed and not seen.reason:
            settled = False
            _tell(check, finding, (ncr,))
    if settled and finding.verdict is Outcome.FAIL:
        confirmed = confirm(finding, ncr=repeated.records[0], actor=unit.context.actor, now=unit.context.now)
        unit.save(records.FINDING, confirmed, expected=1, action="confirm", reason="the same defect is on record")
    _take_place(check, finding, replaces)


def _knows_newer(check: _Check, ncr: NonConformance) -> bool:
    """Say whether a record was raised on, or has noted, a scan that was taken after this one."""
    later = any(seen.seen_at > check.captured_at for seen in ncr.occurrences)
    return later or (ncr.origin is not None and check.is_newer(ncr.origin.scan_epoch))


def _occurrence(finding: Finding, context: Context, *, unchanged: bool, at: datetime | None) -> Occurrence:
    origin, defect = finding.origin, finding.defect
    return Occurrence(
        finding.id, origin.check_run, origin.scan_epoch, context.now, defect.failures, unchanged, at, defect.kind,
        defect.motion,
    )  # fmt: skip


def _linked(check: _Check, finding: Finding, to: Collection[Id]) -> Finding:
    named = dict.fromkeys((*finding.related, *(check.subject(record) for record in to)))
    return replace(finding, related=tuple(named))


def _tell(check: _Check, finding: Finding, ncrs: Iterable[Id], *, added: bool = False) -> None:
    """Tell who sees to a record that a check saw its defect changed, or on more elements."""
    for ncr in ncrs:
        record = check.unit.get(records.NCR, ncr).record
        face = face_of(record)
        if face is not None:
            more: dict[str, Json] = {"finding": finding.id, "global_ids": list(finding.defect.global_ids)}
            board = tuple(seat.person for seat in record.roster)
            tell(check.unit, face, "extended" if added else "changed", more=more, also=board)


def _fails(
    unit: Unit, stored: Stored[NonConformance], run: CheckRun, checked: Mapping[str, CheckedElement], at: datetime
) -> bool:
    """Let a check re-inspect a record that waits for it, as far as it judged that; say whether it fails."""
    told = outcomes_of(stored.record, checked)
    if not told:
        return False
    actor, now = unit.context.actor, unit.context.now
    recheck = Recheck(run.id, RecheckSource.CHECK_RUN, stored.record.id, at, told, actor)
    try:
        rechecked = verbs.record_recheck(stored.record, recheck, actor=actor, now=now)
    except Refused:
        return False  # captured before the work was finished, or judged by other criteria: it says nothing
    advance(unit, records.NCR, stored, rechecked, action="record_recheck", reason=f"check {run.id}")
    return rechecked.state is State.UNDER_REVIEW


def _require_named(ncr: NonConformance, finding: Finding) -> None:
    strange = sorted(set(finding.defect.global_ids) - set(ncr.global_ids))
    if strange:
        raise Refused(
            f"{strange[0]} is no element of {ncr.number or 'the draft'}: confirm the finding as a record of its own",
            missing=("a finding about elements of the record",),
        )


def _require_reason(ncr: NonConformance, reason: str, *, alike: bool, unchanged: bool, member: Member | None) -> None:
    """Refuse to take up what the record does not know unless who reviews says why its decision answers it, too."""
    decided = ncr.state in _DECIDED
    if ncr.state is State.CLOSED and not unchanged:
        raise Refused(f"{ncr.number} is closed and did not accept this: reopen it, or confirm the finding as a record")
    if unchanged or (alike and not decided):
        return
    if not reason.strip():
        what = "the defect has changed since" if alike else "that is another defect than in"
        raise Refused(
            f"{what} {ncr.number or 'the draft'}: say why its decision answers this, or make another record of it",
            missing=("a reason why what is decided answers it",),
        )
    if member is not None and not may(member.role, Action.NCR_REVIEW):
        raise NotAllowed("your role does not let you decide on what has changed: ask who reviews the record")
