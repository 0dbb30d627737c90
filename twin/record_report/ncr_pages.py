"""A nonconformance record as pages: requirement, value, evidence, decisions, signatures, re-inspection, trail."""

from collections.abc import Iterable

from twin.disposition import DispositionLine, Proof
from twin.finding import Failure
from twin.ncr_parts import Containment, Cycle, Recheck, Requirement, Violation
from twin.ncr_record import NonConformance, State, closing_sha256, valid_signatures
from twin.record_report.page import (
    Around,
    Block,
    Cell,
    Pages,
    Section,
    at,
    day,
    facts,
    heading,
    note,
    number,
    table,
    text,
    tidy,
    wide,
)
from twin.record_report.page import measured as as_read
from twin.record_report.shared import (
    Signed,
    evidence_section,
    integrity_section,
    listed,
    signature_section,
    trail_section,
)

_TONES = {State.CLOSED: "good", State.DRAFT: "quiet", State.VOID: "quiet", State.REJECTED: "quiet"}
_VERDICTS = {"pass": "good", "fail": "bad", "indeterminate": "wait", "not_measured": "quiet"}
_MOST_ELEMENTS = 40


def ncr_pages(ncr: NonConformance, around: Around) -> Pages:
    """Return a nonconformance record as pages."""
    say = around.say
    evidence, files = evidence_section(ncr, around)
    sections = [
        Section(say("summary"), _summary(ncr, around)),
        Section(say("requirement"), _requirements(ncr.violations, around)),
        evidence,
        Section(say("containment"), _containment(ncr.containment, around)),
        Section(say("disposition"), _disposition(ncr, around)),
        signature_section(_signatures(ncr), around),
        Section(say("correction"), _correction(ncr, around)),
        Section(say("conclusion"), _conclusion(ncr, around)),
    ]
    if ncr.occurrences:
        sections.append(Section(say("occurrences"), (_occurrences(ncr, around),)))
    if ncr.history:
        sections.append(Section(say("history"), tuple(_rounds(ncr, around))))
    sections += [Section(say("steps"), (_steps(ncr, around),)), trail_section(around), integrity_section(around)]
    state = say.term("state", ncr.state.value)
    shown = tidy(ncr.number) or state
    return Pages(
        say("ncr_report"), shown, tidy(ncr.title), state, _TONES.get(ncr.state, "wait"), tuple(sections), files
    )


def _summary(ncr: NonConformance, around: Around) -> tuple[Block, ...]:
    say = around.say
    rows = [
        (say("number"), ncr.number),
        (say("severity"), say.term("severity", ncr.severity.value)),
        (say("quantity"), f"{number(ncr.quantity)} {ncr.unit}"),
        (say("lot"), ncr.lot),
        (say("raised_by"), ncr.originator.name),
        (say("raised_at"), at(ncr.raised_at)),
        (say("detector"), ncr.detector.name if ncr.detector else ""),
        (say("origin"), around.names.get(ncr.origin.check_run, ncr.origin.check_run[:12]) if ncr.origin else ""),
        (say("assignee"), around.name(ncr.assignee)),
        (say("due"), day(ncr.due)),
        (say("contained_until"), at(ncr.containment_due) if ncr.containment_due else ""),
        (say("contract_affected"), say("yes" if ncr.contract_affected else "no")),
        (say("customer"), say("yes" if ncr.customer_to_be_informed else "no")),
    ]
    blocks = [facts(rows)]
    if ncr.global_ids:
        blocks.append(wide([(say("elements"), _elements(ncr.global_ids, around))]))
    if ncr.description.strip():
        blocks += [heading(say("description")), text(ncr.description)]
    return tuple(blocks)


def _requirements(violations: Iterable[Violation], around: Around) -> tuple[Block, ...]:
    say = around.say
    rows = [_violation(violation, around) for violation in violations]
    if not rows:
        return (note(say("not_said")),)
    head = (say("element"), say("characteristic"), say("clause"), say("limits"), say("measured"))
    factors = dict.fromkeys(number(v.measured.coverage_factor) for v in violations if v.measured)
    notes = [note(say("coverage", k=listed(factors, around)))] if factors else []
    return (table(head, rows, (1.5, 1.2, 1.8, 1, 1.2), right=(3, 4)), *notes)


def _violation(violation: Violation, around: Around) -> list[Cell]:
    required, measured = violation.requirement, violation.measured
    value: Cell = {"tone": "bad", "text": around.say("missing_value")}
    if measured is not None:
        shown = f"{as_read(measured.value)} ± {as_read(measured.expanded_uncertainty)} {required.unit}"
        value = {"tone": "bad", "text": tidy(shown)}
    return [
        around.element(violation.global_id) if violation.global_id else "–",
        tidy(around.words.about(required.characteristic, violation.part, violation.direction)),
        around.words.source(required.clause),
        limits(required), value,
    ]  # fmt: skip


