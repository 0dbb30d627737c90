"""Nonconformance records: one address for each thing that can be done with one."""

from collections.abc import Callable
from typing import cast

from fastapi import Request, Response

from api.deps import (
    CallerDep,
    ContextDep,
    MemberDep,
    NewIdDep,
    NowDep,
    PagerDep,
    ProjectId,
    RowsDep,
    ServicesDep,
    StoreDep,
)
from api.download import STATUSES
from api.etag import Expected, tag
from api.held import Held, NcrHeld
from api.paging import Filtered, Listed
from api.records import (
    PDF,
    DigestPath,
    FormatQuery,
    LanguageQuery,
    evidence_file,
    exported,
    history_of,
    printed,
    wants_pdf,
)
from api.routing import Routes
from api.schemas import ncr as wire
from api.schemas.ncr import NcrLine, NcrOut, NcrQuery, NewNcr, ncr_line, ncr_out
from api.schemas.record import EvidenceIn, ExportOut, Happening, Reason, Signing, manifestation
from twin import ncr as verbs
from twin.access import Action
from twin.errors import Invalid
from twin.ncr import NonConformance
from twin.ncr_parts import CustomerNotice
from twin.operations import ncr_steps
from twin.operations.capa_links import decide_on_capa
from twin.operations.known_elements import require_known
from twin.operations.ncr_rechecks import recheck_by_check, recheck_by_inspection
from twin.operations.ncrs import close_ncr, open_ncr, prove_line, raise_ncr, sign_ncr
from twin.operations.repeats import note_finding
from twin.store.records import NCR
from twin.store.view import Stored

routes = Routes("ncrs")
ALL = "/projects/{project}/ncrs"
ONE = ALL + "/{ncr}"


@routes.get(ALL, Action.NCR_READ, "List nonconformance records")
def list_ncrs(
    query: Filtered[NcrQuery], store: StoreDep, rows: RowsDep, pager: PagerDep, now: NowDep, member: MemberDep
) -> Listed[NcrLine]:
    """Return the nonconformance records of a project, drafts among them."""
    with store.read() as view:
        return pager.records(
            view, NCR, query, rows, lambda stored: ncr_line(stored, now, member), where=query.columns(now)
        )


@routes.post(ALL, Action.NCR_RAISE, "Raise a nonconformance", status=201)
def create_ncr(
    project: ProjectId, given: NewNcr, context: ContextDep, services: ServicesDep, response: Response,
    member: MemberDep,
) -> NcrOut:  # fmt: skip
    """Keep a draft; a check's finding becomes one by confirming it."""
    about = (*given.global_ids, *(one.global_id for one in given.violations if one.global_id))
    require_known(services.store, services.blobs, project, about)
    values = {name: getattr(given, name) for name in type(given).model_fields if name != "evidence"}
    evidence = tuple(one.value() for one in given.evidence)
    stored = raise_ncr(services.store, context, project, evidence=evidence, **values)
    tag(response, stored.version)
    return ncr_out(stored, context.now, member)


@routes.get(ONE, Action.NCR_READ, "Read a nonconformance record")
def read_ncr(ncr: NcrHeld) -> NcrOut:
    """Return a record with what can be done with it, and what each of these still lacks."""
    return _shown(ncr, ncr.stored)


@routes.get(ONE + "/history", Action.NCR_READ, "Read a record's history")
def read_ncr_history(ncr: NcrHeld) -> Listed[Happening]:
    """Return every change of the record, oldest first, as the audit trail has it."""
    return history_of(ncr)


@routes.get(ONE + "/export", Action.EXPORT_READ, "Export a nonconformance record", also_as=PDF)
def export_ncr(
    ncr: NcrHeld, request: Request, caller: CallerDep, form: FormatQuery = None, language: LanguageQuery = None
) -> ExportOut:
    """Return all of the record with its trail and its signatures in words (21 CFR 11.10 b, 11.50).

    As PDF (`Accept: application/pdf` or `?format=pdf`) to read and print: with evidence, decisions and re-inspection.
    """
    if wants_pdf(request, form):
        return cast("ExportOut", printed(ncr, language or caller.user.language))
    record = ncr.record
    past = [manifestation(s, "disposition", holds=False) for cycle in record.history for s in cycle.signatures]
    valid = verbs.valid_signatures(record)
    now = [manifestation(s, "disposition", holds=s in valid) for s in record.signatures]
    ended = [manifestation(cycle.closing, "closing", holds=False) for cycle in record.history if cycle.closing]
    if record.closing is not None:
        holds = record.closing.content_sha256 == verbs.closing_sha256(record)
        ended.append(manifestation(record.closing, "closing", holds=holds))
    return exported(ncr, [*past, *now, *ended])


