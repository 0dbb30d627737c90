"""Letters to people: one for each notice in an inbox, to an address that is theirs, unless they want none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from twin.account import User, UserStatus
from twin.errors import NotFound
from twin.jobs.letters import Reader, tell_reader
from twin.jobs.mail import Letter, MailServer, Post, ServerDown
from twin.jobs.notify import NotDelivered
from twin.operations.notices import may_see
from twin.record import Id
from twin.store import inbox, records
from twin.store.accounts import USER
from twin.store.inbox import Mail, Notice
from twin.store.repository import Context, Store
from twin.store.view import Scope, View

_LOG = logging.getLogger("qtems.mail")
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Mailing:
    """How letters leave."""

    server: MailServer
    base_url: str
    language: str
    """Of people who chose none."""


def send_letters(store: Store, mailing: Mailing | None, clock: Callable[[], datetime], *, most: int = _AT_ONCE) -> int:
    """Send the letters that are due, the oldest first; return how many left. For a worker to do every few seconds.

    A letter that is refused waits longer each time and holds back no other; a server that cannot be reached ends the
    round. Without a mail server nothing waits.
    """
    if mailing is None:
        inbox.switch_off(store.database)
        return 0
    first = _next_wanted(store, clock)
    if first is None:
        return 0
    count, waiting = 0, first
    try:
        with mailing.server.connect() as post:
            for sent in range(1, most + 1):
                count += _send(store, mailing, post, waiting, clock)
                following = _next_wanted(store, clock) if sent < most else None
                if following is None:
                    break
                waiting = following
    except ServerDown as error:
        _note_refusal(store, waiting[0], error, clock)
    return count


def my_notices(
    view: View, user: Id, scope: Scope, *, unread_only: bool = False, project: Id | None = None,
    after: tuple[int, int] | None = None, limit: int = 50,
) -> tuple[list[Notice], tuple[int, int] | None]:  # fmt: skip
    """Return what somebody was told of records that they may see, the unread first; and where the next ones begin."""
    return inbox.of_user(
        view.connection, user, scope, unread_only=unread_only, project=project, after=after, limit=limit
    )


def mark_read(store: Store, context: Context, scope: Scope, notices: tuple[Id, ...] | None) -> int:
    """Mark the actor's notices as read, None for all; return how many are still unread."""
    with store.write(context) as unit:
        inbox.mark_read(unit.connection, context.actor.id, notices, context.now)
        return inbox.unread(unit.connection, context.actor.id, scope)


def send_again(store: Store, context: Context, notice: Id) -> Notice:
    """Let a letter that did not arrive be sent anew.

    Raises
    ------
    NotFound
        If there is no such letter, or it waits or has left already.
    """
    with store.write(context) as unit:
        found = inbox.send_again(unit.connection, notice)
        if found is None:
            raise NotFound(f"there is no letter {notice} that was given up")
        unit.note("send_again", f"letter:{notice}", {"user": found.user, "topic": found.topic})
        return found


def _next_wanted(store: Store, clock: Callable[[], datetime]) -> tuple[Notice, User] | None:
    """Take the next letter that its reader wants and may read; those that are not sent are settled on the way."""
    while True:
        notice = inbox.take_letter(store.database, clock())
        if notice is None:
            return None
        with store.read() as view:
            found = view.find(USER, id=notice.user)
            reason = _not_sent(view, notice, found.record if found else None)
        if found is not None and not reason:
            return notice, found.record
        inbox.settle(store.database, notice, Mail.LEFT_OUT, now=clock(), error=reason)


def _not_sent(view: View, notice: Notice, user: User | None) -> str:
    """Return why a letter is left out; empty when it is not."""
    if user is None or user.status is UserStatus.DISABLED:
        return "the account is disabled"
    if not user.email:
        return "the account has no e-mail address"
    if not user.by_mail:
        return "they want no letters"
    kind = str(notice.payload.get("record", "")).partition(":")[0]
    if not may_see(view, notice.project, user.id, kind, notice.record):
        return "they may not see the record any more"
    return ""


def _send(
    store: Store, mailing: Mailing, post: Post, waiting: tuple[Notice, User], clock: Callable[[], datetime]
) -> int:
    notice, user = waiting
    try:
        post.send(_letter(store, mailing, notice, user, clock()))
    except ServerDown:
        raise
    except Exception as error:  # whatever it is, it is this letter's own matter and tried again
        _note_refusal(store, notice, error, clock)
        return 0
    inbox.settle(store.database, notice, Mail.SENT, now=clock())
    return 1


def _letter(store: Store, mailing: Mailing, notice: Notice, user: User, now: datetime) -> Letter:
    with store.read() as view:
        project = view.get(records.PROJECT, notice.project).record
    reader = Reader(user.language or mailing.language, user.id, user.name)
    told = tell_reader(
        notice.topic, notice.payload, reader, project=notice.project, at=notice.created_at,
        base_url=mailing.base_url, project_name=project.name,
    )  # fmt: skip
    return Letter(notice.id, user.name, user.email, told.subject, told.body, reader.language, now)


def _note_refusal(store: Store, notice: Notice, error: Exception, clock: Callable[[], datetime]) -> None:
    told = str(error) if isinstance(error, NotDelivered) else f"{type(error).__name__}: {error}"
    mail = inbox.refused(store.database, notice, " ".join(told.split())[:500], clock())
    given_up = ", given up" if mail is Mail.FAILED else ""
    _LOG.warning("letter %s (%s)%s: %s", notice.id, notice.topic, given_up, error)
