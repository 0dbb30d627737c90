"""What BCF clients change: topics by the rules of the records behind them, and what is kept beside.

A client never gets around a record's workflow: texts change while it is a draft, states by moves whose guards hold.
"""

from dataclasses import replace
from decimal import Decimal

from twin.access import Action
from twin.bcf import kept as rules
from twin.bcf.guid import guid_of, id_of
from twin.bcf.kept import KeptTopic
from twin.bcf.status import ASKED, NONCONFORMITY, OBSERVATION, RECEIVED, TYPES, WORDS, asked_for, event_to
from twin.bcf.topic import human_part
from twin.bcf.values import Topic
from twin.comment import LONGEST_TEXT
from twin.comment import Comment as Said
from twin.errors import Conflict, Invalid, NotFound, Overtaken, Refused
from twin.finding import Severity
from twin.ncr import amend, assign, void
from twin.ncr_record import TRANSITIONS, Event, NonConformance, State
from twin.operations.accounts import names_of
from twin.operations.bcf import Caller, SeenTopic, people_of, read_topic, told_as
from twin.operations.bcf_beside import attach_snapshot, change_beside
from twin.operations.steps import advance, begin
from twin.record import Actor, Id
from twin.store import records
from twin.store.repository import Context, Store, Unit
from twin.store.view import EVERYTHING, Stored


def create_topic(store: Store, context: Context, caller: Caller, given: Topic) -> SeenTopic:
    """Keep a new topic, whose guid becomes the record's identifier: a nonconformance's draft, or an observation.

    Raises
    ------
    Conflict
        If there is a topic with its guid.
    Invalid
        If it is to be a record and does not say how severe it is, or in a status other than the first.
    """
    record = id_of(given.guid)
    assert record is not None
    with store.write(context) as unit:
        if unit.find(records.NCR, id=record) is not None or unit.find(records.BCF_TOPIC, id=record) is not None:
            raise Conflict(f"there is a topic {given.guid} already; send another guid, or none")
        if given.type == NONCONFORMITY:
            _require_status(given, WORDS[State.DRAFT])
            draft = NonConformance(
                id=record, project=caller.project, title=given.title, severity=_severity(given.priority),
                quantity=Decimal(1), unit="element", originator=context.actor, raised_at=context.now,
                description=human_part(given.description), detector=context.actor,
            )  # fmt: skip
            begin(unit, records.NCR, _assigned(unit, draft, given, caller), reason="by a BCF client")
            extra = replace(rules.beside(record, caller.project), files=given.files, related=given.related)
            if given.files or given.related:
                unit.add(records.BCF_TOPIC, extra)
        else:
            if given.type not in ("", *TYPES):
                raise Invalid(f"there is no topic type {given.type[:60]!r}; choose {' or '.join(TYPES)}")
            _require_status(given, RECEIVED)
            author = people_of(unit, caller.project).get(context.actor.id, context.actor.name)
            said = replace(
                given, type=OBSERVATION, status=RECEIVED, creation_date=context.now, creation_author=author,
                server_assigned_id=given.guid,
            )  # fmt: skip
            unit.add(records.BCF_TOPIC, rules.observation(record, caller.project, said))
        return read_topic(unit, replace(caller, rows=EVERYTHING), given.guid)


def change_topic(
    store: Store, context: Context, caller: Caller, guid: str, given: Topic, *, expected: int | None = None
) -> SeenTopic:
    """Make a topic what a client wrote, as far as the record's rules allow; what is equal or left out stays.

    Raises
    ------
    Refused
        If it changes what stands in the record's present state, or asks for a state that a guard keeps it from.
    NotAllowed
        If the caller's role does not have the action that a change needs.
    Overtaken
        If the version is not the expected one any more.
    """
    with store.write(context) as unit:
        seen = read_topic(unit, caller, guid)
        if expected is not None and seen.version != expected:
            raise Overtaken("the topic was changed meanwhile; load it again and repeat the change")
        if seen.ncr is None:
            _change_observation(unit, caller, seen, given)
        else:
            _change_ncr(unit, caller, seen.ncr, seen.topic, given)
        return read_topic(unit, caller, guid)


def delete_topic(store: Store, context: Context, caller: Caller, guid: str) -> None:
    """Void a draft, or dismiss an observation; the trail keeps both. A record that has a number is never deleted."""
    reason = "deleted by a BCF client"
    with store.write(context) as unit:
        seen = read_topic(unit, caller, guid)
        if seen.ncr is None:
            stored = unit.get(records.BCF_TOPIC, seen.id, caller.rows)
            gone = rules.dismiss(stored.record, reason=reason, actor=context.actor, now=context.now)
            unit.save(records.BCF_TOPIC, gone, expected=stored.version, action="dismiss", reason=reason)
            return
        if seen.ncr.state is not State.DRAFT:
            raise Refused(f"{seen.ncr.number} is on record: it is closed, rejected or voided there, and never deleted")
        old = unit.get(records.NCR, seen.id, caller.rows)
        voided = void(old.record, reason=reason, actor=context.actor, now=context.now)
        advance(unit, records.NCR, old, voided, action="void", reason=reason)


