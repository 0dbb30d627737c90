"""What the settings say of the world outside: who is told, and where the trail's heads are kept."""

from typing import TYPE_CHECKING

from twin.errors import Invalid

if TYPE_CHECKING:
    from api.settings import Settings
    from twin.jobs.notify import Deliver
    from twin.operations.upkeep import Ledger
    from twin.store.outbox import Message


def deliver_of(settings: "Settings") -> "Deliver | None":
    """Return what sends a message everywhere; None when nobody is to be told, which leaves messages where they are."""
    from api.services import utc_now
    from twin.jobs.notify import Apprise, Webhook, as_text

    ways: list[Deliver] = []
    if settings.webhook_url:
        ways.append(Webhook(settings.webhook_url, settings.webhook_secret, utc_now).deliver)
    urls = tuple(settings.notify_urls.split())
    if urls:
        ways.append(Apprise(urls, as_text).deliver)
    if not ways:
        return None

    def deliver(message: "Message") -> None:
        for way in ways:
            way(message)

    return deliver


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
