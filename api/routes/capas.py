"""CAPAs, step by step as the eight disciplines ask; a supplier answers in those that are shared with it."""

from typing import Annotated, cast

from fastapi import Query, Request, Response

from api.deps import CallerDep, ContextDep, NowDep, PagerDep, ProjectId, RecordId, RowsDep, StoreDep
from api.download import STATUSES
from api.etag import Expected, tag
from api.held import CapaHeld, Held
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
from api.schemas import capa as wire
from api.schemas.capa import CapaLine, CapaOut, CapaQuery, NewCapa, capa_line, capa_out, recurrence_out
from api.schemas.record import ExportOut, Happening, Reason, Signing, manifestation
from twin import capa_edits as edits
from twin import capa_steps as steps
from twin.access import Action
from twin.capa import Capa
from twin.effectiveness import recurred
from twin.operations import capa_links, capas
from twin.operations.recurrences import observed, proposals
from twin.store.records import CAPA, NCR
from twin.store.view import Stored

routes = Routes("capas")
ALL = "/projects/{project}/capas"
ONE = ALL + "/{capa}"


@routes.get(ALL, Action.CAPA_READ, "List CAPAs")
def list_capas(
    query: Filtered[CapaQuery], store: StoreDep, rows: RowsDep, pager: PagerDep, now: NowDep
) -> Listed[CapaLine]:
    """Return the CAPAs of a project."""
    with store.read() as view:
        return pager.records(view, CAPA, query, rows, lambda stored: capa_line(stored, now))


@routes.post(ALL, Action.CAPA_APPROVE, "Begin a CAPA", status=201)
def create_capa(
    project: ProjectId, given: NewCapa, context: ContextDep, store: StoreDep, rows: RowsDep, response: Response
) -> CapaOut:
    """Begin a CAPA under the project's next number; the nonconformances that it answers name it from then on."""
    stored = capas.open_capa(
        store, context, project, kind=given.kind, title=given.title, risk=given.risk, owner=given.owner,
        due=given.due, sources=given.sources, scope=rows,
    )  # fmt: skip
    tag(response, stored.version)
    return capa_out(stored, context.now)


@routes.get("/projects/{project}/recurrences", Action.CAPA_APPROVE, "What recurs")
def list_recurrences(
    project: ProjectId, query: Annotated[wire.RecurrenceQuery, Query()], store: StoreDep, rows: RowsDep
) -> Listed[wire.RecurrenceOut]:
    """Return nonconformances alike that no one CAPA answers: each entry proposes one."""
    with store.read() as view:
        found = proposals(view, project, query.rule(), rows)
    return Listed[wire.RecurrenceOut](items=[recurrence_out(one) for one in found])


@routes.get(ONE, Action.CAPA_READ, "Read a CAPA")
def read_capa(capa: CapaHeld) -> CapaOut:
    """Return a CAPA with what can be done with it, and its disciplines D0 to D8."""
    return _shown(capa, capa.stored)


@routes.get(ONE + "/history", Action.CAPA_READ, "Read a CAPA's history")
def read_capa_history(capa: CapaHeld) -> Listed[Happening]:
    """Return every change of the CAPA, oldest first, as the audit trail has it."""
    return history_of(capa)


@routes.get(ONE + "/export", Action.EXPORT_READ, "Export a CAPA", also_as=PDF)
def export_capa(
    capa: CapaHeld, request: Request, caller: CallerDep, form: FormatQuery = None, language: LanguageQuery = None
) -> ExportOut:
    """Return all of the CAPA with its trail and its signatures in words (21 CFR 11.10 b, 11.50).

    As PDF (`Accept: application/pdf` or `?format=pdf`) to read and print: an 8D report with five whys and diagram.
    """
    if wants_pdf(request, form):
        return cast("ExportOut", printed(capa, language or caller.user.language))
    root, gone = capa.record.root_cause_signature, capa.record.cancellation
    holds = root is not None and root.content_sha256 == steps.analysis_digest(capa.record)
    signed = [manifestation(root, "root cause", holds=holds)] if root else []
    cancelled = [manifestation(gone.signature, "cancellation", holds=True)] if gone else []
    return exported(capa, [*signed, *cancelled])


