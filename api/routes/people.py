"""Looking for people to take into a project."""

from api.deps import PagerDep, RowsDep, StoreDep
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.account import PersonOut, PersonQuery, person_out
from twin.account import SystemAction
from twin.store.accounts import USER

routes = Routes("people")


@routes.get("/people", SystemAction.DIRECTORY_READ, "Look for people")
def list_people(query: Filtered[PersonQuery], store: StoreDep, rows: RowsDep, pager: PagerDep) -> Listed[PersonOut]:
    """Return logins and names of active accounts."""
    with store.read() as view:
        return pager.records(view, USER, query, rows, person_out, where={"status": "active"})
