"""The routes, one file per noun; what is not listed here is not served."""

from api.routes import (
    attachments,
    audit,
    auth,
    bcf,
    bcf_files,
    bcf_views,
    capas,
    checks,
    comments,
    elements,
    findings,
    inspections,
    issuer,
    jobs,
    members,
    models,
    ncrs,
    organisations,
    people,
    plans,
    projects,
    scans,
    scenes,
    shares,
    subscriptions,
    system,
    tokens,
    uploads,
    users,
)
from api.routing import Declared, Routes

NOUNS: tuple[Routes, ...] = (
    system.routes,
    auth.routes,
    issuer.routes,
    tokens.routes,
    users.routes,
    people.routes,
    organisations.routes,
    projects.routes,
    members.routes,
    uploads.routes,
    models.routes,
    scans.routes,
    checks.routes,
    elements.routes,
    findings.routes,
    ncrs.routes,
    capas.routes,
    plans.routes,
    inspections.routes,
    comments.routes,
    attachments.routes,
    subscriptions.routes,
    shares.routes,
    scenes.routes,
    jobs.routes,
    bcf_files.routes,
    bcf.routes,
    bcf_views.routes,
    audit.routes,
)
"""In the order of the documentation."""


def all_declared() -> tuple[Declared, ...]:
    """Return every route."""
    return tuple(declared for noun in NOUNS for declared in noun.declared)