@routes.get(ONE + "/files/{digest}", Action.NCR_READ, "Download evidence", answers="*/*", also=STATUSES)
def download_ncr_file(ncr: NcrHeld, digest: DigestPath, request: Request) -> Response:
    """Return a file that the record names as evidence."""
    return evidence_file(ncr, digest, request)


@routes.post(ONE + "/amend", Action.NCR_RAISE, "Amend a draft")
def amend_ncr(ncr: NcrHeld, expected: Expected, given: wire.NcrAmend) -> NcrOut:
    """Change what a draft says."""
    changes = given.changes()
    about = (*(given.global_ids or ()), *(one.global_id for one in given.violations or () if one.global_id))
    require_known(ncr.store, ncr.services.blobs, ncr.record.project, about)
    return _shown(ncr, ncr.step("amend", lambda n: verbs.amend(n, **changes), expected))


@routes.post(ONE + "/evidence", Action.ATTACHMENT_ADD, "Add evidence")
def add_ncr_evidence(ncr: NcrHeld, expected: Expected, given: EvidenceIn) -> NcrOut:
    """Add a file that was uploaded into the project; the same content is kept once."""
    return _shown(ncr, ncr.step("add_evidence", lambda n: verbs.add_evidence(n, given.value()), expected))


@routes.post(ONE + "/open", Action.NCR_RAISE, "Open a draft")
def open_draft(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Open a draft under the project's next number; the clock to contain it runs."""
    return _shown(ncr, open_ncr(ncr.store, ncr.context, ncr.id, expected=expected, scope=ncr.scope))


@routes.post(ONE + "/assign", Action.NCR_RAISE, "Assign a record")
def assign_ncr(ncr: NcrHeld, expected: Expected, given: wire.Assignment) -> NcrOut:
    """Say who has to see to it next, and until when."""
    stored = ncr_steps.assign_ncr(
        ncr.store, ncr.context, ncr.id, assignee=given.assignee, due=given.due, expected=expected, scope=ncr.scope
    )
    return _shown(ncr, stored)


@routes.post(ONE + "/reclassify", Action.NCR_REVIEW, "Reclassify a record")
def reclassify_ncr(ncr: NcrHeld, expected: Expected, given: wire.Reclassify) -> NcrOut:
    """Say anew how severe it is and whom it concerns."""
    values = given.model_dump()
    step = ncr.step(
        "reclassify", lambda n: verbs.reclassify(n, actor=ncr.actor, now=ncr.now, **values), expected,
        reason=given.reason,
    )  # fmt: skip
    return _shown(ncr, step)


@routes.post(ONE + "/containment", Action.NCR_CONTAIN, "Record a containment")
def record_ncr_containment(ncr: NcrHeld, expected: Expected, given: wire.ContainmentIn) -> NcrOut:
    """Record how unintended use is prevented, and what else was found to be affected."""
    held = given.value(ncr.actor, ncr.now)
    return _shown(ncr, ncr.step("record_containment", lambda n: verbs.record_containment(n, held), expected))


@routes.post(ONE + "/contain", Action.NCR_CONTAIN, "Report it as contained")
def contain_ncr(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Go on to the assembly of the review board."""
    return _shown(ncr, ncr.act("contain", verbs.contain, expected))


@routes.post(ONE + "/board", Action.NCR_REVIEW, "Name the review board")
def seat_ncr_board(ncr: NcrHeld, expected: Expected, given: wire.Board) -> NcrOut:
    """Name the review board: members of the project in capacities that they have; not who raised the record."""
    seats = [seat.value() for seat in given.members]
    stored = ncr_steps.seat_board(ncr.store, ncr.context, ncr.id, seats, expected=expected, scope=ncr.scope)
    return _shown(ncr, stored)


@routes.post(ONE + "/review", Action.NCR_REVIEW, "Begin the review")
def review_ncr(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Put it before the review board."""
    return _shown(ncr, ncr.act("review", verbs.review, expected))


@routes.post(ONE + "/propose", Action.NCR_REVIEW, "Propose a disposition")
def propose_disposition(ncr: NcrHeld, expected: Expected, given: wire.Proposal, new_id: NewIdDep) -> NcrOut:
    """Propose what is decided; whatever was signed before has to be signed again."""
    lines = tuple(line.value(new_id()) for line in given.lines)
    return _shown(ncr, ncr.step("propose", lambda n: verbs.propose(n, lines), expected))


@routes.post(ONE + "/sign", Action.NCR_SIGN, "Sign the disposition", secret=True)
def sign_disposition(ncr: NcrHeld, expected: Expected, given: Signing) -> NcrOut:
    """Sign what is proposed, in the capacity of one's seat on the board, with one's password."""
    ncr.confirm(given.password)
    stored = sign_ncr(ncr.store, ncr.context, ncr.id, member=ncr.member, expected=expected, scope=ncr.scope)
    return _shown(ncr, stored)


@routes.post(ONE + "/dispose", Action.NCR_REVIEW, "Put the disposition into force")
def dispose_ncr(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Put what was signed into force."""
    return _shown(ncr, ncr.act("dispose", verbs.dispose, expected))


@routes.post(ONE + "/correct", Action.NCR_CORRECT, "Begin the work")
def correct_ncr(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Begin the work that was decided."""
    return _shown(ncr, ncr.act("correct", verbs.correct, expected))


@routes.post(ONE + "/verify", Action.NCR_CORRECT, "Begin the verification")
def verify_ncr(ncr: NcrHeld, expected: Expected) -> NcrOut:
    """Go on to proving what was decided where no work is done."""
    return _shown(ncr, ncr.act("verify", verbs.verify, expected))


@routes.post(ONE + "/reinspect", Action.NCR_CORRECT, "Report the work as finished")
def reinspect_ncr(ncr: NcrHeld, expected: Expected, given: wire.Finished) -> NcrOut:
    """Report the work as finished; a scan or an inspection taken from then on re-inspects it."""
    done = given.finished_at
    step = ncr.step("reinspect", lambda n: verbs.reinspect(n, finished_at=done, actor=ncr.actor, now=ncr.now), expected)
    return _shown(ncr, step)


@routes.post(ONE + "/rechecks", Action.INSPECTION_PERFORM, "Record a re-inspection")
def recheck_ncr(ncr: NcrHeld, expected: Expected, given: wire.RecheckIn) -> NcrOut:
    """Let a check or a signed inspection re-inspect the record; one that fails sends it back to review.

    It counts for the requirements that it judged itself, by the limits that were violated.
    """
    if given.check_run and not given.inspection:
        if given.same_as:
            raise Invalid("same_as is about the questions of an inspection: name the inspection")
        stored = recheck_by_check(ncr.store, ncr.context, ncr.id, given.check_run, expected=expected, scope=ncr.scope)
    elif given.inspection and not given.check_run:
        stored = recheck_by_inspection(
            ncr.store, ncr.context, ncr.id, given.inspection, criteria=given.criteria,
            equivalences=tuple(one.value() for one in given.same_as), reason=given.reason, expected=expected,
            scope=ncr.scope,
        )  # fmt: skip
    else:
        raise Invalid("name the check or the inspection that re-inspected it, one of the two")
    return _shown(ncr, stored)


@routes.post(ONE + "/proofs", Action.INSPECTION_PERFORM, "Record a proof")
def prove_ncr_line(ncr: NcrHeld, expected: Expected, given: wire.ProofIn, new_id: NewIdDep) -> NcrOut:
    """Record that a line was carried out; a proof that fails sends the record back to review."""
    proof = given.value(ncr.actor, ncr.now, [new_id() for _ in given.lots])
    return _shown(ncr, prove_line(ncr.store, ncr.context, ncr.id, proof, expected=expected, scope=ncr.scope))


@routes.post(ONE + "/capa-decision", Action.NCR_CLOSE, "Decide on a CAPA")
def decide_ncr_capa(ncr: NcrHeld, expected: Expected, given: wire.CapaDecisionIn) -> NcrOut:
    """Decide whether the cause has to be eliminated; the CAPAs that are named answer this record from then on."""
    stored = decide_on_capa(
        ncr.store, ncr.context, ncr.id, needed=given.needed, reason=given.reason, capas=given.capas,
        expected=expected, scope=ncr.scope,
    )  # fmt: skip
    return _shown(ncr, stored)


@routes.post(ONE + "/cost", Action.NCR_CLOSE, "Record the cost")
def capture_ncr_cost(ncr: NcrHeld, expected: Expected, given: wire.CostIn) -> NcrOut:
    """Record what it cost in this cycle."""
    return _shown(ncr, ncr.step("capture_cost", lambda n: verbs.capture_cost(n, given.value()), expected))


@routes.post(ONE + "/customer-notice", Action.NCR_CLOSE, "Record that the customer was informed")
def inform_ncr_customer(ncr: NcrHeld, expected: Expected, given: wire.NoticeIn) -> NcrOut:
    """Record by which letter or message the customer was informed."""
    notice = CustomerNotice(given.reference, ncr.actor, ncr.now)
    return _shown(ncr, ncr.step("inform_customer", lambda n: verbs.inform_customer(n, notice), expected))


@routes.post(ONE + "/occurrences", Action.FINDING_TRIAGE, "Note a finding in a record")
def note_ncr_finding(ncr: NcrHeld, expected: Expected, given: wire.NotedFinding) -> NcrOut:
    """Note a finding in a record that knows its defect, instead of making another record of it.

    Where the defect has changed since the disposition, who reviews says with a reason why that still answers it.
    """
    stored = note_finding(
        ncr.store, ncr.context, ncr.id, given.id, reason=given.reason, member=ncr.member, expected=expected,
        scope=ncr.scope,
    )  # fmt: skip
    return _shown(ncr, stored)


@routes.post(ONE + "/close", Action.NCR_CLOSE, "Sign that it is closed", secret=True)
def close_record(ncr: NcrHeld, expected: Expected, given: Signing) -> NcrOut:
    """Close it by signature: everything decided is done and proven, and what was corrected passed its re-inspection.

    Not by who corrected; a major or critical one not by who raised it either.
    """
    ncr.confirm(given.password)
    stored = close_ncr(ncr.store, ncr.context, ncr.id, member=ncr.member, expected=expected, scope=ncr.scope)
    return _shown(ncr, stored)


@routes.post(ONE + "/reconsider", Action.NCR_REVIEW, "Reconsider the disposition")
def reconsider_ncr(ncr: NcrHeld, expected: Expected, given: Reason) -> NcrOut:
    """Put a disposition before the board again."""
    return _for_a_reason(ncr, "reconsider", verbs.reconsider, expected, given)


@routes.post(ONE + "/reject", Action.NCR_VOID, "Reject a record")
def reject_ncr(ncr: NcrHeld, expected: Expected, given: Reason) -> NcrOut:
    """Find that it is no nonconformance; who raised it does not decide that alone."""
    return _for_a_reason(ncr, "reject", verbs.reject, expected, given)


@routes.post(ONE + "/void", Action.NCR_VOID, "Void a record")
def void_ncr(ncr: NcrHeld, expected: Expected, given: Reason) -> NcrOut:
    """Void what was raised by mistake; its number is not given again."""
    return _for_a_reason(ncr, "void", verbs.void, expected, given)


@routes.post(ONE + "/reopen", Action.NCR_CLOSE, "Reopen a record")
def reopen_ncr(ncr: NcrHeld, expected: Expected, given: Reason) -> NcrOut:
    """Open a closed record again under its number; what was decided and proven is kept as a past cycle."""
    return _for_a_reason(ncr, "reopen", verbs.reopen, expected, given)


def _shown(ncr: Held[NonConformance], stored: Stored[NonConformance]) -> NcrOut:
    return ncr_out(ncr.tagged(stored), ncr.now, ncr.member)


def _for_a_reason(
    ncr: Held[NonConformance], action: str, verb: Callable[..., NonConformance], expected: int, given: Reason
) -> NcrOut:
    why, by, now = given.reason, ncr.actor, ncr.now
    return _shown(ncr, ncr.step(action, lambda n: verb(n, reason=why, actor=by, now=now), expected, reason=why))