def limits(required: Requirement) -> str:
    """Return limits as people write them."""
    lower, upper = required.lower, required.upper
    if lower is not None and upper is not None and lower == -upper:
        return f"±{number(upper)} {required.unit}"
    if lower is not None and upper is not None:
        return f"{number(lower)} … {number(upper)} {required.unit}"
    if upper is not None:
        return f"≤ {number(upper)} {required.unit}"
    return f"≥ {number(lower)} {required.unit}" if lower is not None else "–"


def _containment(held: Containment | None, around: Around) -> tuple[Block, ...]:
    say = around.say
    if held is None:
        return (note(say("not_yet")),)
    rows = [
        (say("how"), say.term("containment", held.kind.value)),
        (say("place"), held.place),
        (say("tag"), held.tag),
        (say("affected_query"), held.affected_query),
        (say("affected"), _elements(held.affected, around) or say("none")),
        (say("by"), held.by.name),
        (say("at"), at(held.at)),
    ]
    return (wide(rows),)


def _disposition(ncr: NonConformance, around: Around) -> tuple[Block, ...]:
    say = around.say
    blocks: list[Block] = []
    if ncr.roster:
        seats: list[list[Cell]] = [[m.name, say.term("capacity", m.capacity.value)] for m in ncr.roster]
        blocks += [heading(say("board")), table((say("name"), say("capacity")), seats, (1, 1))]
    if not ncr.lines:
        return (*blocks, note(say("not_yet")))
    for line in ncr.lines:
        blocks += _line(line, ncr.unit, around)
    return tuple(blocks)


def _line(line: DispositionLine, unit: str, around: Around) -> list[Block]:
    say, granted = around.say, line.concession
    allowed = ""
    if granted is not None:
        allowed = say("concession_text", quantity=number(granted.quantity), unit=unit, until=at(granted.expires_at)) + (
            f" · {granted.reference}" if granted.reference else ""
        )
    rows = [
        (say("elements"), _elements(line.global_ids, around)),
        (say("justification"), line.justification),
        (say("instruction"), line.instruction),
        (say("repair_criteria"), line.repair_criteria),
        (say("concession"), allowed),
        (say("customer_waiver"), line.customer_waiver),
        (say("new_identity"), line.new_identity),
        (say("scar"), line.scar),
    ]
    title = f"{say.term('decision', line.decision.value)}{say('colon')}{number(line.quantity)} {tidy(unit)}"
    return [heading(title), wide(rows)]


def _signatures(ncr: NonConformance) -> list[Signed]:
    valid = valid_signatures(ncr)
    past = [Signed(s, "disposition", holds=False) for cycle in ncr.history for s in cycle.signatures]
    past += [Signed(cycle.closing, "closing", holds=False) for cycle in ncr.history if cycle.closing]
    now = [Signed(s, "disposition", holds=s in valid) for s in ncr.signatures]
    if ncr.closing is not None:
        now.append(Signed(ncr.closing, "closing", holds=ncr.closing.content_sha256 == closing_sha256(ncr)))
    return [*past, *now]


def _correction(ncr: NonConformance, around: Around) -> tuple[Block, ...]:
    say = around.say
    blocks = [facts([(say("corrected_at"), at(ncr.corrected_at))])] if ncr.corrected_at else []
    blocks += _rechecks(ncr.rechecks, ncr.lines, around)
    if ncr.proofs:
        blocks += [heading(say("proofs")), _proofs(ncr.proofs, ncr.lines, around)]
    return tuple(blocks) or (note(say("not_yet")),)


def _rechecks(rechecks: Iterable[Recheck], lines: Iterable[DispositionLine], around: Around) -> list[Block]:
    say = around.say
    named = {line.id: say.term("decision", line.decision.value) for line in lines}
    rows: list[list[Cell]] = [
        [
            f"{say.term('source', recheck.source.value)} {around.names.get(recheck.id, recheck.id[:12])}",
            at(recheck.captured_at),
            say.term("criteria", recheck.criteria.value),
            named.get(outcome.about) or around.element(outcome.about),
            {"tone": _VERDICTS[outcome.verdict.value], "text": around.words.term("verdict", outcome.verdict)},
            recheck.by.name,
        ]
        for recheck in rechecks
        for outcome in recheck.outcomes
    ]  # fmt: skip
    head = (say("recheck"), say("captured_at"), say("criteria"), say("element"), say("result"), say("by"))
    return [heading(say("recheck")), table(head, rows, (1.2, 0.8, 0.8, 1.6, 0.8, 0.8), size=8)] if rows else []