def confirm_observation(
    store: Store, context: Context, caller: Caller, guid: str, *, severity: Severity, quantity: Decimal, unit: str
) -> SeenTopic:
    """Make an observation the draft of a nonconformance record, under the same guid; who confirms it raised it."""
    with store.write(context) as work:
        stored = _waiting(work, caller, guid)
        topic = rules.whole(stored.record)
        draft = NonConformance(
            id=stored.record.id, project=caller.project, title=topic.title, severity=severity, quantity=quantity,
            unit=unit, originator=context.actor, raised_at=context.now, description=human_part(topic.description),
            global_ids=topic.global_ids, detector=_known(work, caller, topic.creation_author),
        )  # fmt: skip
        begin(work, records.NCR, draft, reason=f"BCF topic {guid}")
        going_on = rules.confirm(stored.record, ncr=draft.id, actor=context.actor, now=context.now)
        work.save(records.BCF_TOPIC, going_on, expected=stored.version, action="confirm")
        for view in topic.viewpoints:
            attach_snapshot(work, caller, draft, view)
        return read_topic(work, replace(caller, rows=EVERYTHING), guid)


def attach_observation(store: Store, context: Context, caller: Caller, guid: str, *, ncr: Id) -> SeenTopic:
    """Let an observation go on with a record that there is: its comments and views are kept beside that."""
    with store.write(context) as work:
        stored = _waiting(work, caller, guid)
        record = work.get(records.NCR, ncr, caller.rows).record
        take_up(work, caller, record, rules.whole(stored.record))
        ended = rules.confirm(stored.record, ncr=ncr, actor=context.actor, now=context.now)
        work.save(records.BCF_TOPIC, ended, expected=stored.version, action="attach")
        return read_topic(work, caller, guid_of(ncr))


def dismiss_observation(store: Store, context: Context, caller: Caller, guid: str, *, reason: str) -> None:
    """Find an observation to be none; the reason is kept with it."""
    with store.write(context) as work:
        stored = _waiting(work, caller, guid)
        gone = rules.dismiss(stored.record, reason=reason, actor=context.actor, now=context.now)
        work.save(records.BCF_TOPIC, gone, expected=stored.version, action="dismiss", reason=reason)


def take_up(unit: Unit, caller: Caller, ncr: NonConformance, topic: Topic) -> None:
    """Keep what a topic from outside says beside a record: comments that people see there, views, documents.

    A comment keeps its own words, date and author in BCF; as a comment on the record it is said by who brought it.
    """
    seen = read_topic(unit, caller, guid_of(ncr.id))
    known = {view.guid for view in seen.topic.viewpoints}
    fresh = replace(topic, viewpoints=tuple(view for view in topic.viewpoints if view.guid not in known))
    said = {one.guid for one in seen.topic.comments}
    fresh = replace(fresh, comments=tuple(one for one in topic.comments if one.guid not in said))
    change_beside(unit, seen, caller, lambda kept: rules.merged(kept, fresh), "receive")
    for view in fresh.viewpoints:
        attach_snapshot(unit, caller, ncr, view)
    for one in fresh.comments:
        if not one.text.strip():
            continue
        record = told_as(ncr.id, one.guid)
        text = f"{one.author or 'somebody'}, {one.date:%Y-%m-%d %H:%M} UTC, by BCF:\n{one.text}"[:LONGEST_TEXT]
        subject = f"ncr:{ncr.id}"
        kept = Said(record, caller.project, subject, unit.context.actor, unit.context.now, text)
        unit.add(records.COMMENT, kept, reason="from a BCF file")


def _known(unit: Unit, caller: Caller, name: str) -> Actor | None:
    """Return who is called so in the project; None for a stranger, and then a person says who detected it."""
    found = [user for user, called in people_of(unit, caller.project).items() if called.lower() == name.lower()]
    users = names_of(unit, set(found))
    return users[found[0]].actor if found and found[0] in users else None


def _waiting(unit: Unit, caller: Caller, guid: str) -> Stored[KeptTopic]:
    record = id_of(guid)
    found = unit.find(records.BCF_TOPIC, caller.rows, id=record, project=caller.project) if record else None
    if found is None or found.record.said is None:
        raise NotFound(f"there is no observation {guid[:60]}")
    return found


