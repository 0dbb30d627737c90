"""Companies and authorities that take part in projects."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, RecordId, RowsDep, StoreDep
from api.etag import tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.project import NewOrganisation, OrganisationOut, OrganisationQuery, organisation_out
from twin.account import SystemAction
from twin.operations.projects import found_organisation
from twin.store.records import ORGANISATION

routes = Routes("organisations")


@routes.get("/organisations", SystemAction.DIRECTORY_READ, "List organisations")
def list_organisations(
    query: Filtered[OrganisationQuery], store: StoreDep, rows: RowsDep, pager: PagerDep
) -> Listed[OrganisationOut]:
    """Return all organisations."""
    with store.read() as view:
        return pager.records(view, ORGANISATION, query, rows, organisation_out)


@routes.post("/organisations", SystemAction.ORGANISATION_MANAGE, "Add an organisation", status=201)
def create_organisation(
    given: NewOrganisation, context: ContextDep, store: StoreDep, response: Response
) -> OrganisationOut:
    """Add a company or authority."""
    stored = found_organisation(store, context, given.name)
    tag(response, stored.version)
    return organisation_out(stored)


@routes.get("/organisations/{organisation}", SystemAction.DIRECTORY_READ, "Read an organisation")
def read_organisation(organisation: RecordId, store: StoreDep, rows: RowsDep, response: Response) -> OrganisationOut:
    """Return an organisation."""
    with store.read() as view:
        stored = view.get(ORGANISATION, organisation, rows)
    tag(response, stored.version)
    return organisation_out(stored)
