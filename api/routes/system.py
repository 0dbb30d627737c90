"""Whether the server is alive and ready, and what it is."""

import logging
from importlib.metadata import version

from api.auth.access import Access
from api.deps import BlobsDep, StoreDep
from api.problem import UNAVAILABLE, ProblemError
from api.routing import Routes
from api.schemas.system import HealthOut, ReadyOut, VersionOut
from twin.store.upgrade import current_revision, newest_revision

routes = Routes("system")
_LOG = logging.getLogger("qtems.api")


@routes.get("/health", Access.PUBLIC, "Is the process alive")
def read_health() -> HealthOut:
    """Answer as long as the process can answer at all; it looks at nothing else."""
    return HealthOut()


@routes.get("/ready", Access.PUBLIC, "Can it serve requests")
def read_ready(store: StoreDep, blobs: BlobsDep) -> ReadyOut:
    """Answer 503 while the database cannot be reached or waits for an upgrade, or files cannot be kept."""
    wanted = newest_revision()
    try:
        found = current_revision(store.database)
    except Exception as error:
        _LOG.warning("the database cannot be reached", exc_info=error)
        raise ProblemError(UNAVAILABLE, "the database cannot be reached") from error
    if found != wanted:
        raise ProblemError(UNAVAILABLE, f"the database is at revision {found}, this version needs {wanted}")
    told = blobs.trouble()
    if told:
        _LOG.warning("the file store: %s", told)
        raise ProblemError(UNAVAILABLE, "the file store cannot be reached or written to")
    return ReadyOut(database=wanted)


@routes.get("/version", Access.PUBLIC, "What is running")
def read_version() -> VersionOut:
    """Return the versions of the program, of the database's schema and of this interface."""
    return VersionOut(qtems=version("qtems"), database=newest_revision(), api="v1")