@routes.get(ONE + "/observation", Action.CAPA_READ, "What was seen of the same")
def observe_capa(capa: CapaHeld) -> wire.Observation:
    """Return the nonconformances alike that were opened since the effect is monitored, and the lots that were seen.

    Whoever asks: all of the project's are counted, and named as far as the caller may see them.
    """
    with capa.store.read() as view:
        seen = observed(view, capa.record)
        shown = [ncr for ncr in seen.recurred if view.has(NCR, ncr, capa.scope)]
    counted = recurred(seen, capa.record.set_aside)
    return wire.Observation(
        count=len(counted), ncrs=shown, set_aside=list(capa.record.set_aside), lots=len(seen.lots),
        since=capa.record.monitored_since,
    )  # fmt: skip


@routes.get(ONE + "/files/{digest}", Action.CAPA_READ, "Download evidence", answers="*/*", also=STATUSES)
def download_capa_file(capa: CapaHeld, digest: DigestPath, request: Request) -> Response:
    """Return a file that the record names as evidence."""
    return evidence_file(capa, digest, request)


@routes.post(ONE + "/link", Action.CAPA_EDIT, "Answer one more record")
def link_capa_source(capa: CapaHeld, expected: Expected, given: wire.SourceIn) -> CapaOut:
    """Let it answer one more record; a nonconformance names it from then on."""
    return _shown(capa, capa_links.link_capa(
        capa.store, capa.context, capa.id, given.source, expected=expected, scope=capa.scope
    ))  # fmt: skip


@routes.post(ONE + "/unlink", Action.CAPA_EDIT, "Answer a record no longer")
def unlink_capa_source(capa: CapaHeld, expected: Expected, given: wire.SourceIn) -> CapaOut:
    """Let it no longer answer a record; the last one stays."""
    return _shown(capa, capa_links.unlink_capa(
        capa.store, capa.context, capa.id, given.source, expected=expected, scope=capa.scope
    ))  # fmt: skip


@routes.post(ONE + "/team", Action.CAPA_EDIT, "Name the team (D1)")
def set_capa_team(capa: CapaHeld, expected: Expected, given: wire.TeamIn) -> CapaOut:
    """Name champion, leader and members."""
    stored = capas.name_team(capa.store, capa.context, capa.id, given.team, expected=expected, scope=capa.scope)
    return _shown(capa, stored)


@routes.post(ONE + "/problem", Action.CAPA_EDIT, "Describe the problem (D0, D2)")
def describe_capa_problem(capa: CapaHeld, expected: Expected, given: wire.ProblemIn) -> CapaOut:
    """Say what the problem is, and what was done at once."""
    said = given.emergency
    step = capa.step("describe_problem", lambda c: edits.describe_problem(c, given.problem, emergency=said), expected)
    return _shown(capa, step)


@routes.post(ONE + "/containment-waiver", Action.CAPA_EDIT, "Waive the containment (D3)")
def waive_capa_containment(capa: CapaHeld, expected: Expected, given: Reason) -> CapaOut:
    """Say why nothing has to be contained."""
    why = given.reason
    return _shown(capa, capa.step("waive_containment", lambda c: edits.waive_containment(c, why), expected, reason=why))


@routes.post(ONE + "/analysis", Action.CAPA_EDIT, "Set the analysis (D4)")
def set_capa_analysis(capa: CapaHeld, expected: Expected, given: wire.AnalysisIn) -> CapaOut:
    """Set why tree, cause-and-effect diagram and cause code; who writes any of it does not sign it."""
    return _shown(capa, capas.write_analysis(
        capa.store, capa.context, capa.id, given.analysis, expected=expected, scope=capa.scope
    ))  # fmt: skip


@routes.post(ONE + "/actions", Action.CAPA_EDIT, "Plan an action (D3, D5)")
def plan_capa_action(capa: CapaHeld, expected: Expected, given: wire.NewAction) -> CapaOut:
    """Plan a containment, a corrective or a preventive action."""
    stored = capas.plan_action(
        capa.store, capa.context, capa.id, kind=given.kind, description=given.description,
        responsible=given.responsible, due=given.due, expected=expected, scope=capa.scope,
    )  # fmt: skip
    return _shown(capa, stored)