def _proofs(proofs: Iterable[Proof], lines: Iterable[DispositionLine], around: Around) -> Block:
    say = around.say
    named = {line.id: say.term("decision", line.decision.value) for line in lines}
    rows: list[list[Cell]] = [
        [
            named.get(proof.line, "–"), _proof_details(proof, around),
            {"tone": _VERDICTS[proof.verdict.value], "text": around.words.term("verdict", proof.verdict)},
            proof.verified_by.name, at(proof.verified_at),
        ]
        for proof in proofs
    ]  # fmt: skip
    head = (say("decision"), say("details"), say("result"), say("verified_by"), say("at"))
    return table(head, rows, (1, 2.2, 0.8, 1, 0), size=8)


def _proof_details(proof: Proof, around: Around) -> str:
    say = around.say
    names = ("as_built_record", "new_identity", "traceability", "marking", "shipping_record", "debit_note")
    said = [f"{say(f'proof.{name}')}{say('colon')}{getattr(proof, name)}" for name in names if getattr(proof, name)]
    if proof.counted is not None:
        said.append(f"{say('proof.counted')}{say('colon')}{number(proof.counted)}")
    said += [
        f"{say('proof.lots')}{say('colon')}{number(lot.quantity)} {around.words.term('verdict', lot.verdict)}"
        for lot in proof.lots
    ]
    return "\n".join(said) or "–"


def _conclusion(ncr: NonConformance, around: Around) -> tuple[Block, ...]:
    say = around.say
    rows: list[tuple[str, str]] = []
    if ncr.capa is not None:
        rows += [
            (say("capa"), say("yes" if ncr.capa.needed else "no")),
            (say("reason"), ncr.capa.reason),
            (say("capas"), listed((around.name(capa) for capa in ncr.capa.capas), around)),
        ]
    if ncr.cost is not None:
        values = {name: number(getattr(ncr.cost, name)) for name in ("total", "labour", "material", "other")}
        rows.append((say("cost"), say("cost_text", currency=ncr.cost.currency, **values)))
    if ncr.notice is not None:
        rows.append((say("notice"), f"{ncr.notice.reference} · {ncr.notice.by.name} · {at(ncr.notice.at)}"))
    return (wide(rows),) if rows else (note(say("not_yet")),)


def _occurrences(ncr: NonConformance, around: Around) -> Block:
    say = around.say
    rows: list[list[Cell]] = [
        [
            at(seen.noted_at), around.names.get(seen.check_run) or {"mono": seen.check_run[:12]},
            say("unchanged" if seen.unchanged else "changed"),
            "\n".join(_noted(failure, around) for failure in seen.failures),
        ]
        for seen in ncr.occurrences
    ]  # fmt: skip
    return table((say("at"), say("check_run"), say("result"), say("details")), rows, (0, 0.9, 0.8, 2.4), size=8)


def _noted(failure: Failure, around: Around) -> str:
    about = around.words.about(failure.characteristic, failure.part, failure.direction)
    value = f" {number(failure.actual_mm)} mm" if failure.actual_mm is not None else ""
    return f"{around.element(failure.global_id)}{around.say('colon')}{about}{value}"


def _rounds(ncr: NonConformance, around: Around) -> Iterable[Block]:
    say = around.say
    for n, past in enumerate(ncr.history, start=1):
        yield heading(say("round", n=n, ended=say.term("ended", past.ended.value)))
        yield wide([(say("reason"), past.reason), (say("by"), past.by.name), (say("at"), at(past.at))])
        yield from _round(past, ncr.unit, around)


def _round(past: Cycle, unit: str, around: Around) -> Iterable[Block]:
    for line in past.lines:
        yield from _line(line, unit, around)
    yield from _rechecks(past.rechecks, past.lines, around)
    if past.proofs:
        yield _proofs(past.proofs, past.lines, around)


def _steps(ncr: NonConformance, around: Around) -> Block:
    say = around.say
    rows: list[list[Cell]] = [
        [at(step.at), say.term("action", step.event.value), say.term("state", step.state.value), step.by.name,
         around.reason(step.reason)]
        for step in ncr.steps
    ]  # fmt: skip
    head = (say("at"), say("step"), say("state"), say("by"), say("reason"))
    return table(head, rows, (0, 1.2, 1.1, 1, 1.8), size=8)


def _elements(global_ids: tuple[str, ...], around: Around) -> str:
    shown = listed(map(around.element, global_ids[:_MOST_ELEMENTS]), around)
    more = len(global_ids) - _MOST_ELEMENTS
    return f"{shown} … (+{more})" if more > 0 else shown
