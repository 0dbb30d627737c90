"""One letter to one person through a mail server, whose address is written as apprise writes it, without recipients."""

import smtplib
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from twin.errors import Invalid
from twin.jobs.notify import NotDelivered

_TIMEOUT_S = 20.0


class ServerDown(NotDelivered):
    """The mail server cannot be reached or lets nobody in: no letter leaves now, whomever it is to."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter to one person."""

    id: str
    """The same for every attempt: a mail reader shows what came twice once."""
    to_name: str
    to_address: str
    subject: str
    body: str
    language: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server that takes letters: ``mailtos://USER:PASSWORD@HOST?from=qtems@example.com``."""

    host: str
    port: int
    mode: str
    """``ssl``, ``starttls`` or ``insecure``."""
    user: str
    password: str
    from_name: str
    from_address: str
    verify: bool

    @contextmanager
    def connect(self) -> "Generator[Post]":
        """Open a connection for some letters.

        Raises
        ------
        ServerDown
            If there is nobody, or the server does not let us in.
        """
        try:
            server = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise ServerDown(f"mail server {self.host}:{self.port}: {_one_line(error)}") from error
        try:
            yield Post(self, server)
        finally:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.mode == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_S)
        try:
            if self.mode == "starttls":
                server.starttls(context=context)
            if self.user and self.password:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server


@dataclass(frozen=True, slots=True, eq=False)
class Post:
    """An open connection to a mail server."""

    server: MailServer
    connection: smtplib.SMTP

    def send(self, letter: Letter) -> None:
        """Send a letter.

        Raises
        ------
        NotDelivered
            If the server does not take this one.
        ServerDown
            If the connection is gone.
        """
        try:
            message = compose(letter, self.server.from_name, self.server.from_address)
            self.connection.send_message(message, self.server.from_address, [letter.to_address])
        except smtplib.SMTPServerDisconnected as error:
            raise ServerDown(f"mail server {self.server.host}: {_one_line(error)}") from error
        except (OSError, smtplib.SMTPException, ValueError) as error:
            if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException):
                raise ServerDown(f"mail server {self.server.host}: {_one_line(error)}") from error
            raise NotDelivered(f"not taken for {letter.to_address}: {_one_line(error)}") from error


def compose(letter: Letter, from_name: str, from_address: str) -> EmailMessage:
    """Return a letter as it travels: plain text, marked as written by a machine so that nobody's holiday answers it."""
    user, _, domain = letter.to_address.rpartition("@")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _on_one_line(letter.subject)
    message["From"] = _address(from_name, *_parts(from_address))
    message["To"] = _address(letter.to_name, user, domain)
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{_parts(from_address)[1]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.body, charset="utf-8")
    message["Content-Language"] = {"zh": "zh-CN"}.get(letter.language, letter.language)
    return message


def open_mail(url: str) -> MailServer:
    """Return the mail server of an address of apprise's.

    Raises
    ------
    Invalid
        If it is none, or names recipients: those are the people whom a message concerns. It holds a password, so it is
        not repeated.
    """
    from apprise import Apprise

    if not url.startswith(("mailto://", "mailtos://")):
        raise Invalid("QTEMS_MAIL_URL begins with mailtos:// or mailto://, as in mailtos://USER:PASSWORD@HOST?from=…")
    found: Any = Apprise.instantiate(url, suppress_exceptions=True)
    if found is None:
        raise Invalid("QTEMS_MAIL_URL is no address that apprise understands: mailtos://USER:PASSWORD@HOST?from=…")
    sender = str(found.from_addr[1])
    if found.cc or found.bcc or [address for _, address in found.targets] != [sender]:
        raise Invalid("QTEMS_MAIL_URL names recipients; leave them out: each person's letter goes to their own address")
    mode = str(getattr(found.secure_mode, "value", found.secure_mode)) if found.secure else "insecure"
    return MailServer(
        str(found.smtp_host or found.host), int(found.port or {"ssl": 465, "starttls": 587}.get(mode, 25)), mode,
        str(found.user or ""), str(found.password or ""), str(found.from_addr[0] or "qtems"), sender,
        bool(found.verify_certificate),
    )  # fmt: skip


def _parts(address: str) -> tuple[str, str]:
    user, _, domain = address.rpartition("@")
    return user, domain


def _address(name: str, user: str, domain: str) -> Address:
    return Address(display_name=_on_one_line(name), username=user, domain=domain)


def _on_one_line(text: str) -> str:
    """Return what people named without any break of line, of which Unicode has more than keyboards (U+0085, U+2028).

    A header that had one would never be sent: who names a record so would keep its letters from everybody.
    """
    return " ".join(text.split())


def _one_line(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        told = "; ".join(f"{code} {text.decode(errors='replace')}" for code, text in error.recipients.values())
    elif isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        told = f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    else:
        told = f"{type(error).__name__}: {error}"
    return " ".join(told.split())[:300]