def _require_status(given: Topic, first: str) -> None:
    if given.status not in ("", first):
        raise Invalid(f"a new topic of this type is {first!r}, not {given.status[:60]!r}")


def _severity(priority: str) -> Severity:
    try:
        return Severity(priority.strip().lower())
    except ValueError as error:
        known = ", ".join(severity.value for severity in Severity)
        raise Invalid(
            f"say how severe a nonconformity is: priority is one of {known}, not {priority[:40]!r}"
        ) from error


def _change_observation(unit: Unit, caller: Caller, seen: SeenTopic, given: Topic) -> None:
    caller.need(Action.NCR_RAISE)
    if given.status and given.status != RECEIVED:
        raise Refused(f"an observation is {RECEIVED!r} until somebody confirms or dismisses it here")
    if given.type not in ("", OBSERVATION):
        raise Refused("a person confirms an observation here: it becomes a nonconformity then")
    old = unit.get(records.BCF_TOPIC, seen.id, caller.rows)
    assert old.record.said is not None
    author = people_of(unit, caller.project).get(caller.user, unit.context.actor.name)
    said = replace(
        old.record.said,
        title=given.title,
        description=given.description,
        priority=given.priority,
        labels=given.labels,
        index=given.index,
        stage=given.stage,
        assigned_to=given.assigned_to,
        due_date=given.due_date,
        reference_links=given.reference_links,
        modified_date=caller.now,
        modified_author=author,
    )
    changed = replace(old.record, said=said)
    unit.save(records.BCF_TOPIC, changed, expected=old.version, action="change_topic")


def _change_ncr(unit: Unit, caller: Caller, ncr: NonConformance, shown: Topic, given: Topic) -> None:
    old = unit.get(records.NCR, ncr.id, caller.rows)
    wanted = _edited(unit, caller, old.record, shown, given)
    if wanted != old.record:
        old = advance(unit, records.NCR, old, wanted, action="amend")
    event = event_to(old.record, given.status) if given.status else None
    if event is None:
        return
    caller.need(ASKED[event])
    project = unit.get(records.PROJECT, caller.project).record

    def number() -> str:
        return f"{project.key}-NCR-{unit.number(project.id, 'ncr'):04d}"

    moved = asked_for(old.record, event, number=number, actor=unit.context.actor, now=caller.now)
    advance(unit, records.NCR, old, moved, action=event.value)


def _edited(unit: Unit, caller: Caller, ncr: NonConformance, shown: Topic, given: Topic) -> NonConformance:
    """Return the record with the texts that a client changed; what stands in its state is refused."""
    wanted = {
        "title": (given.title, shown.title),
        "description": (human_part(given.description), human_part(shown.description)),
        "priority": (given.priority, shown.priority),
    }
    changed = [name for name, (new, old) in wanted.items() if new and new != old]
    fixed = {
        "topic_type": (given.type, shown.type),
        "labels": (tuple(sorted(given.labels)), tuple(sorted(shown.labels))),
        "stage": (given.stage, shown.stage),
        "reference_links": (given.reference_links, shown.reference_links),
    }
    strange = [name for name, (new, old) in fixed.items() if new and new != old]
    if (ncr.state, Event.AMEND) not in TRANSITIONS:
        strange += changed
    if strange:
        raise Refused(f"{', '.join(strange)} of {ncr.number or 'a draft'} cannot be changed by a BCF client")
    if changed:
        caller.need(Action.NCR_RAISE)
        severity = _severity(given.priority) if given.priority else ncr.severity
        text = human_part(given.description) or ncr.description
        ncr = amend(ncr, title=given.title or ncr.title, description=text, severity=severity)
    asked = (given.assigned_to or shown.assigned_to, given.due_date or shown.due_date)
    if asked != (shown.assigned_to, shown.due_date):
        caller.need(Action.NCR_RAISE if ncr.state is State.DRAFT else Action.NCR_REVIEW)
        ncr = _assigned(unit, ncr, given, caller)
    return ncr


def _assigned(unit: Unit, ncr: NonConformance, given: Topic, caller: Caller) -> NonConformance:
    """Return the record with assignee and date that a client gave; the assignee must be one of the project's people."""
    assignee, due = ncr.assignee, ncr.due
    if given.assigned_to:
        by_name = {name.lower(): user for user, name in people_of(unit, caller.project).items()}
        assignee = by_name.get(given.assigned_to.lower())
        if assignee is None:
            raise Invalid(f"{given.assigned_to[:60]!r} takes no part in this project; see users of its extensions")
    if given.due_date:
        due = given.due_date.date()
    return ncr if (assignee, due) == (ncr.assignee, ncr.due) else assign(ncr, assignee=assignee, due=due)
