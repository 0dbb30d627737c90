# pyright: reportUnknownMemberType=none
"""Telling the world outside: webhooks whose body is signed, mail and chat through apprise, and the round that sends."""

import hashlib
import hmac
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import httpx2

from twin.errors import Invalid
from twin.jobs.addresses import Forbidden, checked_address
from twin.record import canonical_json, timestamp
from twin.store import outbox
from twin.store.database import Database
from twin.store.outbox import Message

_LOG = logging.getLogger("qtems.outbox")
_TIMEOUT_S = 10.0
SIGNATURE = "X-Qtems-Signature"
TOLERANCE_S = 300
"""How old a signed body may be when it is checked."""

Deliver: TypeAlias = Callable[[Message], None]
"""Delivers a message or raises; called again, later, when it raised or the process died."""


class NotDelivered(Exception):
    """A message did not arrive; the text is one line that says why."""

    def __init__(self, text: str, taken: tuple[str, ...] = ()) -> None:
        """Keep by which ways it did arrive: those are not tried again."""
        super().__init__(text)
        self.taken = taken


def send_waiting(database: Database, deliver: Deliver, clock: Callable[[], datetime], *, most: int = 1000) -> int:
    """Deliver what waits, in order per project; return how many arrived. For a worker to do every few seconds."""
    count = 0
    for _ in range(most):
        message = outbox.take(database, clock())
        if message is None:
            break
        try:
            deliver(message)
        except Exception as error:  # whatever it is, the message is tried again
            told = " ".join(f"{type(error).__name__}: {error}".split())[:500]
            taken = error.taken if isinstance(error, NotDelivered) else ()
            aside = outbox.refused(database, message, told, clock(), taken=taken)
            _LOG.warning("message %s (%s)%s: %s", message.id, message.topic, ", given up" if aside else "", told)
        else:
            outbox.sent(database, message, clock())
            count += 1
    return count


def by_all(ways: Mapping[str, Deliver]) -> Deliver:
    """Return what delivers by several ways: one that fails keeps no other from it, and repeats none that succeeded."""

    def deliver(message: Message) -> None:
        taken, errors = list[str](), list[str]()
        for name, way in ways.items():
            if name in message.taken:
                continue
            try:
                way(message)
            except Exception as error:  # whatever it is, the other ways have their turn
                errors.append(str(error) if isinstance(error, NotDelivered) else f"{type(error).__name__}: {error}")
            else:
                taken.append(name)
        if errors:
            raise NotDelivered("; ".join(errors), tuple(taken))

    return deliver


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that gets each message as a signed POST.

    The body is JSON: ``id``, ``topic``, ``project``, ``created_at``, ``payload``. The header ``X-Qtems-Signature`` is
    ``t=SECONDS,v1=HEX``: HMAC-SHA-256 with the shared secret over ``SECONDS.BODY`` (see :func:`check_signature`).
    Redirects are not followed: a body that somebody signed for goes nowhere else. The name is looked up once, the
    address is judged (:mod:`twin.jobs.addresses`) and that address is connected to, whatever the name says next; so
    there is no proxy between.
    """

    url: str
    secret: str
    clock: Callable[[], datetime]
    private: bool = False
    """Also to addresses of one's own network."""

    def __post_init__(self) -> None:
        """Refuse an address that is none and a secret that can be guessed."""
        if not self.url.startswith(("https://", "http://")):
            raise Invalid(f"a webhook's address begins with https://, not {self.url!r}")
        if len(self.secret) < 16:
            raise Invalid("a webhook's secret has 16 characters or more")

    def deliver(self, message: Message) -> None:
        """Deliver a message; :class:`NotDelivered` unless it is answered with 2xx."""
        body = canonical_json(
            {
                "id": message.id,
                "topic": message.topic,
                "project": message.project,
                "created_at": timestamp(message.created_at),
                "payload": dict(message.payload),
            }
        )
        headers = {
            "Content-Type": "application/json",
            "X-Qtems-Delivery": message.id,
            "X-Qtems-Topic": message.topic,
            SIGNATURE: sign(self.secret, body, self.clock()),
        }
        try:
            status = self._post(body, headers)
        except Forbidden as error:
            raise NotDelivered(f"{self.url} is not called: {error}") from error
        except (httpx2.HTTPError, OSError) as error:
            raise NotDelivered(f"{self.url} cannot be reached: {error}") from error
        if not 200 <= status < 300:
            raise NotDelivered(f"{self.url} answered {status}")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        asked = httpx2.URL(self.url)
        port = asked.port or (443 if asked.scheme == "https" else 80)
        address = checked_address(asked.host, port, private=self.private)
        request = httpx2.Request(
            "POST", asked.copy_with(host=address), content=body,
            headers={**headers, "Host": asked.netloc.decode("ascii")}, extensions={"sni_hostname": asked.host},
        )  # fmt: skip
        with httpx2.Client(timeout=_TIMEOUT_S, trust_env=False, follow_redirects=False) as client:
            answer = client.send(request, stream=True)
            status = answer.status_code  # what it says beyond that is not read: it might never end
            answer.close()
        return status


@dataclass(frozen=True, slots=True)
class Apprise:
    """Mail and chat by apprise's addresses: ``mailtos://…``, ``msteams://…``, ``dingtalk://…``."""

    urls: tuple[str, ...]
    text: Callable[[Message], tuple[str, str]]
    """Title and body of a message, in the words of its reader."""
    first: int = 1
    """The number of the first address, by which the error names one."""

    def __post_init__(self) -> None:
        """Refuse addresses that apprise does not know; they hold passwords, so they are not repeated."""
        from apprise import Apprise as Sender

        for i, url in enumerate(self.urls, start=self.first):
            if not Sender.instantiate(url, suppress_exceptions=True):
                raise Invalid(f"notification address {i} is none that apprise knows; see its list of services")

    def deliver(self, message: Message) -> None:
        """Deliver a message; :class:`NotDelivered` unless every address took it."""
        from apprise import Apprise as Sender
        from apprise import NotifyFormat

        sender = Sender()
        sender.add(list(self.urls))
        title, body = self.text(message)
        if not sender.notify(body=body, title=title, body_format=NotifyFormat.TEXT):
            raise NotDelivered("a notification was not taken; see the log for the address that refused it")


def sign(secret: str, body: bytes, now: datetime) -> str:
    """Return the signature of a body at a time."""
    seconds = int(now.timestamp())
    return f"t={seconds},v1={_digest(secret, seconds, body)}"


def check_signature(secret: str, body: bytes, header: str, now: datetime) -> bool:
    """Whether a body was signed with the secret in the last minutes: what a receiver does.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> header = sign("a shared secret!", b"{}", now)
    >>> check_signature("a shared secret!", b"{}", header, now)
    True
    >>> check_signature("a shared secret!", b"{ }", header, now)
    False
    """
    parts = {name: value for name, _, value in (part.partition("=") for part in header.split(","))}
    seconds = parts.get("t", "")
    if not (seconds.isascii() and seconds.isdigit()) or abs(now.timestamp() - int(seconds)) > TOLERANCE_S:
        return False
    return hmac.compare_digest(_digest(secret, int(seconds), body).encode(), parts.get("v1", "").encode())


def _digest(secret: str, seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