@routes.post(ONE + "/actions/{action}/drop", Action.CAPA_EDIT, "Take an action back")
def drop_capa_action(capa: CapaHeld, action: RecordId, expected: Expected) -> CapaOut:
    """Take back a planned action that was not carried out."""
    return _shown(capa, capa.step("drop_action", lambda c: edits.drop_action(c, action), expected))


@routes.post(ONE + "/actions/{action}/complete", Action.CAPA_ACT, "Report an action as done (D6)")
def complete_capa_action(capa: CapaHeld, action: RecordId, expected: Expected, given: wire.Done) -> CapaOut:
    """Record that an action was carried out, with what shows it."""
    shown, by, now = tuple(one.value() for one in given.evidence), capa.actor, capa.now
    step = capa.step("complete_action", lambda c: edits.complete_action(c, action, shown, actor=by, now=now), expected)
    return _shown(capa, step)


@routes.post(ONE + "/actions/{action}/verify", Action.CAPA_EVALUATE, "Verify an action (D6)")
def verify_capa_action(capa: CapaHeld, action: RecordId, expected: Expected, given: wire.Verified) -> CapaOut:
    """Record that somebody else found an action to work."""
    how, by, now = given.verification, capa.actor, capa.now
    return _shown(
        capa, capa.step("verify_action", lambda c: edits.verify_action(c, action, how, actor=by, now=now), expected)
    )


@routes.post(ONE + "/actions/{action}/end", Action.CAPA_ACT, "End a containment (D6)")
def end_capa_containment(capa: CapaHeld, action: RecordId, expected: Expected) -> CapaOut:
    """Take a containment away, now that the cause is gone."""
    now = capa.now
    step = capa.step("remove_containment", lambda c: edits.remove_containment(c, action, now=now), expected)
    return _shown(capa, step)


@routes.post(ONE + "/criterion", Action.CAPA_EDIT, "Fix the criterion of effectiveness (D5)")
def set_capa_criterion(capa: CapaHeld, expected: Expected, given: wire.CriterionIn) -> CapaOut:
    """Fix by what the effect will be judged and by whom; once it is carried out, the criterion stands."""
    stored = capas.fix_criterion(
        capa.store, capa.context, capa.id, given.criterion, expected=expected, scope=capa.scope
    )
    return _shown(capa, stored)


@routes.post(ONE + "/prevention", Action.CAPA_EDIT, "Record what prevents recurrence (D7)")
def add_capa_prevention(capa: CapaHeld, expected: Expected, given: wire.PreventionIn) -> CapaOut:
    """Record a change of how work is done."""
    return _shown(capa, capa.step("add_prevention", lambda c: edits.add_prevention(c, given.prevention), expected))


@routes.post(ONE + "/recognition", Action.CAPA_EDIT, "Record what was learned (D8)")
def recognise_capa(capa: CapaHeld, expected: Expected, given: wire.Recognition) -> CapaOut:
    """Record what was learned, and what the team is thanked for."""
    return _shown(capa, capa.step("recognise", lambda c: edits.recognise(c, given.recognition), expected))


