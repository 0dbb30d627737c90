"""What the settings say of the world outside: who is told, and where the trail's heads are kept."""

from hashlib import sha256
from typing import TYPE_CHECKING

from twin.errors import Invalid

if TYPE_CHECKING:
    from api.settings import Settings
    from twin.jobs.notify import Deliver
    from twin.operations.mailing import Mailing
    from twin.operations.upkeep import Ledger
    from twin.store.outbox import Message


def deliver_of(settings: "Settings") -> "Deliver | None":
    """Return what sends a message to the server's channels and webhook; None when there are none.

    Raises
    ------
    Invalid
        If one of the addresses makes no sense.
    """
    from api.services import utc_now
    from twin.jobs.letters import Reader, tell_reader
    from twin.jobs.notify import Apprise, Webhook, by_all

    def text(message: "Message") -> tuple[str, str]:
        told = tell_reader(
            message.topic, message.payload, Reader(settings.language), project=message.project,
            at=message.created_at, base_url=settings.base_url,
        )  # fmt: skip
        return told.subject, told.body

    ways: dict[str, Deliver] = {}
    if settings.webhook_url:
        hook = Webhook(settings.webhook_url, settings.webhook_secret, utc_now, settings.webhook_private)
        ways[_name("webhook", settings.webhook_url)] = hook.deliver
    for i, url in enumerate(settings.notify_urls.split(), start=1):
        ways[_name("channel", url)] = Apprise((url,), text, first=i).deliver
    return by_all(ways) if ways else None


def mailing_of(settings: "Settings") -> "Mailing | None":
    """Return how letters to people leave; None when no mail server is named: then notices are in the inbox alone."""
    from twin.jobs.mail import open_mail
    from twin.operations.mailing import Mailing

    if not settings.mail_url:
        return None
    return Mailing(open_mail(settings.mail_url), settings.base_url, settings.language)


def require_outside(settings: "Settings") -> None:
    """Raise :class:`Invalid` for settings that a worker could not begin with: better now than again and again there."""
    deliver_of(settings)
    mailing_of(settings)
    ledger_of(settings)


def ledger_of(settings: "Settings") -> "Ledger | None":
    """Return where the trail's heads are kept and what signs them; None when nothing is said about it."""
    from twin.operations.anchors import read_signer
    from twin.operations.upkeep import Ledger

    file, key = settings.audit_anchors, settings.audit_key
    if file is None and key is None:
        return None
    if file is None or key is None:
        raise Invalid("anchoring needs both QTEMS_AUDIT_ANCHORS and QTEMS_AUDIT_KEY")
    return Ledger(file, read_signer(key))


def _name(kind: str, url: str) -> str:
    """Return how it is kept that a message arrived by an address, which holds passwords."""
    return f"{kind}-{sha256(url.encode()).hexdigest()[:16]}"
