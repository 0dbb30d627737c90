"""Findings: what checks raise, until a person makes a nonconformance of each or dismisses it."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, ProjectId, RecordId, RowsDep, StoreDep
from api.etag import Expected, tag
from api.paging import Filtered, Listed
from api.routing import ROOT, Routes
from api.schemas.finding import Confirmation, Dismissal, FindingOut, FindingQuery, finding_out
from twin.access import Action
from twin.finding import Finding
from twin.operations.findings import dismiss_finding
from twin.operations.ncrs import confirm_finding
from twin.store.records import FINDING
from twin.store.view import Stored

routes = Routes("findings")


@routes.get("/projects/{project}/findings", Action.FINDING_READ, "List findings")
def list_findings(
    project: ProjectId, query: Filtered[FindingQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[FindingOut]:
    """Return the findings of a project, the first one first."""
    with store.read() as view:
        return pager.records(view, FINDING, query, rows, finding_out)


@routes.get("/projects/{project}/findings/{finding}", Action.FINDING_READ, "Read a finding")
def read_finding(finding: RecordId, store: StoreDep, rows: RowsDep, response: Response) -> FindingOut:
    """Return a finding."""
    with store.read() as view:
        return _shown(view.get(FINDING, finding, rows), response)


@routes.post("/projects/{project}/findings/{finding}/dismiss", Action.FINDING_TRIAGE, "Dismiss a finding")
def post_finding_dismissal(
    finding: RecordId, given: Dismissal, expected: Expected, context: ContextDep, store: StoreDep, rows: RowsDep,
    response: Response,
) -> FindingOut:  # fmt: skip
    """Say why a finding is no nonconformance."""
    dismissed = dismiss_finding(store, context, finding, reason=given.reason, expected=expected, scope=rows)
    return _shown(dismissed, response)


@routes.post("/projects/{project}/findings/{finding}/confirm", Action.FINDING_TRIAGE, "Confirm a finding", status=201)
def post_finding_confirmation(
    project: ProjectId, finding: RecordId, given: Confirmation, expected: Expected, context: ContextDep,
    store: StoreDep, rows: RowsDep, response: Response,
) -> FindingOut:  # fmt: skip
    """Make the draft of a nonconformance record of a finding; `Location` and `decision.successor` name it."""
    ncr = confirm_finding(store, context, finding, expected=expected, title=given.title, scope=rows)
    response.headers["Location"] = f"{ROOT}/projects/{project}/ncrs/{ncr.record.id}"
    with store.read() as view:
        return _shown(view.get(FINDING, finding, rows), response)


def _shown(stored: Stored[Finding], response: Response) -> FindingOut:
    tag(response, stored.version)
    return finding_out(stored)
