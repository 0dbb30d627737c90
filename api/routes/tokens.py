"""One's own tokens for programs."""

from api.auth.access import Access
from api.deps import CallerDep, ContextDep, RecordId, ServicesDep, StoreDep
from api.paging import Listed
from api.routing import Routes
from api.schemas.account import NewToken, NewTokenOut, TokenOut, token_out
from twin.operations.accounts import create_token, revoke_token
from twin.store.accounts import tokens_of

routes = Routes("tokens")


@routes.get("/auth/tokens", Access.BROWSER, "My tokens")
def list_tokens(caller: CallerDep, store: StoreDep) -> Listed[TokenOut]:
    """Return the tokens in my name, the newest first, without their secrets."""
    with store.read() as view:
        found = tokens_of(view.connection, caller.user.id)
    return Listed[TokenOut](items=[token_out(token) for token in found])


@routes.post("/auth/tokens", Access.BROWSER, "Make a token", status=201, secret=True)
def create_my_token(given: NewToken, caller: CallerDep, context: ContextDep, services: ServicesDep) -> NewTokenOut:
    """Make a token in my name; its secret is shown this once.

    It may read, or change as well, or administrate as well, and never more than I may; at most a year.
    """
    made = create_token(
        services.store, context, services.secrets, caller.user, name=given.name, scope=given.scope,
        expires_at=given.expires_at, project=given.project,
    )  # fmt: skip
    return NewTokenOut(token=token_out(made.token), secret=made.secret)


@routes.delete("/auth/tokens/{token}", Access.BROWSER, "Revoke a token", status=204)
def revoke_my_token(token: RecordId, caller: CallerDep, context: ContextDep, store: StoreDep) -> None:
    """Let one of my tokens count no more."""
    revoke_token(store, context, caller.user.id, token)
