"""Accounts, for administrators."""

from fastapi import Response

from api.deps import ContextDep, PagerDep, RecordId, RowsDep, ServicesDep, StoreDep
from api.etag import Expected, tag
from api.paging import Filtered, Listed
from api.routing import Routes
from api.schemas.account import NewUser, OneTimePasswordOut, UserOut, UserPatch, UserQuery, user_out
from twin.account import SystemAction
from twin.operations.accounts import NewAccount, OneTimePassword, UserChange, change_user, create_user, reset_password
from twin.store.accounts import USER

routes = Routes("users")


@routes.get("/users", SystemAction.ACCOUNT_MANAGE, "List accounts")
def list_users(query: Filtered[UserQuery], store: StoreDep, rows: RowsDep, pager: PagerDep) -> Listed[UserOut]:
    """Return all accounts, also of people who left: accounts are never deleted."""
    with store.read() as view:
        return pager.records(view, USER, query, rows, user_out)


@routes.post("/users", SystemAction.ACCOUNT_MANAGE, "Make an account", status=201, secret=True)
def create_account(given: NewUser, context: ContextDep, services: ServicesDep) -> OneTimePasswordOut:
    """Make an account for one person; its one-time password is shown this once.

    With `subject` the person signs in through the issuer, and there is no password before they set one.
    """
    made = create_user(
        services.store, context, services.hasher, services.secrets, login=given.login, name=given.name,
        email=given.email, administrator=given.administrator, subject=given.subject,
    )  # fmt: skip
    return _shown(made)


@routes.get("/users/{user}", SystemAction.ACCOUNT_MANAGE, "Read an account")
def read_user(user: RecordId, store: StoreDep, response: Response) -> UserOut:
    """Return an account."""
    with store.read() as view:
        stored = view.get(USER, user)
    tag(response, stored.version)
    return user_out(stored)


@routes.patch("/users/{user}", SystemAction.ACCOUNT_MANAGE, "Change an account")
def patch_user(
    user: RecordId, given: UserPatch, expected: Expected, context: ContextDep, store: StoreDep, response: Response
) -> UserOut:
    """Change name, address or rights of an account, or disable, enable, lock or unlock it.

    Whoever may not use it any more is signed out everywhere and loses their tokens.
    """
    stored = change_user(store, context, user, UserChange(**given.model_dump()), expected=expected)
    tag(response, stored.version)
    return user_out(stored)


@routes.post("/users/{user}/password", SystemAction.ACCOUNT_MANAGE, "Give a one-time password", secret=True)
def reset_user_password(user: RecordId, context: ContextDep, services: ServicesDep) -> OneTimePasswordOut:
    """Replace a password that was lost, or is known to others: signed out everywhere, tokens revoked."""
    return _shown(reset_password(services.store, context, services.hasher, services.secrets, user))


def _shown(made: OneTimePassword | NewAccount) -> OneTimePasswordOut:
    return OneTimePasswordOut(user=user_out(made.user), one_time_password=made.password)