@routes.post(ONE + "/investigate", Action.CAPA_EDIT, "Begin the investigation")
def investigate_capa(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Begin to look for the cause."""
    return _shown(capa, capa.act("investigate", steps.investigate, expected))


@routes.post(ONE + "/approve-root-cause", Action.CAPA_APPROVE, "Sign the root cause (D4)", secret=True)
def approve_capa_root_cause(capa: CapaHeld, expected: Expected, given: Signing) -> CapaOut:
    """Approve the verified root causes by signature as quality manager, with one's password."""
    capa.confirm(given.password)
    stored = capas.sign_root_cause(
        capa.store, capa.context, capa.id, member=capa.member, expected=expected, scope=capa.scope
    )
    return _shown(capa, stored)


@routes.post(ONE + "/plan-actions", Action.CAPA_EDIT, "Begin to plan actions")
def plan_capa_actions(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Begin to plan what removes the cause."""
    return _shown(capa, capa.act("plan_actions", steps.plan_actions, expected))


@routes.post(ONE + "/implement", Action.CAPA_EDIT, "Begin to carry out the plan")
def implement_capa(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Begin to carry out the plan; from here on the criterion stands."""
    return _shown(capa, capa.act("implement", steps.implement, expected))


@routes.post(ONE + "/verify", Action.CAPA_EDIT, "Begin the verification")
def verify_capa(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Begin to verify what was carried out."""
    return _shown(capa, capa.act("verify", steps.verify_implementation, expected))


@routes.post(ONE + "/plan-again", Action.CAPA_EDIT, "Plan again")
def plan_capa_again(capa: CapaHeld, expected: Expected, given: Reason) -> CapaOut:
    """Return to planning: what was planned does not do, or cannot be done."""
    why, by, now = given.reason, capa.actor, capa.now
    step = capa.step("plan_again", lambda c: steps.plan_again(c, why, actor=by, now=now), expected, reason=why)
    return _shown(capa, step)


@routes.post(ONE + "/monitor", Action.CAPA_EDIT, "Begin to monitor the effect")
def monitor_capa(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Begin to watch the effect: all is in place and verified, containment ended, recurrence prevented."""
    return _shown(capa, capa.act("monitor", steps.monitor, expected))


@routes.post(ONE + "/evaluate", Action.CAPA_EVALUATE, "Evaluate the effect (D8)")
def evaluate_capa(capa: CapaHeld, expected: Expected, given: wire.Evaluation) -> CapaOut:
    """Judge the effect by the criterion: effective closes it, anything less begins the investigation anew.

    What recurred and the lots are counted in the project's records.
    """
    stored = capas.evaluate_capa(
        capa.store, capa.context, capa.id, given.judgement(), expected=expected, scope=capa.scope
    )
    return _shown(capa, stored)


@routes.post(ONE + "/set-aside", Action.CAPA_APPROVE, "Set aside what is not the same again")
def set_capa_observation_aside(capa: CapaHeld, expected: Expected, given: wire.SetAsideIn) -> CapaOut:
    """Say why a nonconformance that was seen is not what this was to prevent; not by who has a part in it."""
    stored = capas.put_aside(
        capa.store, capa.context, capa.id, given.ncr, given.reason, expected=expected, scope=capa.scope
    )
    return _shown(capa, stored)


@routes.post(ONE + "/request-cancellation", Action.CAPA_ACT, "Ask to give it up")
def request_capa_cancellation(capa: CapaHeld, expected: Expected, given: Reason) -> CapaOut:
    """Ask to give it up; it goes on until somebody else signs that."""
    return _shown(capa, capas.ask_to_cancel(
        capa.store, capa.context, capa.id, given.reason, expected=expected, scope=capa.scope
    ))  # fmt: skip


@routes.post(ONE + "/withdraw-cancellation", Action.CAPA_ACT, "Take the request to give it up back")
def withdraw_capa_cancellation(capa: CapaHeld, expected: Expected) -> CapaOut:
    """Take the request back: who asked does, or who could sign it and declines."""
    return _shown(capa, capas.withdraw_request(
        capa.store, capa.context, capa.id, member=capa.member, expected=expected, scope=capa.scope
    ))  # fmt: skip


@routes.post(ONE + "/cancel", Action.CAPA_APPROVE, "Sign that it is given up", secret=True)
def cancel_capa(capa: CapaHeld, expected: Expected, given: Signing) -> CapaOut:
    """Approve by signature that it is given up, as somebody else asked (`request-cancellation`)."""
    capa.confirm(given.password)
    stored = capas.sign_cancellation(
        capa.store, capa.context, capa.id, member=capa.member, expected=expected, scope=capa.scope
    )
    return _shown(capa, stored)


def _shown(capa: Held[Capa], stored: Stored[Capa]) -> CapaOut:
    return capa_out(capa.tagged(stored), capa.now)
